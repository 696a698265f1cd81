"""The page of the record of processing, and its file."""

from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from policies.personal_data import processing


def may_read(user: Any) -> bool:
    """Return whether somebody answers for personal data: its requests, or the log of access."""
    return user.has_perm("policies.view_privacyrequest") or user.has_perm("policies.view_personaldataaccess")


class ProcessingRecordView(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """`?export=csv` answers with the file."""

    raise_exception = True
    template_name = "policies/admin/processing.html"
    page_title = _("Record of processing")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "list-ul"

    def has_permission(self) -> bool:
        return may_read(self.request.user)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("export") != "csv":
            return super().get(request, *args, **kwargs)
        name = f"record-of-processing-{timezone.localdate()}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(processing.as_csv(), content_type="text/csv; charset=utf-8", headers=headers)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "tables": processing.as_tables()}


class ProcessingMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return may_read(request.user)


def menu_item(order: int) -> MenuItem:
    """Return the entry of the admin's menu."""
    url = reverse("processing_record")
    return ProcessingMenuItem(_("Record of processing"), url, icon_name="list-ul", order=order)
