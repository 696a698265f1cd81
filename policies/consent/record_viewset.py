"""The staff's list of consent records: found by the id that a visitor quotes, filtered, exported, never changed."""

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import InspectView

from home.viewsets import GuardedIndexView, MomentColumn, ReadOnlyViewSet
from policies.models import ConsentRecord, Policy, PolicyVersion


def choices_in_words(choices: dict[str, bool]) -> str:
    """Write choices for a cell: each category with yes or no."""
    return ", ".join(f"{name}: {_('yes') if is_on else _('no')}" for name, is_on in sorted(choices.items()))


def _cookie_texts(_request: object) -> QuerySet[PolicyVersion]:
    return PolicyVersion.objects.listed().filter(policy__kind=Policy.Kind.COOKIES)


class ConsentFilterSet(WagtailFilterSet):
    """By day, by how the choice was made, and by the text that was shown."""

    created_at = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("Time"), widget=DateRangePickerWidget
    )
    notice_version = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Cookie text shown"), queryset=_cookie_texts
    )

    class Meta:
        model = ConsentRecord
        fields = ["created_at", "method", "notice_version"]


class ConsentIndexView(GuardedIndexView):
    custom_field_preprocess = {
        "choices": {
            GuardedIndexView.FORMAT_CSV: choices_in_words,
            GuardedIndexView.FORMAT_XLSX: choices_in_words,
        }
    }

    def get_base_queryset(self) -> QuerySet[ConsentRecord]:
        """Bring the version's name along, without its long text."""
        return super().get_base_queryset().select_related("notice_version").defer("notice_version__record")

    def search_queryset(self, queryset: QuerySet[ConsentRecord]) -> QuerySet[ConsentRecord]:
        """Find a record by its id, whole or its beginning, with hyphens or without."""
        if not self.is_searching:
            return queryset
        wanted = self.search_query.strip()
        try:
            return queryset.filter(public_id=UUID(wanted))
        except ValueError:
            return queryset.filter(public_id__istartswith=wanted)


class ConsentInspectView(InspectView):
    def get_choices_display_value(self) -> str:
        return choices_in_words(self.object.choices)


class ConsentViewSet(ReadOnlyViewSet):
    model = ConsentRecord
    name = "consents"
    icon = "tick-inverse"
    menu_label = gettext_lazy("Consent records")
    add_to_admin_menu = False  # its group is in the menu
    index_view_class = ConsentIndexView
    inspect_view_class = ConsentInspectView
    inspect_view_fields = ["public_id", "created_at", "expires_at", "method", "choices", "notice_version"]
    filterset_class = ConsentFilterSet
    search_fields = ["public_id"]
    list_per_page = 50
    list_display = [
        "public_id",
        DateColumn("created_at", label=gettext_lazy("Time"), sort_key="created_at"),
        "method",
        Column(
            "choices", label=gettext_lazy("Choices"), accessor=lambda record: choices_in_words(record.choices)
        ),
        Column("notice_version", label=gettext_lazy("Cookie text shown")),
        MomentColumn("expires_at", label=gettext_lazy("Valid until"), sort_key="expires_at"),
    ]
    list_export = ["public_id", "created_at", "expires_at", "method", "choices", "notice_version"]
    export_filename = "consents"


consent_viewset = ConsentViewSet()
