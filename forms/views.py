"""The staff’s lists of forms and submissions: Wagtail’s, with an export that no spreadsheet takes for formulas."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from wagtail.admin.views.mixins import list_to_str
from wagtail.contrib.forms.views import DeleteSubmissionsView, FormPagesListView, SubmissionsListView

from home.spreadsheets import as_text


def without_controls(value: str) -> str:
    """Return the value without the control characters that an XLSX file cannot hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", value)


class FormSubmissionsView(SubmissionsListView):
    """Lists and exports what visitors wrote on one page."""

    custom_value_preprocess = {
        **SubmissionsListView.custom_value_preprocess,
        list: {
            SubmissionsListView.FORMAT_CSV: lambda value: as_text(list_to_str(value)),
            SubmissionsListView.FORMAT_XLSX: lambda value: without_controls(list_to_str(value)),
        },
        str: {
            SubmissionsListView.FORMAT_CSV: as_text,
            SubmissionsListView.FORMAT_XLSX: without_controls,
        },
    }

    def get_heading(self, queryset: Any, field: str) -> str:
        """Guard the headings too: they are labels that an editor wrote."""
        return as_text(super().get_heading(queryset, field))


class FormPagesView(FormPagesListView):
    """The list of forms, for those who may read submissions."""

    def user_has_any_permission(self, permissions: set[str]) -> bool:
        """Return whether the user may read submissions."""
        return self.request.user.has_perm("forms.view_submission")


class DeleteMessagesView(DeleteSubmissionsView):
    """Wagtail's view, for those with the permission to delete messages: reading them is not enough."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Check the permission first."""
        if not request.user.has_perm("forms.delete_submission"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)
