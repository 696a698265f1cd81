"""The staff's list of published versions: of which policy, since when, by whom, and where each stands now.

It only shows; the buttons lead to the public pages, which are the record.
"""

from datetime import datetime
from functools import cached_property

import django_filters
from django.db.models import Case, CharField, OuterRef, QuerySet, Subquery, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import IndexView, InspectView
from wagtail.admin.widgets import Button

from home.viewsets import ReadOnlyViewSet
from policies.models import Policy, PolicyVersion
from policies.timeline import Status

STATUS_LABELS = {
    Status.COMING: gettext_lazy("Coming"),
    Status.IN_FORCE: gettext_lazy("In force"),
    Status.PAST: gettext_lazy("Past"),
    Status.WITHDRAWN: gettext_lazy("Withdrawn"),
}


def with_status(versions: QuerySet[PolicyVersion], now: datetime) -> QuerySet[PolicyVersion]:
    """Name each version's status in the database, as `policies.timeline` does for one."""
    in_force = PolicyVersion.objects.filter(policy=OuterRef("policy")).begun(now).values("pk")[:1]
    status = Case(
        When(withdrawal__isnull=False, then=Value(Status.WITHDRAWN)),
        When(effective_at__gt=now, then=Value(Status.COMING)),
        When(pk=Subquery(in_force), then=Value(Status.IN_FORCE)),
        default=Value(Status.PAST),
        output_field=CharField(),
    )
    return versions.annotate(status=status)


class VersionFilterSet(WagtailFilterSet):
    """By policy, by status, by the time of taking effect, by the kind of change."""

    policy = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Policy"), queryset=Policy.objects.order_by("title")
    )
    status = django_filters.ChoiceFilter(label=gettext_lazy("Status"), choices=list(STATUS_LABELS.items()))
    effective_at = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("In force from"), widget=DateRangePickerWidget
    )

    class Meta:
        model = PolicyVersion
        fields = ["policy", "status", "effective_at", "change_kind"]


class VersionIndexView(IndexView):
    """The list."""

    def get_base_queryset(self) -> QuerySet[PolicyVersion]:
        """Bring along what a line shows, without the long texts."""
        versions = super().get_base_queryset().select_related("policy", "publisher").defer("record")
        return with_status(versions, timezone.now())


class VersionInspectView(InspectView):
    """One version."""

    @cached_property
    def header_more_buttons(self) -> list[Button]:
        """Lead to what the public reads."""
        policy, version = self.object.policy, self.object
        addresses = [
            (_("Public page"), "doc-full", reverse("policies:version", args=[policy.slug, version.number])),
            (_("All versions"), "list-ol", reverse("policies:versions", args=[policy.slug])),
            (_("Record"), "code", reverse("policies:record", args=[policy.slug, version.number])),
        ]
        if before := PolicyVersion.objects.preceding(version).first():
            address = reverse("policies:compare", args=[policy.slug, before.number, version.number])
            addresses.insert(1, (_("What changed"), "resubmit", address))
        return [Button(label, url=url, icon_name=icon) for label, icon, url in addresses]


class VersionViewSet(ReadOnlyViewSet):
    """Policy versions."""

    model = PolicyVersion
    name = "policy-versions"
    icon = "history"
    menu_label = gettext_lazy("Policy versions")
    add_to_admin_menu = False  # its group is in the menu
    index_view_class = VersionIndexView
    inspect_view_class = VersionInspectView
    inspect_view_fields = [
        "policy",
        "number",
        "title",
        "effective_at",
        "recorded_at",
        "change_summary",
        "change_kind",
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
        Column("__str__", label=gettext_lazy("Version")),
        Column(
            "status", label=gettext_lazy("Status"), accessor=lambda version: STATUS_LABELS[version.status]
        ),
        DateColumn("effective_at", label=gettext_lazy("In force from"), sort_key="effective_at"),
        DateColumn("recorded_at", label=gettext_lazy("Recorded"), sort_key="recorded_at"),
        Column(
            "change_kind",
            label=gettext_lazy("Change"),
            accessor="get_change_kind_display",
            sort_key="change_kind",
        ),
        Column("publisher_name", label=gettext_lazy("Published by"), accessor="publisher"),
    ]


version_viewset = VersionViewSet()
