"""Checkout limits: how much one client may begin and hold without paying, so that nobody empties the stock.

How many of one item an order can have is on its product (`ProductPage.most`); the other limits are settings. What is
counted is what a client holds at the moment: neither what is paid nor the earlier order of the same basket, which the
new one replaces. Only a fingerprint of the IP address is kept, and by an order only while its payment is open.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext, ngettext, ngettext_lazy

from home.throttling import Limit, minutes_to_wait
from store.basket.contents import Contents
from store.models import Basket, Order
from store.payments import stripe_clock

HOUR = timedelta(hours=1)
CHECKOUTS = Limit("checkouts", most=100, window=HOUR)
QUESTIONS = Limit("questions", most=200, window=HOUR)  # to Stripe, on return from its page
TOO_MANY = ngettext_lazy(
    "Too many orders were started from your network. Nothing was charged and your basket has not changed. "
    "Try again in %(minutes)s minute.",
    "Too many orders were started from your network. Nothing was charged and your basket has not changed. "
    "Try again in %(minutes)s minutes.",
    "minutes",
)


class TooLargeError(Exception):
    """No order can have so much; the message is for the shopper."""


class LimitExceededError(Exception):
    """A client may not begin or hold more for so many `seconds`; the message is for the shopper."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True)
class _Hold:
    """What an open order holds. `ends` is when its payment page closes; None while the bank takes its time."""

    items: int
    ends: datetime | None


def take_checkout(ip: str) -> None:
    """Count one more press of the button. Raises LimitExceededError."""
    if wait := CHECKOUTS.take(ip):
        raise LimitExceededError(TOO_MANY % {"minutes": minutes_to_wait(wait)}, wait)


def check(*, basket: Basket, contents: Contents, client_fingerprint: str) -> None:
    """Raise TooLargeError or LimitExceededError where this client may not hold what the basket contains as well.

    Whoever then holds it must have locked the client's fingerprint until the commit (`home.locks`), so that many orders
    at once are counted too.
    """
    if contents.size_problem:
        raise TooLargeError(contents.size_problem)
    if not client_fingerprint:
        return
    holds = _holds_of(client_fingerprint, replaced_by=basket)
    if problem := _problem(holds, contents.items):
        raise LimitExceededError(*_advice(problem, holds, contents.items))


def _holds_of(client_fingerprint: str, *, replaced_by: Basket) -> list[_Hold]:
    """Return what the client's open orders hold, those that end first at the beginning."""
    orders = Order.objects.filter(
        client_fingerprint=client_fingerprint, status__in=Order.AWAITING_PAYMENT
    ).exclude(basket=replaced_by, status__in=Order.PAYABLE)
    found = [
        _Hold(order.items, order.session_expires_at if order.is_payable else None)
        for order in orders.annotate(items=Sum("lines__quantity", default=0))
    ]
    return sorted(found, key=lambda hold: (hold.ends is None, hold.ends))


def _problem(holds: Iterable[_Hold], wanted: int) -> str:
    """Return which limit is exceeded if so many items are held besides; empty when none is."""
    items = [hold.items for hold in holds]
    if len(items) >= settings.MOST_UNPAID_ORDERS:
        words = ngettext(
            "Your network already has %(most)s unpaid order, the most that we allow at one time.",
            "Your network already has %(most)s unpaid orders, the most that we allow at one time.",
            settings.MOST_UNPAID_ORDERS,
        )
        return words % {"most": settings.MOST_UNPAID_ORDERS}
    if sum(items) + wanted > settings.MOST_UNPAID_ITEMS:
        words = ngettext(
            "With this order, unpaid orders from your network would have more than %(most)s item, the most that we "
            "allow at one time.",
            "With this order, unpaid orders from your network would have more than %(most)s items, the most that we "
            "allow at one time.",
            settings.MOST_UNPAID_ITEMS,
        )
        return words % {"most": settings.MOST_UNPAID_ITEMS}
    return ""


def _advice(problem: str, holds: list[_Hold], wanted: int) -> tuple[str, int]:
    """Return what the shopper is told, and after how many seconds enough has ended."""
    left, ends = holds, None
    while left and _problem(left, wanted):
        ends, left = left[0].ends, left[1:]
    unchanged = gettext("Nothing was charged and your basket has not changed.")
    if ends is None:
        advice = gettext(
            "The bank has not confirmed their payments yet. Try again when it has confirmed one of them."
        )
        return f"{problem} {unchanged} {advice}", round(HOUR.total_seconds())
    seconds = max(60, round((ends - stripe_clock.now()).total_seconds()))
    words = ngettext(
        "Finish paying, or try again in %(minutes)s minute, when a payment page has closed.",
        "Finish paying, or try again in %(minutes)s minutes, when a payment page has closed.",
        minutes_to_wait(seconds),
    )
    return f"{problem} {unchanged} {words % {'minutes': minutes_to_wait(seconds)}}", seconds
