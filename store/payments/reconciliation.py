"""Asks Stripe about orders that wait: lost answers, lost webhooks, expired payment pages.

Our clock only prompts the question; the order follows Stripe's answer. The worker and `manage.py reconcile_payments`
run it; running it twice changes nothing.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from store.models import Order, OrderEvent
from store.orders import lifecycle
from store.payments import fulfilment, gateway

By, Reason = OrderEvent.By, OrderEvent.Reason
logger = logging.getLogger(__name__)

EVERY = 60  # seconds between two runs of the worker
# After so many unanswered orders Stripe is assumed to be down; the rest waits for the next run.
FAILURES = 3
# A checkout takes seconds: an order still without a page after this was left by a lost answer or a crash.
PLACED_PATIENCE = timedelta(minutes=1)


@dataclass
class Report:
    """The result: new statuses by order number, and the orders that could not be brought up to date.

    `unanswered`: Stripe did not answer. `unsettled`: it did, and the answer could not be saved.
    """

    asked: int = 0
    changed: dict[str, str] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)


def reconcile(*, now: datetime | None = None, everything: bool = False) -> Report:
    """Ask Stripe about the orders that are due, or about all that wait."""
    report = Report()
    for order in _waiting(now or timezone.now(), everything=everything):
        if len(report.unanswered) >= FAILURES:
            break
        report.asked += 1
        before = order.status
        try:
            with fulfilment.mark_if_unsettled(order=order, by=By.WORKER):
                _ask(order)
        except fulfilment.UnsettledError:
            report.unsettled.append(order.number)
        except gateway.PaymentError as error:
            logger.warning("Stripe gave no answer about order %s: %s", order.number, error)
            report.unanswered.append(order.number)
        else:
            order.refresh_from_db()
            if order.status != before:
                report.changed[order.number] = order.status
    return report


def _waiting(now: datetime, *, everything: bool) -> list[Order]:
    # Not one whose page is being made at this moment: that would cancel it.
    left = Q(status=Order.Status.PLACED, placed_at__lt=now - PLACED_PATIENCE)
    # Delayed payments too, in case their event was lost.
    paying = Q(status__in=Order.AWAITING_PAYMENT - {Order.Status.PLACED})
    if not everything:
        paying &= Q(session_expires_at__lt=now)
    return list(Order.objects.filter(left | paying).order_by("placed_at"))


def _ask(order: Order) -> None:
    if order.session_id is None:
        # The shopper was told that the payment could not be started, so no page may stay open.
        with suppress(fulfilment.AlreadyUnderWayError):
            fulfilment.cancel(order=order, by=By.WORKER, reason=Reason.NOT_OPENED)
    elif fulfilment.settle(session_id=order.session_id, by=By.WORKER) is None:
        with lifecycle.locked(order.pk) as fresh:
            lifecycle.mark_needs_attention(order=fresh, by=By.WORKER, reason=Reason.UNKNOWN_PAGE)
