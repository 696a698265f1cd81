"""What the shop took on each of the last days: what was paid, less what was refunded, for the staff's first page.

The days are those of the site's time zone. Both are found by their moment, whose column has an index, so it costs as
much as those days had payments, however many orders there are.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from wagtail.admin.ui.components import Component

from policies.consent import charts
from store.models import Order, Refund
from store.payments import money

DAYS = 30
VIEW = "store.view_document"  # who may see what comes in


def by_day(*, today: date) -> dict[date, int]:
    """Return the takings of each day up to this one, oldest first, minor units of the shop's currency."""
    first = today - timedelta(days=DAYS - 1)
    since = datetime.combine(first, time.min, timezone.get_default_timezone())
    paid = Order.objects.filter(paid_at__gte=since, paid_currency=settings.CURRENCY)
    refunded = Refund.objects.counted().filter(created_at__gte=since, order__paid_currency=settings.CURRENCY)
    plus, minus = _sums(paid, "paid_at", "paid_amount"), _sums(refunded, "created_at", "amount")
    days = (first + timedelta(days=number) for number in range(DAYS))
    return {day: plus.get(day, 0) - minus.get(day, 0) for day in days}


def _sums(rows: QuerySet[Any], moment: str, amount: str) -> dict[date, int]:
    zone = timezone.get_default_timezone()
    days = rows.order_by().annotate(day=TruncDate(moment, tzinfo=zone)).values_list("day")
    return dict(days.annotate(sum=Sum(amount)))


class TakingsPanel(Component):
    name = "takings"
    template_name = "store/admin/takings.html"
    order = 10

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        taken = by_day(today=timezone.localdate())
        shown = {day: money.display(amount) for day, amount in taken.items()}
        rows = [
            (date_format(day, "j M"), f"{date_format(day)}: {shown[day]}", [max(taken[day], 0)])
            for day in taken
        ]
        return {
            "chart": charts.stacked_bars(rows, width=480, left=64, words=_in_whole_units),
            "total": money.display(sum(taken.values())),
            "table": [(day, shown[day]) for day in reversed(taken) if taken[day]],
            "days": DAYS,
            "label": _("Takings by day; the table below has the figures"),
        }


def _in_whole_units(amount: int) -> str:
    """Write an amount beside the chart, which has no space for decimals and currency."""
    return number_format(amount // 10 ** money.digits(settings.CURRENCY), force_grouping=True)


def add_panel(request: HttpRequest, panels: list[Component]) -> None:
    """Show it to those who may see the papers."""
    if request.user.has_perm(VIEW):
        panels.append(TakingsPanel())
