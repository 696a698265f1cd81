"""The inbox of Stripe's events: each is saved once, and the order that it is about is brought up to date.

An event that failed is handled when Stripe delivers it again.
"""

import logging

from django.db.models import F
from django.utils import timezone

from store.models import OrderEvent, StripeEvent
from store.payments import fulfilment, gateway

Outcome = StripeEvent.Outcome
logger = logging.getLogger(__name__)

SESSION_EVENTS = {
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
}


def receive(event: gateway.Event) -> StripeEvent:
    """Save an event, once however often it is delivered, and settle the order that it is about."""
    record, is_new = StripeEvent.objects.get_or_create(
        event_id=event.id,
        defaults={
            "type": event.type[:80],
            "livemode": event.livemode,
            "session_id": event.session_id,
            "created_at": event.created_at,
            "received_at": timezone.now(),
        },
    )
    if not is_new:
        StripeEvent.objects.filter(pk=record.pk).update(deliveries=F("deliveries") + 1)
    if record.outcome in {Outcome.RECEIVED, Outcome.FAILED}:
        record.outcome, note = _outcome(event)
        record.note = note[:400]
        record.save(update_fields=["outcome", "note"])
    return record


def _outcome(event: gateway.Event) -> tuple[str, str]:
    if event.type not in SESSION_EVENTS or not event.session_id:
        return Outcome.IGNORED, ""
    if not event.is_ours:
        return Outcome.FOREIGN, "livemode is not ours"
    try:
        order = fulfilment.settle(session_id=event.session_id, by=OrderEvent.By.STRIPE)
    except gateway.PaymentError as error:
        logger.warning("Stripe event %s could not be handled: %s", event.id, error)
        return Outcome.FAILED, str(error)
    return (Outcome.HANDLED if order else Outcome.FOREIGN), ""
