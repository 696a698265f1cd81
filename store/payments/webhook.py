"""The webhook for Stripe's events: checks the signature and answers so that Stripe knows whether to send one again.

200: done, or not about us. 400: not signed by Stripe, or no event. 503: it failed, send it again. What an event changes
is decided in `events`.
"""

import logging
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from store.models import WebhookRefusal
from store.payments import errors, events, gateway, health, signed_events, stripe_client

Reason = WebhookRefusal.Reason
logger = logging.getLogger(__name__)
MAX_BYTES = 512 * 1024


@csrf_exempt  # Stripe signs its events instead
@never_cache
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Receive one event."""
    if _length(request) > MAX_BYTES:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    with stripe_client.answering_within(stripe_client.PATIENCE):
        return _receive(request)


def _receive(request: HttpRequest) -> HttpResponse:
    try:
        event = gateway.read_event(request.body, request.headers.get("Stripe-Signature", ""))
    except errors.StaleError as error:
        logger.warning(
            "A webhook that Stripe signed is refused as old. If many are, our clock is fast: %s", error
        )
        health.note_refusal(Reason.STALE, age=error.age)
        return _refusal("Signed too long ago.")
    except errors.SignatureError:
        health.note_refusal(Reason.SIGNATURE)
        return _refusal("Not signed by Stripe.")
    except signed_events.MalformedError as error:
        logger.warning("A webhook that Stripe signed is refused: %s", error)
        health.note_refusal(Reason.MALFORMED)
        return _refusal(f"This is not an event: {error}")
    health.forget_refusals()
    is_done = events.receive(event).is_done
    return HttpResponse(status=HTTPStatus.OK if is_done else HTTPStatus.SERVICE_UNAVAILABLE)


def _refusal(words: str) -> HttpResponse:
    return HttpResponse(words, status=HTTPStatus.BAD_REQUEST, content_type="text/plain")


def _length(request: HttpRequest) -> int:
    try:
        return len(request.body)
    except RequestDataTooBig:  # longer than Django reads
        return MAX_BYTES + 1
