"""How much one sender may begin and hold without paying: so that nobody empties the shelf with orders never meant.

The limits are far above what a household or an office buys, since a network address may be shared by many. A sender
is a fingerprint of the address, which an order keeps only as long as it holds goods. Whoever has to wait is told how
long; nothing in a basket changes.
"""

from datetime import timedelta

from django.db.models import Min, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext, ngettext_lazy

from home.throttling import Limit, minutes_to_wait
from store.models import Order, OrderLine

HOUR = timedelta(hours=1)
CHECKOUTS = Limit("checkouts", most=100, window=HOUR)
NEW_BASKETS = Limit("new-baskets", most=200, window=HOUR)
QUESTIONS = Limit("questions", most=200, window=HOUR)  # to Stripe, by coming back from its page
# Held at one time by the open orders of one sender.
MOST_ORDERS = 40
MOST_PIECES = 150
TOO_MANY = ngettext_lazy(
    "Many orders were begun from your network and are not paid. Nothing was charged and your basket is as it was. "
    "Please try again in %(minutes)s minute.",
    "Many orders were begun from your network and are not paid. Nothing was charged and your basket is as it was. "
    "Please try again in %(minutes)s minutes.",
    "minutes",
)


class HoldsTooMuchError(Exception):
    """A sender's open orders would hold more than one may.

    `seconds` says when the first of them ends; 0 when this order alone is too large, so that waiting would not help.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"for {seconds} seconds")
        self.seconds = seconds


def check(*, order: Order) -> None:
    """Raise HoldsTooMuchError when the sender of an order that was just written has too much open with it.

    Called after the goods are held, in the same transaction: whoever orders the same goods meanwhile waits at their
    row until this is decided, so that many at once are counted as well.
    """
    if not order.sender:
        return
    if _pieces(Order.objects.filter(pk=order.pk)) > MOST_PIECES:
        raise HoldsTooMuchError(0)
    is_open = Order.objects.filter(sender=order.sender, status__in=Order.HOLDING)
    if is_open.count() > MOST_ORDERS or _pieces(is_open) > MOST_PIECES:
        first_end = is_open.aggregate(end=Min("session_expires_at"))["end"]
        raise HoldsTooMuchError(max(60, round((first_end - timezone.now()).total_seconds())))


def _pieces(held_by: QuerySet[Order]) -> int:
    return OrderLine.objects.filter(order__in=held_by).aggregate(sum=Sum("quantity", default=0))["sum"]


def why_not(seconds: int) -> str:
    """Say that a sender has begun enough, and how long to wait; nothing was charged."""
    if not seconds:
        return gettext(
            "No more than %(most)s things can be ordered at once. Please order fewer, or write to us. "
            "Nothing was charged."
        ) % {"most": MOST_PIECES}
    return TOO_MANY % {"minutes": minutes_to_wait(seconds)}
