"""The staff’s lists of forms and submissions: Wagtail’s, with an export that no spreadsheet takes for formulas."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from wagtail.admin.views.mixins import list_to_str
from wagtail.contrib.forms.utils import get_forms_for_user
from wagtail.contrib.forms.views import DeleteSubmissionsView, FormPagesListView, SubmissionsListView

from home.spreadsheets import as_text
from home.viewsets import EmptyListMixin
from policies.ledger.views import proof_response


def without_controls(value: str) -> str:
    """Return the value without the control characters that an XLSX file cannot hold."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415 - large, and only exports need it

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

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add a column with each message's proof; it is no part of the export."""
        context = super().get_context_data(**kwargs)
        if not self.is_export:
            context["data_headings"].append({"name": "proof", "label": _("Proof")})
            for row in context["data_rows"]:
                url = reverse("message_proof", args=[context["form_page"].pk, row["model_id"]])
                row["fields"].append(format_html('<a href="{}">{}</a>', url, _("Proof (JSON)")))
        return context


@require_safe
def message_proof(request: HttpRequest, page_id: int, pk: int) -> HttpResponse:
    """Return the proof of when a message came and which policy was shown, to those who may read it."""
    page = get_object_or_404(get_forms_for_user(request.user), pk=page_id).specific
    message = get_object_or_404(page.get_submissions().select_related("ledger_entry"), pk=pk)
    return proof_response(request, message, file_name=f"message-{message.token}-proof.json")


class FormPagesView(EmptyListMixin, FormPagesListView):
    """The list of forms, for those who may read submissions."""

    when_empty = (
        gettext_lazy(
            "There is no form yet. Add a form page below the home page; what visitors write is here."
        ),
        gettext_lazy("Open the pages."),
        reverse_lazy("wagtailadmin_explore_root"),
    )

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
