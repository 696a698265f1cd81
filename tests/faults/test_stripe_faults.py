"""Stripe slow, broken, or silent after the deed: the shopper is answered in time, and nobody pays for nothing."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from store.models import Basket, Order
from store.payments import fulfilment, stripe_client
from store.payments.reconciliation import reconcile
from tests import factories
from tests.faults import mail_servers
from tests.store import paying
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status
PATIENCE = 15  # seconds that a shopper is made to wait at most
ALWAYS = 99


@pytest.fixture
def sandbox(settings: Any) -> Iterator[Sandbox]:
    with paying.stand_in(settings) as running:
        yield running


@pytest.fixture
def basket() -> Basket:
    factories.shipping()
    factories.product()
    return factories.basket(MUG=2)


def press_pay(basket: Basket) -> tuple[Any, float]:
    """Press the button; return the answer and how long it took."""
    client = Client()
    client.cookies["basket"] = basket.token
    started = time.monotonic()
    response = paying.press_pay(client, basket)
    return response, time.monotonic() - started


def assert_nobody_pays_or_waits_for_nothing(sandbox: Sandbox, basket: Basket) -> None:
    """No order holds goods without an open page at Stripe, no open page is without its order; the basket is intact."""
    reconcile(now=timezone.now() + timedelta(minutes=2))
    held = set(Order.objects.filter(status__in=Order.AWAITING_PAYMENT).values_list("session_id", flat=True))
    assert held == {session["id"] for session in paying.sessions(sandbox, "open")}
    assert not Order.objects.filter(status=Status.PAID).exists()
    assert paying.stock_of() == (10, 2 * len(held))
    assert dict(basket.lines.values_list("sku", "quantity")) == {"MUG": 2}


@pytest.mark.parametrize(
    "kind", ["slow", "error_500", "error_500_kept", "error_429", "drop_before", "drop_after"]
)
def test_while_no_page_can_be_made_the_shopper_is_told_in_time_and_nothing_stays_held(
    sandbox: Sandbox, basket: Basket, kind: str
) -> None:
    # Slow: later than the retry, which would get the page that the first request made.
    sandbox.faults.add(operation="create", kind=kind, seconds=7, times=ALWAYS)
    response, seconds = press_pay(basket)
    assert seconds < PATIENCE
    assert response.status_code == 502
    assert "basket has not changed" in response.content.decode()
    sandbox.faults.clear()
    if kind == "slow":
        time.sleep(4)  # the last of the slow answers is made
    assert_nobody_pays_or_waits_for_nothing(sandbox, basket)
    assert Order.objects.get().status == Status.CANCELLED
    response, _ = press_pay(basket)
    assert response.status_code == 303, "the next attempt succeeds"
    assert_nobody_pays_or_waits_for_nothing(sandbox, basket)


@pytest.mark.parametrize("kind", ["error_500", "drop_before", "drop_after"])
def test_a_short_hiccup_is_not_noticed(sandbox: Sandbox, basket: Basket, kind: str) -> None:
    sandbox.faults.add(operation="create", kind=kind, times=1)
    response, seconds = press_pay(basket)
    assert response.status_code == 303
    assert seconds < PATIENCE
    assert len(paying.sessions(sandbox)) == 1
    assert_nobody_pays_or_waits_for_nothing(sandbox, basket)


def test_while_stripe_is_down_altogether_a_second_attempt_doubles_nothing(
    sandbox: Sandbox, basket: Basket
) -> None:
    sandbox.faults.add(operation="create", kind="drop_after", times=ALWAYS)
    press_pay(basket)
    sandbox.faults.clear()
    sandbox.faults.add(operation="any", kind="error_500", times=ALWAYS)
    response, seconds = press_pay(basket)
    assert (response.status_code, Order.objects.count()) == (502, 1)
    assert seconds < PATIENCE
    sandbox.faults.clear()
    response, _ = press_pay(basket)
    assert response.status_code == 303
    assert len(paying.sessions(sandbox, "open")) == 1, "the page whose answer was lost is closed"
    assert_nobody_pays_or_waits_for_nothing(sandbox, basket)


def test_a_second_checkout_is_answered_in_time_though_every_answer_is_late(
    sandbox: Sandbox, basket: Basket
) -> None:
    """It asks three things of Stripe; together they take no longer than one may."""
    sandbox.faults.add(operation="create", kind="drop_after", times=3)
    press_pay(basket)
    sandbox.faults.add(operation="list", kind="slow", seconds=3, times=1)
    sandbox.faults.add(operation="expire", kind="slow", seconds=3, times=1)
    sandbox.faults.add(operation="create", kind="slow", seconds=8, times=ALWAYS)
    response, seconds = press_pay(basket)
    assert response.status_code == 502
    assert 9 < seconds < PATIENCE


def test_a_payment_of_a_page_whose_answer_was_lost_is_never_lost(sandbox: Sandbox, basket: Basket) -> None:
    sandbox.faults.add(operation="create", kind="drop_after", times=3)
    press_pay(basket)
    order = Order.objects.get()
    assert (order.status, order.session_id) == (Status.PLACED, None)
    (session,) = paying.sessions(sandbox, "open")
    sandbox.pay(session["id"])
    reconcile(now=timezone.now() + timedelta(minutes=2))
    order.refresh_from_db()
    assert (order.status, order.session_id) == (Status.PAID, session["id"])
    assert paying.stock_of() == (8, 0)


def test_whoever_comes_back_is_answered_in_time_however_slow_stripe_is(
    sandbox: Sandbox, basket: Basket
) -> None:
    order = factories.placed_order(basket)
    fulfilment.start_payment(order=order)
    order.refresh_from_db()
    sandbox.faults.add(operation="any", kind="slow", seconds=20, times=ALWAYS)
    started = time.monotonic()
    response = Client().get(f"/checkout/return/{order.return_token}/?session_id={order.session_id}")
    assert time.monotonic() - started < PATIENCE
    assert response.status_code == 303
    assert paying.stock_of() == (10, 2), "nothing is released on a guess"


def test_a_silent_stripe_never_takes_all_threads_from_visitors(sandbox: Sandbox, basket: Basket) -> None:
    """Whoever comes while so many wait is told within a second, and nothing stays held."""
    with ExitStack() as others:
        for _ in range(stripe_client.MOST_AT_ONCE):
            others.enter_context(stripe_client._asking)
        response, seconds = press_pay(basket)
        assert seconds < PATIENCE / 2
        assert response.status_code == 502
        assert "basket has not changed" in response.content.decode()
        assert paying.sessions(sandbox) == []
        assert_nobody_pays_or_waits_for_nothing(sandbox, basket)
    assert press_pay(basket)[0].status_code == 303


def test_with_nobody_at_the_other_end_the_shopper_is_told_at_once(settings: Any, basket: Basket) -> None:
    settings.STRIPE_API_URL = f"http://127.0.0.1:{mail_servers.unused_port()}"
    response, seconds = press_pay(basket)
    assert response.status_code == 502
    assert seconds < 4
