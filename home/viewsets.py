"""The base of read-only staff screens: records and mails that nobody may edit, not even administrators.

Their exports hold no formulas. A screen with an action of its own adds a URL that accepts POST only.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Model
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import IndexView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permissions import ModelPermissionPolicy

from home.models import User
from home.spreadsheets import as_text


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


class GuardedIndexView(IndexView):
    """A list whose export holds no formula."""

    def preprocess_field_value(self, field: str, value: Any, export_format: str) -> Any:
        """Guard every cell of the CSV; Wagtail guards XLSX only."""
        cell = super().preprocess_field_value(field, value, export_format)
        return as_text(cell) if export_format == self.FORMAT_CSV and isinstance(cell, str) else cell


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
