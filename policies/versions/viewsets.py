"""The staff's screens about policies and their versions: how each policy stands, and every version published.

They show, and lead to the public pages, which are the record; `policies.versions.staff_views` holds what staff do.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import django_filters
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, Table, TitleColumn
from wagtail.admin.utils import get_user_display_name
from wagtail.admin.views.generic import InspectView
from wagtail.admin.widgets import Button, HeaderButton
from wagtail.permissions import ModelPermissionPolicy

from home.viewsets import DaysFilter, GuardedIndexView, MomentColumn, ReadOnlyViewSet, ViewOnlyPolicy
from policies.models import Policy, PolicyVersion
from policies.models.versions import Status
from policies.versions import staff_views
from policies.versions.dashboard import PolicyStatus, statuses
from policies.versions.permissions import may_withdraw
from policies.versions.views import MOST_OFFERED, VERSIONS_A_PAGE


# --- Policies ------------------------------------------------------------------------------------------------
def _in_force(policy: Any) -> str:
    version = policy.status.in_force
    if version is None:
        return ""
    return _("version %(number)s since %(date)s") % version.number_and_day


def _coming(policy: Any) -> str:
    return ", ".join(
        ngettext(
            "version %(number)s in %(days)s day", "version %(number)s in %(days)s days", version.days_ahead
        )
        % {"number": version.number, "days": version.days_ahead}
        for version in policy.status.coming
    )


def _facts(policy: Any) -> str:
    if policy.status.damaged:
        return _("record damaged")
    if not (count := policy.status.differences):
        return _("as published")
    return ngettext("%(count)s difference", "%(count)s differences", count) % {"count": count}


class PolicyIndexView(GuardedIndexView):
    """The list. How the policies of one page of it stand is looked up for all of them together."""

    def get_base_queryset(self) -> QuerySet[Policy]:
        """Count the versions along."""
        return super().get_base_queryset().annotate(versions_count=Count("versions"))

    def get_table(self, object_list: Iterable[Policy]) -> Table:
        """Attach to each policy on the page how it stands."""
        listed = list(object_list)
        for status in statuses(listed, now=timezone.now()):
            status.policy.status = status  # type: ignore[attr-defined]  # the columns read it
        return super().get_table(listed)

    def get_header_buttons(self) -> list[Button]:
        """Offer the export of everything."""
        url = reverse("policy-overview:export_all")
        button = HeaderButton(_("Export all (ZIP)"), url=url, icon_name="download")
        return [button, *super().get_header_buttons()]


class PolicyInspectView(InspectView):
    """One policy: how it stands, and every version that it ever had."""

    page_title = gettext_lazy("Policy")

    @cached_property
    def status(self) -> PolicyStatus:
        return statuses([self.object], now=timezone.now())[0]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the versions, and what can be done."""
        versions = self.object.versions.select_related("policy", "withdrawal").last_to_hold_first()
        paginator = Paginator(versions.with_predecessor().with_status(timezone.now()), VERSIONS_A_PAGE)
        page = paginator.get_page(self.request.GET.get("p"))
        return {
            **super().get_context_data(**kwargs),
            "status": self.status,
            "may_edit": self.status.may_be_edited_by(self.request.user),
            "numbers": list(versions.values_list("number", "effective_at")[: MOST_OFFERED + 1]),
            "most_offered": MOST_OFFERED,
            "versions_page": page,
            "elided_page_range": paginator.get_elided_page_range(page.number),
        }

    def get_header_buttons(self) -> list[Button]:
        """Offer the export."""
        url = reverse("policy-overview:export", args=[self.object.pk])
        button = HeaderButton(_("Export (ZIP)"), url=url, icon_name="download")
        return [button, *super().get_header_buttons()]

    def get_header_more_buttons(self) -> list[Button]:
        """Lead to the page in the editor, and to what the public reads."""
        page, slug = self.status.page, self.object.slug
        links = [
            (_("Public page"), "view", reverse("policies:policy", args=[slug])),
            (_("All versions"), "list-ol", reverse("policies:versions", args=[slug])),
        ]
        if page is not None and self.status.may_be_edited_by(self.request.user):
            links.insert(0, (_("Edit the page"), "edit", reverse("wagtailadmin_pages:edit", args=[page.pk])))
        return [Button(label, url=url, icon_name=icon) for label, icon, url in links]


