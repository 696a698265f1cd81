"""Stripe's messages. Each is checked, written down once, and answered so that Stripe knows whether to send it again.

200: done, or not about us. 400: not signed by Stripe. 503: we could not finish; send it again.
"""

import logging
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from store import payments, settling
from store.models import OrderEvent, StripeEvent

logger = logging.getLogger(__name__)

MAX_BYTES = 512 * 1024
SESSION_EVENTS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)
Outcome = StripeEvent.Outcome


@csrf_exempt  # Stripe signs its messages instead
@never_cache
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Take in one message."""
    if _length(request) > MAX_BYTES:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        event = payments.read_event(request.body, request.headers.get("Stripe-Signature", ""))
    except payments.SignatureError:
        return HttpResponse("Not signed by Stripe.", status=HTTPStatus.BAD_REQUEST, content_type="text/plain")
    record = _written_down(event)
    if record.outcome in {Outcome.HANDLED, Outcome.FOREIGN, Outcome.IGNORED}:
        return HttpResponse()
    return _handle(event, record)


def _length(request: HttpRequest) -> int:
    try:
        return len(request.body)
    except RequestDataTooBig:  # longer than Django reads; to Stripe, too long is too long
        return MAX_BYTES + 1


def _written_down(event: payments.Event) -> StripeEvent:
    """Write the event down, once however often it comes."""
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
    return record


def _handle(event: payments.Event, record: StripeEvent) -> HttpResponse:
    if event.type not in SESSION_EVENTS or not event.session_id:
        return _answer(record, Outcome.IGNORED)
    if event.livemode != payments.is_live():
        return _answer(record, Outcome.FOREIGN, note="livemode is not ours")
    try:
        order = settling.settle(session_id=event.session_id, by=OrderEvent.By.STRIPE)
    except payments.PaymentError as error:
        logger.warning("Stripe event %s could not be handled: %s", event.id, error)
        return _answer(record, Outcome.FAILED, note=str(error), status=HTTPStatus.SERVICE_UNAVAILABLE)
    return _answer(record, Outcome.HANDLED if order else Outcome.FOREIGN)


def _answer(
    record: StripeEvent, outcome: str, *, note: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    record.outcome = outcome
    record.note = note[:400]
    record.save(update_fields=["outcome", "note"])
    return HttpResponse(status=status)
