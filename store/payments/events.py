"""The inbox of Stripe's events: each is saved once, and handled until that succeeds.

What failed, or what a crash left unfinished, is handled again when Stripe delivers it again, by the worker, or when
staff ask for it. An event's row holds only ids, so whoever handles one asks Stripe. It names nobody.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from home import locks
from store.models import Order, OrderEvent, StripeEvent
from store.payments import disputes, errors, fulfilment, refunds, stripe_client
from store.payments.signed_events import Event

Outcome = StripeEvent.Outcome
logger = logging.getLogger(__name__)

# Handles an event, once more without harm, and returns whether it is about an order of ours. Raises PaymentError.
Handler = Callable[[StripeEvent], bool]

ALONE_WITHIN = 5.0  # seconds that one waits for another who handles the same event
EVERY = 60  # seconds between two runs of the worker
PATIENCE = timedelta(minutes=5)  # between two tries of the worker
TRIED_FOR = timedelta(days=3)  # then staff decide; Stripe, too, ends after that time
MOST = 100  # in one run of the worker
EXPIRED_EVERY = 60 * 60  # seconds


def _settle(event: StripeEvent) -> bool:
    return bool(event.session_id) and (
        fulfilment.settle(session_id=event.session_id, by=OrderEvent.By.STRIPE) is not None
    )


def _of_payment(bring_up_to_date: Callable[..., None]) -> Handler:
    """Return a handler that looks at the order of the payment that an event is about."""

    def handle(event: StripeEvent) -> bool:
        orders = Order.objects.exclude(payment_intent_id="")
        order = orders.filter(payment_intent_id=event.payment_intent_id).first()
        if order is not None:
            with fulfilment.mark_if_unsettled(order=order, by=OrderEvent.By.STRIPE):
                bring_up_to_date(order=order)
        return order is not None

    return handle


_refund, _dispute = _of_payment(refunds.bring_up_to_date), _of_payment(disputes.bring_up_to_date)
# type → handler; other types need none
HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": _settle,
    "checkout.session.async_payment_succeeded": _settle,
    "checkout.session.async_payment_failed": _settle,
    "checkout.session.expired": _settle,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refunded": _refund,
    "charge.refund.updated": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
}


def receive(event: Event) -> StripeEvent:
    """Save an event, once however often it is delivered, and handle it."""
    row = StripeEvent(
        event_id=event.id,
        type=event.type[:80],
        livemode=event.livemode,
        object_kind=event.object_kind[:40],
        object_id=event.object_id,
        payment_intent_id=event.payment_intent_id,
        created_at=event.created_at,
        received_at=timezone.now(),
        deliveries=0,
    )
    saved = StripeEvent.objects.filter(event_id=event.id)
    with transaction.atomic():
        StripeEvent.objects.bulk_create([row], ignore_conflicts=True)
        saved.update(deliveries=F("deliveries") + 1)
    return handle(saved.get())


def handle(record: StripeEvent) -> StripeEvent:
    """Handle an event unless that is done. Of many who do so at once, one does it, and the others see what came of it.

    It stays RECEIVED when another takes too long.
    """
    try:
        with locks.alone(f"Stripe event {record.event_id}", seconds=ALONE_WITHIN):
            record.refresh_from_db()
            if not record.is_done:
                _try(record)
    except TimeoutError:
        logger.warning("Stripe event %s is being handled by another process.", record.event_id)
    return record


def _try(record: StripeEvent) -> None:
    record.tried_at = timezone.now()
    record.save(update_fields=["tried_at"])
    record.outcome, note = _outcome(record)
    record.note = note[:400]
    record.save(update_fields=["outcome", "note"])


def _outcome(record: StripeEvent) -> tuple[str, str]:
    handler = HANDLERS.get(record.type)
    if handler is None or not record.object_id:
        return Outcome.IGNORED, ""
    if record.livemode != stripe_client.is_live():
        return Outcome.FOREIGN, "livemode is not ours"
    try:
        is_ours = handler(record)
    except errors.PaymentError as error:
        logger.warning("Stripe event %s could not be handled: %s", record.event_id, error)
        return Outcome.FAILED, str(error)
    except Exception as error:
        logger.exception("Stripe event %s could not be handled.", record.event_id)
        return Outcome.FAILED, type(error).__name__
    return (Outcome.HANDLED if is_ours else Outcome.FOREIGN), ""


def retry(*, now: datetime | None = None) -> list[StripeEvent]:
    """Handle again what failed or was left unfinished, and return it; what was tried least lately comes first."""
    tried = []
    for record in _due(now or timezone.now()):
        tried.append(handle(record))
        if not record.is_done:  # most likely Stripe is down: the rest waits for the next run
            break
    return tried


def _due(now: datetime) -> list[StripeEvent]:
    is_waiting = Q(tried_at=None, received_at__lt=now - PATIENCE) | Q(tried_at__lt=now - PATIENCE)
    found = StripeEvent.objects.filter(
        is_waiting, outcome__in=StripeEvent.OPEN, received_at__gt=now - TRIED_FOR
    )
    return list(found.order_by(F("tried_at").asc(nulls_first=True), "pk")[:MOST])


def handle_left(*, until: float) -> tuple[int, int]:
    """Handle what failed or was left unfinished until a time of the monotonic clock; return how many, and are left."""
    left = StripeEvent.objects.filter(outcome__in=StripeEvent.OPEN)
    done = 0
    for record in left.order_by("received_at")[:MOST]:
        if monotonic() > until:
            break
        done += handle(record).is_done
    return done, left.count()


def expire(*, now: datetime | None = None) -> int:
    """Delete the events received too long ago; return how many."""
    before = (now or timezone.now()) - timedelta(days=settings.STRIPE_EVENT_KEEP_DAYS)
    return StripeEvent.objects.filter(received_at__lt=before).delete()[0]