class PolicyViewSet(ReadOnlyViewSet):
    model = Policy
    name = "policy-overview"
    url_prefix = "policies"
    icon = "doc-full-inverse"
    menu_label = gettext_lazy("Policies")
    when_empty = (
        gettext_lazy("No policy was published yet. Open its page, write it and submit it for review."),
        gettext_lazy("Open the pages."),
        reverse_lazy("wagtailadmin_explore_root"),
    )
    index_view_class = PolicyIndexView
    inspect_view_class = PolicyInspectView
    index_template_name = "policies/admin/listing.html"
    inspect_template_name = "policies/admin/policy.html"
    inspect_view_fields = ["slug"]
    search_fields = ["title", "slug"]
    ordering = ["title", "pk"]
    list_per_page = 50
    list_display = [
        "title",
        Column("get_kind_display", label=gettext_lazy("Kind"), sort_key="kind"),
        Column("get_absolute_url", label=gettext_lazy("URL"), sort_key="slug"),
        Column("in_force", label=gettext_lazy("In force"), accessor=_in_force),
        Column("coming", label=gettext_lazy("Coming"), accessor=_coming),
        Column("draft", label=gettext_lazy("Draft"), accessor="status.draft.label"),
        Column("facts", label=gettext_lazy("Facts"), accessor=_facts),
        Column("versions_count", label=gettext_lazy("Versions"), sort_key="versions_count"),
    ]

    @property
    def permission_policy(self) -> ModelPermissionPolicy:
        """Show policies to those who may see their versions."""
        return ViewOnlyPolicy(PolicyVersion)

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add what leads on from here."""
        return [
            *super().get_urlpatterns(),
            path("export/", staff_views.export_zip, name="export_all"),
            path("<int:pk>/export/", staff_views.export_zip, name="export"),
            path("<int:pk>/draft/", staff_views.make_draft, name="draft"),
        ]


# --- Versions ------------------------------------------------------------------------------------------------
def _publisher(version: PolicyVersion) -> str:
    return get_user_display_name(version.publisher)


def _policy(version: PolicyVersion) -> str:
    return f"{version.policy.get_kind_display()}, {version.policy.get_absolute_url()}"


class VersionFilterSet(WagtailFilterSet):
    """By policy, by status, by the time of taking effect, by the kind of change."""

    policy = django_filters.ModelChoiceFilter(queryset=Policy.objects.order_by("title"))
    status = django_filters.ChoiceFilter(label=gettext_lazy("Status"), choices=Status.choices)
    effective_at = DaysFilter()

    class Meta:
        model = PolicyVersion
        fields = ["policy", "status", "effective_at", "change_kind"]


class VersionIndexView(GuardedIndexView):
    def get_base_queryset(self) -> QuerySet[PolicyVersion]:
        """Bring along what a line shows, without the long texts."""
        versions = super().get_base_queryset().select_related("policy", "publisher").defer("record")
        return versions.with_status(timezone.now())


class VersionInspectView(InspectView):
    def get_fields_context(self) -> list[dict[str, Any]]:
        """Leave out what the version does not have."""
        return [field for field in super().get_fields_context() if field["value"] != ""]

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
    when_empty = (
        gettext_lazy("No version was published yet. Each publication of a policy makes one."),
        gettext_lazy("See the policies."),
        reverse_lazy("policy-overview:index"),
    )
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
        Column("policy", label=gettext_lazy("Policy"), accessor=_policy),
        Column("status_label", label=gettext_lazy("Status")),
        MomentColumn("effective_at", label=gettext_lazy("In force from"), sort_key="effective_at"),
        MomentColumn("recorded_at", label=gettext_lazy("Recorded"), sort_key="recorded_at"),
        Column("get_change_kind_display", label=gettext_lazy("Change"), sort_key="change_kind"),
        Column("publisher", label=gettext_lazy("Published by"), accessor=_publisher),
    ]

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add what can be done with a version, which is never changed by it."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/withdraw/", staff_views.withdraw, name="withdraw"),
            path("<int:pk>/put-back/", staff_views.put_back, name="put_back"),
            path("<int:pk>/rebase/", staff_views.rebase, name="rebase"),
        ]


viewsets = (PolicyViewSet(), VersionViewSet())
