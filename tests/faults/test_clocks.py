"""Clocks that are ten minutes apart, ours and Stripe's, the database's, another web server's: bounded, and said."""

import json
import re
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
from store.payments import stripe_clock
from store.payments.reconciliation import reconcile
from tests import factories
from tests.store import paying
from tools.stripe_sandbox.events import signature
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
Status = Order.Status
FAST, SLOW = timedelta(minutes=10), timedelta(minutes=-10, seconds=-5)
HOUR = timedelta(hours=1)


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
    stripe.account.ahead = -difference.total_seconds()
    client = Client()
    client.cookies["basket"] = basket.token
    return paying.press_pay(client, basket), basket


# --- Stripe's -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("difference", [FAST, SLOW, HOUR, -HOUR])
def test_whatever_our_clock_says_the_first_checkout_works_and_the_difference_is_named(
    stripe: Sandbox, caplog: pytest.LogCaptureFixture, difference: timedelta
) -> None:
    assert is_right()
    response, basket = order_at(stripe, difference)
    assert (response.status_code, Order.objects.get().status) == (303, Status.AWAITING)
    assert paying.stock_of() == (10, 2)
    side = "ahead of" if difference > timedelta() else "behind"
    assert re.search(
        rf"The clock of this machine is wrong: it is \d+ seconds {side} that of Stripe", caplog.text
    )
    assert not is_right()
    stripe_clock.measure()
    assert caplog.text.count("The clock of this machine is wrong") == 1, "once an hour"
    stripe.account.ahead = 0
    client = Client()
    client.cookies["basket"] = basket.token
    assert paying.press_pay(client, basket).status_code == 303
    assert is_right()


@pytest.mark.parametrize("difference", [HOUR, -HOUR])
def test_once_the_difference_is_known_pages_close_when_they_should(
    stripe: Sandbox, settings: Any, difference: timedelta
) -> None:
    stripe.account.ahead = -difference.total_seconds()
    stripe_clock.measure()
    order_at(stripe, difference)
    order = Order.objects.get()
    ours = order.session_expires_at + difference
    assert abs(ours - timezone.now() - timedelta(minutes=settings.HOLD_MINUTES)) < timedelta(seconds=5)
    assert order.session_params["expires_at"] == int(order.session_expires_at.timestamp())
    assert paying.sessions(stripe)[0]["expires_at"] == order.session_params["expires_at"]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_fast_clock_refuses_no_webhook_and_an_old_one_is_refused_as_before(
    stripe: Sandbox, client: Client, caplog: pytest.LogCaptureFixture, is_known: bool
) -> None:
    stripe.account.ahead = -HOUR.total_seconds()
    if is_known:
        stripe_clock.measure()
    payload = json.dumps(paying.event()).encode()
    new, old = (
        signature(payload, [stripe.webhook_secret], at=stripe.account.now() - age) for age in (0, 301)
    )
    assert paying.post_event(client, payload, header=old) == 400
    assert "signed is refused as old" in caplog.text
    assert paying.post_event(client, payload, header=new) == 200
    assert "seconds ahead of that of Stripe" in caplog.text


def test_while_stripe_does_not_say_its_time_ours_decides(
    stripe: Sandbox, client: Client, settings: Any
) -> None:
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    payload = json.dumps(paying.event()).encode()
    header = signature(payload, [stripe.webhook_secret], at=int(time.time()) - 3600)
    assert paying.post_event(client, payload, header=header) == 400


def test_a_page_whose_answer_was_lost_is_found_and_closed_by_stripes_clock(stripe: Sandbox) -> None:
    stripe.faults.add(operation="create", kind="drop_after", times=3)
    response, _basket = order_at(stripe, HOUR)
    order = Order.objects.get()
    assert (response.status_code, order.status, order.session_id) == (502, Status.PLACED, None)
    reconcile(now=timezone.now() + timedelta(minutes=2))
    assert [session["status"] for session in paying.sessions(stripe)] == ["expired"]


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
