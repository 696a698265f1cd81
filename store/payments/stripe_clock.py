"""Stripe's clock, by which payment pages close and webhooks are signed: ours less the difference last measured.

Each answer of Stripe tells the difference (`home.clock`). Before the first one it counts as none.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from home import clock
from store.payments import stripe_client

LATELY = timedelta(minutes=5)
ASK_SECONDS = 5  # that one question may take


def at(ours: datetime) -> datetime:
    """Return what Stripe's clock shows at a time of ours."""
    return ours - clock.ahead()


def now() -> datetime:
    """Return what Stripe's clock shows."""
    return at(timezone.now())


def page_end() -> datetime:
    """Return when a payment page that is opened now closes."""
    return now() + timedelta(minutes=settings.HOLD_MINUTES)


def measure(*, unless_within: timedelta | None = None) -> None:
    """Ask Stripe for something small, to see its clock, unless that was seen so lately. Raises PaymentError."""
    if unless_within is None or not clock.was_compared(within=unless_within):
        with stripe_client.translated_errors(), stripe_client.answering_within(ASK_SECONDS):
            stripe_client.client().v1.checkout.sessions.list({"limit": 1}, stripe_client.in_time())
