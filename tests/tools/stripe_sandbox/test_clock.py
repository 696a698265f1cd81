"""Stripe's clock, ahead of this machine's or behind it: every time that Stripe writes is by its own clock."""

import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import stripe

from tests.tools.stripe_sandbox.shop import HALF_HOUR, KEY, Inbox, ask, client, fetch, order, paid, send
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.slow
DAY = 24 * 60 * 60


@pytest.fixture(scope="module")
def lasting() -> Iterator[Sandbox]:
    """Return one for all that is refused."""
    with Sandbox() as running:
        yield running


@pytest.mark.parametrize("ahead", [600, -600])
def test_all_times_of_stripe_are_by_its_own_clock(sandbox: Sandbox, inbox: Inbox, ahead: int) -> None:
    told = ask(sandbox, "POST", "clock", {"ahead": ahead})
    assert told["ahead"] == ahead
    assert told["now"] - time.time() == pytest.approx(ahead, abs=2)
    shop, now = client(sandbox.url), time.time()
    session = shop.v1.checkout.sessions.retrieve(paid(sandbox), {"expand": ["payment_intent.latest_charge"]})
    answer = fetch(f"{sandbox.url}/v1/events", Authorization=f"Bearer {KEY}")
    sandbox.wait_until_delivered()
    ((body, header),) = inbox.got
    event: Any = stripe.Webhook.construct_event(body, header, sandbox.webhook_secret, tolerance=10**9)
    intent: Any = session.payment_intent
    seen = {
        "session": session.created,
        "intent": intent.created,
        "charge": intent.latest_charge.created,
        "event": event.created,
        "signature": int(re.findall("t=([0-9]+)", header)[0]),
        "Date": parsedate_to_datetime(answer.headers["Date"]).timestamp(),
    }
    assert {name: at - now for name, at in seen.items()} == dict.fromkeys(seen, pytest.approx(ahead, abs=3))


@pytest.mark.parametrize("ahead", [600, -600])
def test_the_limits_of_a_session_are_by_the_clock_of_stripe(sandbox: Sandbox, ahead: int) -> None:
    sandbox.account.ahead = ahead
    sessions, now = client(sandbox.url).v1.checkout.sessions, int(time.time()) + ahead
    for seconds in (HALF_HOUR + 10, DAY - 10):
        assert sessions.create(order(expires_at=now + seconds)).expires_at == now + seconds
    for seconds in (HALF_HOUR - 10, DAY + 30):
        with pytest.raises(stripe.InvalidRequestError, match="expires_at"):
            sessions.create(order(expires_at=now + seconds))


def test_a_clock_put_forward_ends_sessions_whose_time_has_come(sandbox: Sandbox) -> None:
    session = client(sandbox.url).v1.checkout.sessions.create(order())
    ask(sandbox, "POST", "clock", {"ahead": DAY + 1})
    events = ask(sandbox, "GET", "events")
    assert [event["type"] for event in events] == ["checkout.session.expired"]
    assert events[0]["data"]["object"]["id"] == session.id
    assert ask(sandbox, "POST", "clock", {})["ahead"] == 0


@pytest.mark.parametrize(
    ("clock", "param"),
    [
        ({"ahead": "soon"}, "ahead"),
        ({"ahead": True}, "ahead"),
        ({"ahead": float("nan")}, "ahead"),
        ({"ahead": float("inf")}, "ahead"),
        ({"ahead": 1e18}, "ahead"),
        ({"now": 1e18}, "now"),
        ({"now": 1_790_000_000, "ahead": 5}, "ahead"),
        ({"settle_after": 1e18}, "settle_after"),
    ],
)
def test_a_clock_that_cannot_be_is_refused(lasting: Sandbox, clock: dict[str, Any], param: str) -> None:
    status, answer = send(lasting, "POST", "clock", clock)
    assert (status, answer["error"]["param"]) == (400, param)
    assert lasting.account.ahead == 0
