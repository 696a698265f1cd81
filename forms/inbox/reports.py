"""What the reports about messages share: for whom they are, and the choice of a period.

They show numbers and the names of goods, nothing that anybody wrote, so no access is recorded.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from forms.models import READ_MESSAGES


class ReportMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(READ_MESSAGES)


class ReportView(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """`?period=` chooses one of the periods; anything else means the usual one."""

    permission_required = READ_MESSAGES
    raise_exception = True
    periods: ClassVar[Sequence[int]]
    usual: ClassVar[int]

    @cached_property
    def period(self) -> int:
        wanted = self.request.GET.get("period", "")
        return int(wanted) if wanted in map(str, self.periods) else self.usual

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "period": self.period, "periods": self.periods}
