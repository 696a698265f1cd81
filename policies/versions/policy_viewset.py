"""The staff's list of policies: how each stands, all its versions, what has drifted, and the auditor's export.

It shows, hands out and leads on. The one thing it makes is a draft that states the facts as they are now.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, Table
from wagtail.admin.views.generic import InspectView
from wagtail.admin.widgets import Button, HeaderButton
from wagtail.permissions import ModelPermissionPolicy

from home.viewsets import GuardedIndexView, ReadOnlyViewSet, ViewOnlyPolicy
from policies.models import Policy, PolicyVersion
from policies.versions import drafts, export
from policies.versions.dashboard import RIGHT, PolicyStatus, statuses

VERSIONS_A_PAGE = 50


@require_safe
@permission_required(RIGHT, raise_exception=True)
def export_zip(_request: HttpRequest, pk: int | None = None) -> FileResponse:
    """Send the auditor's ZIP: of one policy, or of all."""
    published = Policy.objects.published()
    only = get_object_or_404(published, pk=pk) if pk else None
    archive = export.write([only] if only else published)
    response = FileResponse(archive, as_attachment=True, filename=export.file_name(only))
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_safe
@permission_required(RIGHT, raise_exception=True)
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead from the two numbers of the form to the public redline."""
    policy = get_object_or_404(Policy, pk=pk)
    numbers = [request.GET.get(name, "") for name in ("old", "new")]
    known = {str(number) for number in policy.versions.values_list("number", flat=True)}
    if not known.issuperset(numbers):
        messages.error(request, _("Choose two of the versions listed."))
        return redirect("policy-overview:inspect", pk)
    return redirect("policies:compare", policy.slug, *map(int, numbers))


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft with the facts as they are now, and lead to it; to the one that is there, if there is one."""
    [status] = statuses([get_object_or_404(Policy, pk=pk)], now=timezone.now())
    if status.page is None:
        messages.error(
            request, _("This policy has no page any more. Import or write a new one to replace it.")
        )
        return redirect("policy-overview:inspect", pk)
    if not status.may_be_edited_by(request.user):
        raise PermissionDenied
    if not status.drifts:
        messages.info(request, _("Every fact is as published: there is nothing to bring up to date."))
        return redirect("policy-overview:inspect", pk)
    try:
        drafts.state_new_facts(page=status.page, user=request.user, drifts=status.drifts)
    except drafts.NoDraftError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("This draft states the facts as they are now. Read it, and publish it."))
    return redirect("wagtailadmin_pages:edit", status.page.pk)


def _in_force(policy: Any) -> str:
    version = policy.status.in_force
    if version is None:
        return ""
    return _("version %(number)s since %(date)s") % {"number": version.number, "date": version.effective_day}


def _coming(policy: Any) -> str:
    return ", ".join(
        ngettext(
            "version %(number)s in %(days)s day", "version %(number)s in %(days)s days", version.days_ahead
        )
        % {"number": version.number, "days": version.days_ahead}
        for version in policy.status.coming
    )


def _facts(policy: Any) -> str:
    if policy.status.is_damaged:
        return _("record damaged")
    if not (count := len(policy.status.drifts)):
        return _("as published")
    return ngettext("%(count)s differs", "%(count)s differ", count) % {"count": count}


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
        versions = self.object.versions.select_related("policy", "withdrawal").order_by("-number")
        paginator = Paginator(versions.with_predecessor().with_status(timezone.now()), VERSIONS_A_PAGE)
        page = paginator.get_page(self.request.GET.get("p"))
        return {
            **super().get_context_data(**kwargs),
            "status": self.status,
            "may_edit": self.status.may_be_edited_by(self.request.user),
            "numbers": list(versions.values_list("number", "effective_at")),
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
    index_view_class = PolicyIndexView
    inspect_view_class = PolicyInspectView
    index_template_name = "policies/admin/policies.html"
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
        Column("draft", label=gettext_lazy("Page"), accessor="status.draft.label"),
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
            path("export/", export_zip, name="export_all"),
            path("<int:pk>/export/", export_zip, name="export"),
            path("<int:pk>/compare/", compare, name="compare"),
            path("<int:pk>/draft/", draft, name="draft"),
        ]


policy_viewset = PolicyViewSet()
