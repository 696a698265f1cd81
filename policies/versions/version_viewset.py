"""The staff's list of published versions: of which policy, since when, by whom, and where each stands now.

It shows; the buttons lead to the public pages, which are the record. One that is still to come can be withdrawn.
"""

from typing import TypeGuard

import django_filters
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.utils import get_user_display_name
from wagtail.admin.views.generic import InspectView
from wagtail.admin.widgets import Button

from home.models import User
from home.viewsets import GuardedIndexView, MomentColumn, ReadOnlyViewSet
from policies.models import Policy, PolicyVersion
from policies.models.versions import Status
from policies.versions import drafts, publishing


def may_withdraw(user: User | AnonymousUser) -> TypeGuard[User]:
    """Return whether somebody may withdraw versions: who approves policies, or publishes them without review."""
    return user.has_perm("policies.view_policyversion") and user.has_perm("policies.publish_policypage")


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a version that is still to come."""
    version = get_object_or_404(PolicyVersion, pk=pk)
    if not may_withdraw(request.user):
        raise PermissionDenied
    reason = request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, _("Say why: the reason is kept with the version."))
        return redirect("policy-versions:inspect", pk)
    try:
        publishing.withdraw(version=version, by=request.user, reason=reason)
    except publishing.NotWithdrawableError:
        words = _("This version has taken effect or was withdrawn before. Publish another one to replace it.")
        messages.error(request, words)
    else:
        messages.success(request, _("The version was withdrawn. It never takes effect."))
    return redirect("policy-versions:inspect", pk)


@require_POST
def put_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft of a version's text, and open it in the editor."""
    version = get_object_or_404(PolicyVersion.objects.select_related("policy"), pk=pk)
    try:
        draft = drafts.put_back(version=version, user=request.user)
    except drafts.NoDraftError as error:
        messages.error(request, str(error))
        return redirect("policy-versions:inspect", pk)
    words = _("The draft has the text of version %(number)s. Say what changed, then publish it or submit it.")
    messages.success(request, words % {"number": version.number})
    return redirect("wagtailadmin_pages:edit", draft.object_id)


def _publisher(version: PolicyVersion) -> str:
    return get_user_display_name(version.publisher)


class VersionFilterSet(WagtailFilterSet):
    """By policy, by status, by the time of taking effect, by the kind of change."""

    policy = django_filters.ModelChoiceFilter(queryset=Policy.objects.order_by("title"))
    status = django_filters.ChoiceFilter(label=gettext_lazy("Status"), choices=Status.choices)
    effective_at = django_filters.DateFromToRangeFilter(widget=DateRangePickerWidget)

    class Meta:
        model = PolicyVersion
        fields = ["policy", "status", "effective_at", "change_kind"]


class VersionIndexView(GuardedIndexView):
    def get_base_queryset(self) -> QuerySet[PolicyVersion]:
        """Bring along what a line shows, without the long texts."""
        versions = super().get_base_queryset().select_related("policy", "publisher").defer("record")
        return versions.with_status(timezone.now())


class VersionInspectView(InspectView):
    def offers_withdrawal(self) -> bool:
        """Return whether to offer the withdrawal."""
        pending = PolicyVersion.objects.pending(timezone.now())
        return may_withdraw(self.request.user) and pending.contains(self.object)

    def get_header_more_buttons(self) -> list[Button]:
        """Lead to what the public reads."""
        policy, version = self.object.policy, self.object
        links = [
            (_("The policy"), "doc-full-inverse", reverse("policy-overview:inspect", args=[policy.pk])),
            (_("Public page"), "doc-full", reverse("policies:version", args=[policy.slug, version.number])),
            (_("All versions"), "list-ol", reverse("policies:versions", args=[policy.slug])),
            (_("Record"), "code", reverse("policies:record", args=[policy.slug, version.number])),
        ]
        if before := PolicyVersion.objects.preceding(version).first():
            url = reverse("policies:compare", args=[policy.slug, before.number, version.number])
            links.append((_("What changed"), "resubmit", url))
        return sorted(Button(label, url=url, icon_name=icon) for label, icon, url in links)


class VersionViewSet(ReadOnlyViewSet):
    model = PolicyVersion
    name = "policy-versions"
    icon = "history"
    menu_label = gettext_lazy("Policy versions")
    index_view_class = VersionIndexView
    inspect_view_class = VersionInspectView
    inspect_template_name = "policies/admin/version.html"
    inspect_view_fields = [
        "policy",
        "number",
        "title",
        "effective_at",
        "recorded_at",
        "change_summary",
        "change_kind",
        "author_name",
        "publisher_name",
        "approver_name",
        "import_source",
        "sha256",
        "previous_sha256",
    ]
    filterset_class = VersionFilterSet
    search_fields = ["title", "change_summary", "sha256"]
    ordering = ["-recorded_at", "-number"]
    list_per_page = 50
    list_display = [
        TitleColumn("__str__", label=gettext_lazy("Version"), url_name="policy-versions:inspect"),
        Column("status_label", label=gettext_lazy("Status")),
        MomentColumn("effective_at", label=gettext_lazy("In force from"), sort_key="effective_at"),
        DateColumn("recorded_at", label=gettext_lazy("Recorded"), sort_key="recorded_at"),
        Column("get_change_kind_display", label=gettext_lazy("Change"), sort_key="change_kind"),
        Column("publisher", label=gettext_lazy("Published by"), accessor=_publisher),
    ]

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add what can be done with a version, which is never changed by it."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/withdraw/", withdraw, name="withdraw"),
            path("<int:pk>/put-back/", put_back, name="put_back"),
        ]


version_viewset = VersionViewSet()
