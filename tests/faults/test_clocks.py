"""Clocks that are ten minutes apart, ours and Stripe's, the database's, another web server's: bounded, and said."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from home.page_cache import tokens
from policies.models import Policy
from policies.versions.publishing import RefusedContentError
from store.models import Basket, Order
from store.payments.reconciliation import reconcile
from tests import factories
from tests.store import paying
from tools.stripe_sandbox.events import signature
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
Status = Order.Status
FAST, SLOW = timedelta(minutes=10), timedelta(minutes=-10, seconds=-5)


@contextmanager
def our_clock(difference: timedelta) -> Iterator[None]:
    """Let the machine of a web server have a clock that differs."""
    with time_machine.travel(timezone.now() + difference):
        yield


@pytest.fixture
def stripe(settings: Any) -> Iterator[Sandbox]:
    with paying.stand_in(settings) as running:
        yield running


def is_right() -> bool:
    return Client().get("/readyz/").json()["clock"]


def order_at(stripe: Sandbox, difference: timedelta) -> tuple[Any, Basket]:
    """Press the button while our clock differs from Stripe's by so much."""
    factories.shipping()
    factories.product()
    basket = factories.basket(MUG=2)
    stripe.account.clock = lambda: time.time() - difference.total_seconds()
    client = Client()
    client.cookies["basket"] = basket.token
    return paying.press_pay(client, basket), basket


# --- Stripe's -------------------------------------------------------------------------------------------------
def test_a_slow_clock_which_stops_every_checkout_is_named_as_the_reason(
    stripe: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    assert is_right()
    response, basket = order_at(stripe, SLOW)
    assert (response.status_code, Order.objects.get().status) == (502, Status.CANCELLED)
    assert paying.stock_of() == (10, 0)
    assert "The clock of this machine is wrong: it is 60" in caplog.text
    assert "seconds behind that of Stripe" in caplog.text
    assert not is_right()
    stripe.account.clock = time.time
    client = Client()
    client.cookies["basket"] = basket.token
    assert paying.press_pay(client, basket).status_code == 303
    assert is_right()


def test_a_fast_clock_which_refuses_every_webhook_is_named_and_no_payment_is_lost(
    stripe: Sandbox, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response, _basket = order_at(stripe, FAST)
    assert response.status_code == 303
    assert "seconds ahead of that of Stripe" in caplog.text
    assert not is_right()
    caplog.clear()
    payload = json.dumps(paying.event()).encode()
    header = signature(payload, [stripe.webhook_secret])
    with our_clock(FAST):
        assert paying.post_event(client, payload, header=header) == 400
    assert "signed is refused as old" in caplog.text
    assert paying.post_event(client, payload, header=header) == 200
    caplog.clear()
    assert paying.post_event(client, payload, header=header[:-1]) == 400
    assert "refused as old" not in caplog.text
    order = Order.objects.get()
    stripe.pay(order.session_id)
    client.get(f"/checkout/return/{order.return_token}/?session_id={order.session_id}")
    order.refresh_from_db()
    assert order.status == Status.PAID


@pytest.mark.parametrize("difference", [FAST, SLOW])
def test_no_hold_ends_by_our_clock(stripe: Sandbox, difference: timedelta) -> None:
    order_at(stripe, timedelta())
    order = Order.objects.get()
    ends = order.session_expires_at
    reconcile(now=ends - timedelta(minutes=1) + difference)  # by Stripe's clock it is a minute too early
    assert paying.stock_of() == (10, 2)
    stripe.account.clock = lambda: ends.timestamp() + 1
    stripe.look_at_the_clock()
    reconcile(now=ends + difference + timedelta(minutes=11))
    assert paying.stock_of() == (10, 0)


# --- The database's, and the other web server's -----------------------------------------------------------------
@pytest.mark.parametrize("difference", [FAST, SLOW])
def test_a_clock_that_is_not_that_of_the_database_is_named(difference: timedelta) -> None:
    assert is_right()
    with our_clock(difference):
        assert is_right() == (connection.vendor == "sqlite")


def publish(words: str) -> Any:
    page = factories.policy_page() if not Policy.objects.exists() else Policy.objects.get().page
    return factories.publish(page, body=f"<p>{words}</p>")


def in_force() -> str:
    return Policy.objects.get().in_force().html


def test_a_version_of_a_fast_web_server_takes_effect_at_the_other_ten_minutes_later_at_most() -> None:
    publish("Be kind.")
    with our_clock(FAST):
        publish("Be kinder.")
        assert "kinder" in in_force()
    assert "kinder" not in in_force()
    call_command("verify_policies")
    with pytest.raises(RefusedContentError, match="start again from version 2"):
        publish("Be kindest.")  # until then: it would follow a version that it does not start from
    with our_clock(FAST):
        publish("Be kindest.")
        assert "kindest" in in_force()
        call_command("verify_policies")


def test_a_slow_web_server_shows_an_announced_version_ten_minutes_later_at_most() -> None:
    publish("Be kind.")
    at = timezone.now() + timedelta(days=1)
    factories.publish(Policy.objects.get().page, body="<p>Be kinder.</p>", effective_from=at)
    with time_machine.travel(at + SLOW):
        assert "kinder" not in in_force()
    with time_machine.travel(at):
        assert "kinder" in in_force()


def both(look: Callable[[], Any]) -> list[Any]:
    found = []
    for difference in (FAST, SLOW):
        with our_clock(difference):
            found.append(look())
    return found


@pytest.mark.django_db(transaction=True)
def test_no_web_server_keeps_a_page_of_before_a_change_whatever_its_clock_says(settings: Any) -> None:
    tokens.changed("site")
    with transaction.atomic():
        tokens.changed("site")
        before = tokens.current()
        # To the fast one the pause is over; what it keeps now is of another token after the commit.
        assert both(lambda: tokens.current().may_store("site")) == [True, False]
    assert tokens.current().of("site") != before.of("site")
    assert both(lambda: tokens.current().may_store("site")) == [True, True]


def test_a_pause_that_nobody_ends_is_over_for_a_slow_web_server_ten_minutes_later(settings: Any) -> None:
    with transaction.atomic():
        tokens.changed("site")
        end = timezone.now() + timedelta(seconds=settings.PAGE_CACHE_PAUSE_SECONDS)
        with time_machine.travel(end - SLOW):
            assert both(lambda: tokens.current().may_store("site")) == [True, True]
