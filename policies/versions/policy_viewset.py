"""The staff's list of policies: how each stands, all its versions, what has drifted, and the auditor's export.

It shows, hands out and leads on. The one thing it makes is a draft that states the facts as they are now.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
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
from policies.versions import drafts, exporting, overview, timeline
from policies.versions.dashboard import RIGHT, may_edit

VERSIONS_A_PAGE = 50
DRAFT_WORDS: dict[overview.DraftState, str | Promise] = {
    overview.DraftState.NONE: "",
    overview.DraftState.DRAFT: gettext_lazy("Draft"),
    overview.DraftState.IN_REVIEW: gettext_lazy("In review"),
}


@require_safe
def export(request: HttpRequest, pk: int | None = None) -> FileResponse:
    """Hand out the auditor's ZIP: of one policy, or of all."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    policies = list(Policy.objects.published().filter(**({} if pk is None else {"pk": pk})))
    if pk is not None and not policies:
        raise Http404
    name = exporting.file_name(policies) if pk else exporting.file_name([])
    response = FileResponse(exporting.write(policies), as_attachment=True, filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_safe
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead from the two numbers of the form to the public redline."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
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
    policy = get_object_or_404(Policy, pk=pk)
    [standing] = overview.standings([policy], now=timezone.now())
    if standing.page is None:
        messages.error(
            request, _("This policy has no page any more. Import or write a new one to replace it.")
        )
        return redirect("policy-overview:inspect", pk)
    if not may_edit(request.user, standing):
        raise PermissionDenied
    if not standing.drifts:
        messages.info(request, _("Every fact is as published: there is nothing to bring up to date."))
        return redirect("policy-overview:inspect", pk)
    try:
        drafts.state_new_facts(page=standing.page, user=request.user, drifts=standing.drifts)
    except drafts.NoDraftError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("This draft states the facts as they are now. Read it, and publish it."))
    return redirect("wagtailadmin_pages:edit", standing.page.pk)


def in_force_in_words(standing: overview.Standing) -> str:
    """Write for a cell what is in force, and since when."""
    if standing.in_force is None:
        return ""
    since = date_format(timezone.localtime(standing.in_force.effective_at), "DATE_FORMAT")
    return _("version %(number)s since %(date)s") % {"number": standing.in_force.number, "date": since}


def coming_in_words(standing: overview.Standing) -> str:
    """Write for a cell what is announced."""
    return ", ".join(
        ngettext("version %(number)s in %(days)s day", "version %(number)s in %(days)s days", coming.days)
        % {"number": coming.version.number, "days": coming.days}
        for coming in standing.coming
    )


def facts_in_words(standing: overview.Standing) -> str:
    """Write for a cell whether the facts in force still hold."""
    if standing.is_damaged:
        return _("record damaged")
    count = len(standing.drifts)
    return (
        ngettext("%(count)s differs", "%(count)s differ", count) % {"count": count}
        if count
        else _("as published")
    )


class PolicyIndexView(GuardedIndexView):
    """The list. How the policies of one page of it stand is looked up for all of them together."""

    def get_base_queryset(self) -> QuerySet[Policy]:
        """Count the versions along."""
        return super().get_base_queryset().annotate(versions_count=Count("versions"))

    def get_table(self, object_list: Iterable[Policy]) -> Table:
        """Attach to each policy on the page how it stands."""
        listed = list(object_list)
        for standing in overview.standings(listed, now=timezone.now()):
            standing.policy.standing = standing  # type: ignore[attr-defined]  # the columns below read it
        return super().get_table(listed)

    def get_header_buttons(self) -> list[Button]:
        """Offer the export of everything."""
        address = reverse("policy-overview:export_all")
        button = HeaderButton(_("Export all (ZIP)"), url=address, icon_name="download")
        return [button, *super().get_header_buttons()]


class PolicyInspectView(InspectView):
    """One policy: how it stands, and every version that it ever had."""

    page_title = gettext_lazy("Policy")

    @cached_property
    def standing(self) -> overview.Standing:
        return overview.standings([self.object], now=timezone.now())[0]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the versions, and what can be done."""
        paginator = Paginator(self.object.versions.listed().with_forerunner(), VERSIONS_A_PAGE)
        page = paginator.get_page(self.request.GET.get("p"))
        entries = timeline.entries(page.object_list, now=timezone.now())
        standing = self.standing
        return {
            **super().get_context_data(**kwargs),
            "policy": self.object,
            "standing": standing,
            "may_edit": may_edit(self.request.user, standing),
            "numbers": list(self.object.versions.order_by("-number").values_list("number", "effective_at")),
            "rows": list(_with_people(entries)),
            "versions_page": page,
            "elided_page_range": paginator.get_elided_page_range(page.number),
        }

    def get_header_buttons(self) -> list[Button]:
        """Offer the export."""
        address = reverse("policy-overview:export", args=[self.object.pk])
        button = HeaderButton(_("Export (ZIP)"), url=address, icon_name="download")
        return [button, *super().get_header_buttons()]

    def get_header_more_buttons(self) -> list[Button]:
        """Lead to the page in the editor, and to what the public reads."""
        page, slug = self.standing.page, self.object.slug
        buttons = [
            Button(
                _("Public page"), url=reverse("policies:policy", args=[slug]), icon_name="view", priority=20
            ),
            Button(
                _("All versions"),
                url=reverse("policies:versions", args=[slug]),
                icon_name="list-ol",
                priority=30,
            ),
        ]
        if page is not None and may_edit(self.request.user, self.standing):
            address = reverse("wagtailadmin_pages:edit", args=[page.pk])
            buttons.append(Button(_("Edit the page"), url=address, icon_name="edit", priority=10))
        return sorted(buttons)


def _with_people(entries: Iterable[timeline.Entry]) -> Iterable[tuple[timeline.Entry, dict[str, Any]]]:
    """Read from their records who wrote, published and approved some versions."""
    listed = list(entries)
    records = PolicyVersion.objects.in_bulk([entry.version.pk for entry in listed])
    return ((entry, exporting.people_in(records[entry.version.pk])) for entry in listed)


class PolicyViewSet(ReadOnlyViewSet):
    model = Policy
    name = "policy-overview"
    url_prefix = "policies"
    icon = "doc-full-inverse"
    menu_label = gettext_lazy("Policies")
    add_to_admin_menu = False  # its group is in the menu
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
        Column("kind", label=gettext_lazy("Kind"), accessor="get_kind_display", sort_key="kind"),
        Column(
            "slug", label=gettext_lazy("Address"), accessor=lambda policy: f"/{policy.slug}/", sort_key="slug"
        ),
        Column(
            "in_force",
            label=gettext_lazy("In force"),
            accessor=lambda policy: in_force_in_words(policy.standing),
        ),
        Column(
            "coming", label=gettext_lazy("Coming"), accessor=lambda policy: coming_in_words(policy.standing)
        ),
        Column(
            "draft", label=gettext_lazy("Page"), accessor=lambda policy: DRAFT_WORDS[policy.standing.draft]
        ),
        Column("facts", label=gettext_lazy("Facts"), accessor=lambda policy: facts_in_words(policy.standing)),
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
            path("export/", export, name="export_all"),
            path("<int:pk>/export/", export, name="export"),
            path("<int:pk>/compare/", compare, name="compare"),
            path("<int:pk>/draft/", draft, name="draft"),
        ]


policy_viewset = PolicyViewSet()
