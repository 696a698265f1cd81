"""Events that are delivered to a handler of the test, which remembers them."""

from typing import Any

from django.test import Client

from store.models import StripeEvent
from tests.store.paying import event, post_event

Outcome = StripeEvent.Outcome
TOLD = "charge.refunded"
BODY = event(TOLD, data={"id": "ch_1", "object": "charge", "payment_intent": "pi_1"})


class Handler:
    """Handles events as a test says, and remembers them."""

    def __init__(self) -> None:
        self.seen: list[StripeEvent] = []
        self.answers: list[bool | BaseException] = []

    def __call__(self, told: StripeEvent) -> bool:
        self.seen.append(told)
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, BaseException):
            raise answer
        return answer


def deliver(client: Client, settings: Any, **changes: Any) -> int:
    return post_event(client, {**BODY, **changes}, *settings.STRIPE_WEBHOOK_SECRETS)
