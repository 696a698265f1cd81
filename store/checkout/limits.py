"""Checkout limits: how much one client may begin and hold without paying, so that nobody empties the stock.

The limits are far above what a household or an office buys, since many may share an IP address. Only a fingerprint of
the address is kept, and by an order only while its payment is open.
"""

from datetime import timedelta

from django.db.models import Min, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext, ngettext_lazy

from home.throttling import Limit, minutes_to_wait
from store.models import Order, OrderLine

HOUR = timedelta(hours=1)
CHECKOUTS = Limit("checkouts", most=100, window=HOUR)
QUESTIONS = Limit("questions", most=200, window=HOUR)  # to Stripe, on return from its page
# Held at one time by the open orders of one client.
MOST_ORDERS = 40
MOST_PIECES = 150
TOO_MANY = ngettext_lazy(
    "There are too many unpaid orders from your network. Nothing was charged and your basket has not changed. "
    "Try again in %(minutes)s minute.",
    "There are too many unpaid orders from your network. Nothing was charged and your basket has not changed. "
    "Try again in %(minutes)s minutes.",
    "minutes",
)


class LimitExceededError(Exception):
    """A client may not begin or hold more for so many `seconds`; the message is for the shopper.

    0 seconds: this order alone is too large, so waiting would not help.
    """

    def __init__(self, seconds: int) -> None:
        too_large = gettext(
            "You cannot order more than %(most)s items at once. Nothing was charged. Order fewer, or contact us."
        )
        words = (
            TOO_MANY % {"minutes": minutes_to_wait(seconds)} if seconds else too_large % {"most": MOST_PIECES}
        )
        super().__init__(words)
        self.seconds = seconds


def check(*, order: Order) -> None:
    """Raise LimitExceededError when the client of a new order has too much open with it.

    Called in the transaction that holds the stock: other orders of the same SKU wait for its row, so that many at once
    are counted too.
    """
    if not order.client_fingerprint:
        return
    if _pieces(Order.objects.filter(pk=order.pk)) > MOST_PIECES:
        raise LimitExceededError(0)
    is_open = Order.objects.filter(
        client_fingerprint=order.client_fingerprint, status__in=Order.AWAITING_PAYMENT
    )
    if is_open.count() > MOST_ORDERS or _pieces(is_open) > MOST_PIECES:
        first_end = is_open.aggregate(end=Min("session_expires_at"))["end"]
        raise LimitExceededError(max(60, round((first_end - timezone.now()).total_seconds())))


def _pieces(held_by: QuerySet[Order]) -> int:
    return OrderLine.objects.filter(order__in=held_by).aggregate(sum=Sum("quantity", default=0))["sum"]
