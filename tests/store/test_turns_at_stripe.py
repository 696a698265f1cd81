"""Whatever the web asks Stripe waits for its turn, so that a slow Stripe never takes all threads from visitors."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.test import Client

from store.models import Order, Refund, StripeEvent
from store.payments import health_views, stripe_client
from tests.store.paying import event, post_event
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(paid: Order, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As many wait for Stripe's answer as may."""
    monkeypatch.setattr(stripe_client, "LONGEST_TURN", 0.01)
    with ExitStack() as others:
        for _ in range(stripe_client.MOST_AT_ONCE):
            others.enter_context(stripe_client._asking)
        yield


def test_a_webhook_that_gets_no_turn_is_sent_again(sandbox: Sandbox, client: Client, crowd: None) -> None:
    about = {"id": Order.objects.get().session_id, "object": "checkout.session"}
    assert post_event(client, event(data=about), sandbox.webhook_secret) == 503
    assert "Too many wait" in StripeEvent.objects.get().note


@pytest.mark.parametrize("cancels", [False, True])
def test_a_refund_that_gets_no_turn_is_left_to_the_worker(
    admin_client: Client, paid: Order, crowd: None, cancels: bool
) -> None:
    if cancels:
        page = admin_client.post(f"/admin/orders/{paid.pk}/cancel/", follow=True)
    else:
        url, line = f"/admin/orders/{paid.pk}/refunds/", paid.lines.get().pk
        values = {"token": "t" * 43, "restock": "on", f"line_{line}": "1", "confirmed": "1250"}
        page = admin_client.post(url, values, follow=True)
    assert "Stripe has not answered yet" in page.content.decode()
    assert Refund.objects.get().status == Refund.Status.REQUESTED


def test_a_check_that_gets_no_turn_says_so(admin_client: Client, crowd: None) -> None:
    assert "Too many wait" in admin_client.post("/admin/payment-health/").content.decode()


def test_the_connection_is_checked_once_at_a_time(
    admin_client: Client, sandbox: Sandbox, settings: Any
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_!"
    for _ in range(2):
        assert "What the check found" in admin_client.post("/admin/payment-health/").content.decode()
    assert health_views.CHECKS.take("all") == 0
    page = admin_client.post("/admin/payment-health/", follow=True).content.decode()
    assert "Somebody is checking the connection." in page


def test_no_request_begins_when_too_little_time_is_left_for_its_answer(
    sandbox: Sandbox, order: Order
) -> None:
    with (
        stripe_client.answering_within(1),
        pytest.raises(stripe_client.errors.UnreachableError, match="No time"),
    ):
        stripe_client.client().v1.checkout.sessions.retrieve(order.session_id)
    with (
        stripe_client.answering_within(1),
        stripe_client.answering_within(60),
        pytest.raises(stripe_client.errors.UnreachableError),
    ):
        stripe_client.client().v1.checkout.sessions.retrieve(order.session_id)
