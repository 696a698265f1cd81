"""The staff's report on choices about cookies: a plot, the same numbers as a table, and shares."""

from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from home import plots
from policies.consent.report import METHODS, Report, Share, of_last_days
from policies.models import ConsentRecord

PERIODS = (30, 90, 365)  # days


class ConsentReportView(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """`?days=` chooses one of the periods; anything else means the shortest."""

    permission_required = "policies.view_consentrecord"
    raise_exception = True
    template_name = "policies/admin/consent_report.html"
    page_title = _("Choices about cookies")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "tick-inverse"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted = self.request.GET.get("days", "")
        days = int(wanted) if wanted in map(str, PERIODS) else PERIODS[0]
        report = of_last_days(days, now=timezone.now())
        return {
            **super().get_context_data(**kwargs),
            "report": report,
            "plot": _plot(report),
            "plots_by_category": [(share, _plot_of_category(report, share)) for share in report.categories],
            "table": [
                (row, [*(row.counts[method] for method in METHODS), row.total, *row.allowed.values()])
                for row in reversed(report.rows)
            ],
            "methods": [ConsentRecord.Method(method).label for method in METHODS],
            "periods": PERIODS,
            "days": days,
        }


def _plot_of_category(report: Report, share: Share) -> plots.StackedBars:
    rows = []
    for row in report.rows:
        on = row.allowed[share.varname]
        words = _("%(day)s: %(number)s of %(total)s allow it") % {
            "day": date_format(row.start, "SHORT_DATE_FORMAT"),
            "number": on,
            "total": row.total,
        }
        rows.append((date_format(row.start, "j M"), str(words), [on, row.total - on]))
    return plots.stacked_bars(rows)


def _plot(report: Report) -> plots.StackedBars:
    rows = []
    for row in report.rows:
        day = date_format(row.start, "SHORT_DATE_FORMAT")
        counts = [row.counts[method] for method in METHODS]
        words = ", ".join(
            f"{ConsentRecord.Method(method).label}: {number}"
            for method, number in zip(METHODS, counts, strict=True)
        )
        rows.append((date_format(row.start, "j M"), f"{day}: {words}", counts))
    return plots.stacked_bars(rows)
