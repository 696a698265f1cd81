"""The screen of the staff's report on choices about cookies, and its charts."""

from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from home import charts
from policies.consent.report import PERIODS, Report, Share, count_choices
from policies.models import ConsentRecord


class ConsentReportView(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """`?days=` chooses one of the periods; anything else means the shortest."""

    permission_required = "policies.view_consentrecord"
    raise_exception = True
    template_name = "policies/admin/consent_report.html"
    page_title = gettext_lazy("Choices about cookies")  # type: ignore[assignment]  # Wagtail declares str
    header_icon = "tick-inverse"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted = self.request.GET.get("days", "")
        days = int(wanted) if wanted in map(str, PERIODS) else PERIODS[0]
        report = count_choices(days, now=timezone.now())
        return {
            **super().get_context_data(**kwargs),
            "report": report,
            "chart": _chart(report),
            "charts_by_category": [(share, _chart_of_category(report, share)) for share in report.categories],
            "table": [
                (row, [*row.counts.values(), row.total, *row.allowed.values()])
                for row in reversed(report.rows)
            ],
            "methods": ConsentRecord.Method.labels,
            "periods": PERIODS,
            "days": days,
        }


def _chart(report: Report) -> charts.StackedBars:
    labels = ConsentRecord.Method.labels
    rows = []
    for row in report.rows:
        counts = list(row.counts.values())
        words = ", ".join(f"{label}: {number}" for label, number in zip(labels, counts, strict=True))
        day = date_format(row.start)
        rows.append((date_format(row.start, "j M"), f"{day}: {words}", counts))
    return charts.stacked_bars(rows)


def _chart_of_category(report: Report, share: Share) -> charts.StackedBars:
    rows = []
    for row in report.rows:
        on, asked = row.allowed[share.varname], row.asked[share.varname]
        words = _("%(day)s: %(number)s of %(total)s allow it")
        words %= {"day": date_format(row.start), "number": on, "total": asked}
        rows.append((date_format(row.start, "j M"), words, [on, asked - on]))
    return charts.stacked_bars(rows)
