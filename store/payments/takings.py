"""What the shop took on each of the last days: what was paid, less what was refunded, for the staff's first page.

The days are those of the site's time zone. Both are found by their moment, whose column has an index, so it costs as
much as those days had payments, however many orders there are.
"""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from babel.numbers import format_compact_currency
from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from wagtail.admin.ui.components import Component

from home import charts
from store.models import Order, Refund
from store.payments import money

DAYS = 30
VIEW = "store.view_document"  # who may see what comes in


def by_day(*, today: date) -> dict[date, int]:
    """Return the takings of each day up to this one, oldest first, minor units of the shop's currency."""
    days = [today - timedelta(days=number) for number in reversed(range(-1, DAYS))]
    starts = [datetime.combine(day, time.min, timezone.get_default_timezone()) for day in days]
    paid = Order.objects.filter(paid_currency=settings.CURRENCY)
    refunded = Refund.objects.counted().filter(order__paid_currency=settings.CURRENCY)
    plus, minus = (
        _sums(paid, "paid_at", "paid_amount", starts),
        _sums(refunded, "created_at", "amount", starts),
    )
    return {day: plus[str(number)] - minus[str(number)] for number, day in enumerate(days[:-1])}


def _sums(rows: QuerySet[Any], moment: str, amount: str, starts: list[datetime]) -> dict[str, int]:
    """Add up an amount between each two moments, in one query. SQLite would call Python for the day of each row."""
    spans = [Q(**{f"{moment}__gte": start, f"{moment}__lt": end}) for start, end in pairwise(starts)]
    within = rows.order_by().filter(**{f"{moment}__gte": starts[0], f"{moment}__lt": starts[-1]})
    return within.aggregate(
        **{str(number): Sum(amount, filter=span, default=0) for number, span in enumerate(spans)}
    )


class TakingsPanel(Component):
    name = "takings"
    template_name = "store/admin/takings.html"
    order = 48  # below what somebody has to do

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        taken = by_day(today=timezone.localdate())
        shown = {day: money.display(amount) for day, amount in taken.items()}
        rows = [
            (date_format(day, "j M"), f"{date_format(day)}: {shown[day]}", [max(taken[day], 0)])
            for day in taken
        ]
        return {
            "chart": charts.stacked_bars(rows, width=480, left=48, words=_in_whole_units),
            "total": money.display(sum(taken.values())),
            "table": [(day, shown[day]) for day in reversed(taken) if taken[day]],
            "days": DAYS,
            "label": _("Takings by day; the table below has the figures"),
        }


def _in_whole_units(amount: int) -> str:
    """Write an amount beside the chart, which has no space for decimals: £400, £20K."""
    units = amount // 10 ** money.digits(settings.CURRENCY)
    return format_compact_currency(
        units, settings.CURRENCY, locale=to_locale(get_language() or settings.LANGUAGE_CODE)
    )


def add_panel(request: HttpRequest, panels: list[Component]) -> None:
    """Show it to those who may see the papers."""
    if request.user.has_perm(VIEW):
        panels.append(TakingsPanel())
