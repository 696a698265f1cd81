"""The staff's screens about consent: records that are found and exported but never changed, and declared cookies."""

from typing import Any
from uuid import UUID

import django_filters
from cookie_consent.models import Cookie, CookieGroup
from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.views.generic import InspectView

from home.viewsets import DaysFilter, GuardedIndexView, MomentColumn, ReadOnlyViewSet
from policies.consent.forms import CategoryForm, CookieForm
from policies.facts.viewsets import DeclarationViewSet
from policies.models import ConsentRecord, Policy, PolicyVersion
from policies.personal_data.access_log import RecordedListMixin, RecordedPageMixin

# --- Consent records -----------------------------------------------------------------------------------------
_IN_WORDS = {True: _("yes"), False: _("no"), None: _("not recorded")}


def choices_in_words(choices: Any) -> str:
    """Write choices for a cell: each category with yes or no."""
    if not isinstance(choices, dict) or not all(isinstance(is_on, bool) for is_on in choices.values()):
        return str(_("damaged, see verify_policies"))
    return ", ".join(f"{name}: {_IN_WORDS[is_on]}" for name, is_on in sorted(choices.items()))


def signal_in_words(was_there: bool | None) -> str:  # noqa: FBT001 - a value of the record
    return str(_IN_WORDS[was_there])


def _cookie_texts(_request: object) -> QuerySet[PolicyVersion]:
    return PolicyVersion.objects.listed().filter(policy__kind=Policy.Kind.COOKIES)


class ConsentFilterSet(WagtailFilterSet):
    """By day, by how the choice was made, and by the text that was shown."""

    created_at = DaysFilter(label=_("Time"))
    notice_version = django_filters.ModelChoiceFilter(label=_("Cookie text shown"), queryset=_cookie_texts)

    class Meta:
        model = ConsentRecord
        fields = ["created_at", "method", "notice_version"]


class ConsentIndexView(RecordedListMixin, GuardedIndexView):
    access_kind = "policies.consent"
    custom_field_preprocess = {
        "choices": dict.fromkeys(GuardedIndexView.FORMATS, choices_in_words),
        "gpc": dict.fromkeys(GuardedIndexView.FORMATS, signal_in_words),
    }

    def get_base_queryset(self) -> QuerySet[ConsentRecord]:
        """Bring the version's name along, without its long text."""
        return super().get_base_queryset().select_related("notice_version").defer("notice_version__record")

    def search_queryset(self, queryset: QuerySet[ConsentRecord]) -> QuerySet[ConsentRecord]:
        """Find a record by its id, whole or its beginning, with hyphens or without."""
        if not self.is_searching:
            return queryset
        digits = self.search_query.strip().replace("-", "")
        try:
            ends = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
        except ValueError:
            return queryset.none()
        return queryset.filter(public_id__range=ends)


class ConsentInspectView(RecordedPageMixin, InspectView):
    access_kind = "policies.consent"

    def get_choices_display_value(self) -> str:
        return choices_in_words(self.object.choices)

    def get_gpc_display_value(self) -> str:
        return signal_in_words(self.object.gpc)


class ConsentViewSet(ReadOnlyViewSet):
    model = ConsentRecord
    name = "consents"
    icon = "tick-inverse"
    menu_label = _("Consent records")
    when_empty = (
        _("Nobody has made a choice yet. Visitors are asked once a cookie policy names optional cookies."),
        _("Declare cookies"),
        reverse_lazy("declared-cookies:index"),
    )
    index_view_class = ConsentIndexView
    inspect_view_class = ConsentInspectView
    inspect_view_fields = [
        "public_id",
        "created_at",
        "expires_at",
        "method",
        "choices",
        "gpc",
        "notice_version",
    ]
    list_export = inspect_view_fields
    filterset_class = ConsentFilterSet
    search_fields = ["public_id"]
    list_per_page = 50
    list_display = [
        "public_id",
        MomentColumn("created_at", label=_("Time"), sort_key="created_at"),
        "method",
        Column("choices", label=_("Choices"), accessor=lambda record: choices_in_words(record.choices)),
        Column(
            "gpc", label=_("Signal not to be tracked"), accessor=lambda record: signal_in_words(record.gpc)
        ),
        Column("notice_version", label=_("Cookie text shown")),
        MomentColumn("expires_at", label=_("Valid until"), sort_key="expires_at"),
    ]
    export_filename = "consents"


# --- Declared cookies ----------------------------------------------------------------------------------------
class CategoryViewSet(DeclarationViewSet):
    model = CookieGroup
    name = "cookie-categories"
    icon = "folder-open-inverse"
    menu_label = _("Cookie categories")
    form_class = CategoryForm
    list_display = [
        "name",
        Column("varname", label=_("Short name"), sort_key="varname"),
        BooleanColumn("is_required", label=_("Always on")),
    ]
    search_fields = ["name", "varname", "description"]
    ordering = "ordering"


class CookieFilterSet(WagtailFilterSet):
    cookiegroup = django_filters.ModelChoiceFilter(label=_("Category"), queryset=CookieGroup.objects.all())

    class Meta:
        model = Cookie
        fields = ["cookiegroup"]


class CookieViewSet(DeclarationViewSet):
    model = Cookie
    name = "declared-cookies"
    icon = "list-ul"
    menu_label = _("Cookies")
    form_class = CookieForm
    list_display = [
        "name",
        Column("cookiegroup", label=_("Category"), sort_key="cookiegroup__name"),
        Column("description", label=_("What it is for")),
        Column("details.duration", label=_("How long")),
    ]
    filterset_class = CookieFilterSet
    search_fields = ["name", "description"]
    ordering = "name"


viewsets = (ConsentViewSet(), CategoryViewSet(), CookieViewSet())
