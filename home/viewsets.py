"""The bases of staff screens, above all read-only ones: records and mails that nobody may edit, not even an owner.

Their exports hold no formulas. A screen with an action of its own adds a URL that accepts POST only.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, ClassVar

from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django_filters import DateFromToRangeFilter
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import IndexView
from wagtail.admin.views.generic.base import BaseListingView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permissions import ModelPermissionPolicy

from home.date_inputs import DayRangeInput
from home.models import User
from home.spreadsheets import as_text

MOST_SEARCHED = 10_000  # rows, word by word
MOST_FOUND = 1000
EXPORTED_AT_ONCE = 2000  # rows


class _InParts:
    """Rows of an export, read in parts with what is prefetched: neither memory nor a query holds all."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self.rows, self.model = rows, rows.model

    def __iter__(self) -> Iterator[Model]:
        return self.rows.iterator(chunk_size=EXPORTED_AT_ONCE)


YEARS = range(1900, 3000)  # of others, not every time zone can tell the time


def _check_days(days: slice) -> None:
    if not all(day.year in YEARS for day in (days.start, days.stop) if day):
        raise ValidationError(gettext("Enter days between the years 1900 and 2999."))
    if days.start and days.stop and days.start > days.stop:
        raise ValidationError(gettext("The first day is after the last."))


class DaysFilter(DateFromToRangeFilter):
    """Filters a list by the days from one to another."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=DayRangeInput, validators=[_check_days], **options)


class MomentColumn(Column):
    """A date and time; Wagtail's own column writes "Just now" for every moment in the future."""

    def get_value(self, instance: Model) -> str:
        """Return the moment in the site's time zone."""
        moment = super().get_value(instance)
        return date_format(localtime(moment), "DATETIME_FORMAT") if moment else ""


class ViewOnlyPolicy(ModelPermissionPolicy):
    """Allows viewing to those with the permission; adding, changing and deleting to nobody."""

    def user_has_permission(self, user: User, action: str) -> bool:
        return action == "view" and super().user_has_permission(user, action)

    def user_has_any_permission(self, user: User, actions: Iterable[str]) -> bool:
        """Answer for several; Wagtail's lists ask so, and some do not think of "view"."""
        return self.user_has_permission(user, "view")


class EmptyListMixin(BaseListingView):
    """A list that says what to do first while it is empty: words, and a link with its words and URL."""

    when_empty: tuple[str | Promise, str | Promise, str | Promise] | None = None

    @cached_property
    def no_results_message(self) -> str:
        if self.when_empty is None or self.is_searching or self.is_filtering:
            return super().no_results_message
        words, label, url = self.when_empty
        return format_html('{} <a href="{}" class="button">{}</a>', words, url, label)


