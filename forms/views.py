"""The staff’s lists of forms and submissions: Wagtail’s, with an export that no spreadsheet takes for formulas."""

from typing import Any

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from wagtail.admin.views.mixins import list_to_str
from wagtail.contrib.forms.views import FormPagesListView, SubmissionsListView

from home.spreadsheets import as_text


def without_controls(value: str) -> str:
    """Drop the control characters that an XLSX file cannot hold."""
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
    """The list of forms, for whoever may read submissions."""

    def user_has_any_permission(self, permissions: set[str]) -> bool:
        """Ask for the one right that counts here."""
        return self.request.user.has_perm("forms.view_submission")