class GuardedIndexView(EmptyListMixin, IndexView):
    """A list whose export holds no formula, and whose search takes as long however many rows there are."""

    results_template_name = "home/admin/index_results.html"
    # Those of the searched fields, also of related rows, that have an index of their own.
    indexed_fields: Sequence[str] = ()
    searched_rows = 0  # how many rows the search has looked through, if those are not all
    is_found_cut = False

    @property
    def indexed_names(self) -> str:
        model: Any = self.model  # Wagtail declares None
        fields = [get_fields_from_path(model, name)[-1] for name in self.indexed_fields]
        return ", ".join(dict.fromkeys(str(field.verbose_name) for field in fields))

    def search_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Look for words anywhere in the newest rows, and at the beginning of indexed fields in all of them."""
        if not self.is_searching:
            return super().search_queryset(queryset)
        by_age = queryset.model._base_manager.order_by("-pk").values_list("pk", flat=True)
        newest, most = queryset.order_by("-pk"), None
        if last := by_age[MOST_SEARCHED : MOST_SEARCHED + 1].first():
            newest, most, self.searched_rows = newest.filter(pk__gt=last), MOST_FOUND, MOST_SEARCHED
        ways = [
            self.with_words(newest),
            *(queryset.filter(words).order_by() for words in self._begins_so()),
        ]
        found = [[*rows.values_list("pk", flat=True)[:most]] for rows in ways]
        self.is_found_cut = any(len(keys) == most for keys in found)
        return queryset.filter(pk__in=chain.from_iterable(found))

    def with_words(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of some rows that have the words anywhere in the searched fields."""
        return super().search_queryset(rows)

    def _begins_so(self) -> Iterable[Q]:
        """Return a condition for each table: in one for several, PostgreSQL would use no index."""
        typed = self.search_query.strip()
        ways = {typed, typed.lower(), typed.upper()}
        conditions: dict[str, Q] = {}
        for name in self.indexed_fields:
            table = name.rpartition("__")[0]
            for words in ways:
                conditions[table] = conditions.get(table, Q()) | begins(name, words)
        return conditions.values()

    def as_spreadsheet(self, queryset: QuerySet[Any], spreadsheet_format: str) -> HttpResponseBase:
        return super().as_spreadsheet(_InParts(queryset), spreadsheet_format)

    def preprocess_field_value(self, field: str, value: Any, export_format: str) -> Any:
        """Guard every cell of the CSV; Wagtail guards XLSX only."""
        cell = super().preprocess_field_value(field, value, export_format)
        return as_text(cell) if export_format == self.FORMAT_CSV and isinstance(cell, str) else cell


def begins(field: str, words: str) -> Q:
    """Return the condition that a field begins so, which an index of it answers."""
    if connection.vendor == "sqlite":  # whose LIKE uses no index
        return Q(**{f"{field}__gte": words, f"{field}__lt": f"{words}\U0010ffff"})
    return Q(**{f"{field}__startswith": words})


class PlainViewSet(ModelViewSet):
    """A screen for rows with a form of their own: without copying them, and without Wagtail's list of uses."""

    copy_view_enabled = False
    add_to_reference_index = False
    name: str
    menu_label: str | Promise
    form_class: type[ModelForm]

    def get_form_class(self, for_update: bool = False) -> type[ModelForm]:  # noqa: FBT001, FBT002 - Wagtail's
        """Use the form with our rules for new and old rows alike."""
        return self.form_class

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Do not link to the list of uses, which would always be empty."""
        return super().get_common_view_kwargs(**{"usage_url_name": None, **kwargs})

    def get_urlpatterns(self) -> list[URLPattern]:
        """Leave out the URL of the list of uses."""
        return [pattern for pattern in super().get_urlpatterns() if pattern.name != "usage"]


class ReadOnlyViewSet(ModelViewSet):
    """A list and a page for each row."""

    model: type[Model]
    name: str
    menu_label: str | Promise
    index_view_class = GuardedIndexView
    inspect_view_enabled = True
    copy_view_enabled = False
    add_to_reference_index = False
    form_fields: ClassVar[list[str]] = []  # there is no form
    indexed_fields: Sequence[str] = ()
    when_empty = EmptyListMixin.when_empty

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Call the list as the menu calls it."""
        ours = {
            "page_title": self.menu_label,
            "indexed_fields": self.indexed_fields,
            "when_empty": self.when_empty,
        }
        return super().get_index_view_kwargs(**ours, **kwargs)

    @property
    def permission_policy(self) -> ModelPermissionPolicy:
        """Return the policy that allows viewing only."""
        return ViewOnlyPolicy(self.model)

    def get_common_view_kwargs(self, **kwargs: object) -> dict[str, object]:
        """Remove the links to views that do not exist here."""
        absent = ("add_url_name", "edit_url_name", "delete_url_name", "history_url_name", "usage_url_name")
        return super().get_common_view_kwargs(**{**dict.fromkeys(absent), **kwargs})

    def get_urlpatterns(self) -> list[URLPattern]:
        """Return the URLs of list and inspect view, without those that change a row."""
        converter = self.pk_path_converter
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path(f"inspect/<{converter}:pk>/", self.inspect_view, name="inspect"),
        ]

    def register_admin_url_finder(self) -> None:
        """Register none: it would link to the edit view."""
