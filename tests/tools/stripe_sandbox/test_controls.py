"""The control URLs: webhooks held back and sent again, sessions ended, paid and refunded, the clock, faults."""

import time
from typing import Any

import pytest

from tests.tools.stripe_sandbox.shop import Inbox, ask, client, fetch, order, paid, send
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.slow


def test_webhooks_are_held_back_and_let_go(sandbox: Sandbox, inbox: Inbox) -> None:
    assert ask(sandbox, "POST", "webhooks", {"on_hold": True})["on_hold"] is True
    paid(sandbox)
    time.sleep(0.2)
    assert inbox.got == []
    (waiting,) = ask(sandbox, "GET", "webhooks")["waiting"]
    (delivered,) = ask(sandbox, "POST", "webhooks/deliver")
    assert (delivered["event"], delivered["status"]) == (waiting, 200)
    assert len(inbox.got) == 1
    paid(sandbox)
    ask(sandbox, "POST", "webhooks", {"on_hold": False})
    sandbox.wait_until_delivered()
    assert len(inbox.got) == 2


def test_an_event_is_sent_twenty_times_at_once(sandbox: Sandbox, inbox: Inbox) -> None:
    paid(sandbox)
    sandbox.wait_until_delivered()
    (event,) = inbox.events(sandbox.webhook_secret)
    answers = ask(sandbox, "POST", f"events/{event.id}/resend", {"times": 20})
    assert [answer["status"] for answer in answers] == [200] * 20
    assert len(inbox.events(sandbox.webhook_secret)) == 21
    assert len(ask(sandbox, "GET", f"deliveries?event={event.id}")) == 21


def test_a_session_is_expired_as_if_its_time_had_come(sandbox: Sandbox, inbox: Inbox) -> None:
    session = client(sandbox.url).v1.checkout.sessions.create(order())
    assert ask(sandbox, "POST", f"sessions/{session.id}/expire-now")["status"] == "expired"
    sandbox.wait_until_delivered()
    (event,) = inbox.events(sandbox.webhook_secret)
    assert event.request
    assert event.request.id is None
    assert send(sandbox, "POST", f"sessions/{session.id}/expire-now")[0] == 400


def test_a_bank_debit_is_decided_by_hand(sandbox: Sandbox) -> None:
    shop = client(sandbox.url)
    session = shop.v1.checkout.sessions.create(order())
    sandbox.pay(session.id, outcome="delayed_failure")
    assert send(sandbox, "POST", f"sessions/{session.id}/settle", {"outcome": "x"})[0] == 400
    settled = ask(sandbox, "POST", f"sessions/{session.id}/settle", {"outcome": "succeed"})
    assert settled["payment_status"] == "paid"
    assert send(sandbox, "POST", f"sessions/{session.id}/settle", {})[0] == 400


def test_a_refund_can_fail(sandbox: Sandbox) -> None:
    shop = client(sandbox.url)
    intent: Any = shop.v1.checkout.sessions.retrieve(paid(sandbox)).payment_intent
    refund = shop.v1.refunds.create({"payment_intent": intent})
    assert ask(sandbox, "POST", f"refunds/{refund.id}/fail")["status"] == "failed"
    assert send(sandbox, "POST", f"refunds/{refund.id}/fail")[0] == 400
    assert shop.v1.refunds.create({"payment_intent": intent}).amount == refund.amount


@pytest.mark.parametrize(("end", "status"), [("succeed", "succeeded"), ("fail", "failed")])
def test_a_refund_waits_until_it_is_decided(sandbox: Sandbox, end: str, status: str) -> None:
    shop = client(sandbox.url)
    intent: Any = shop.v1.checkout.sessions.retrieve(paid(sandbox)).payment_intent
    ask(sandbox, "POST", "refunds", {"wait": True})
    refund = shop.v1.refunds.create({"payment_intent": intent, "amount": 500})
    assert refund.status == "pending"
    assert ask(sandbox, "POST", f"refunds/{refund.id}/{end}")["status"] == status
    assert shop.v1.refunds.retrieve(refund.id).status == status
    assert send(sandbox, "POST", f"refunds/{refund.id}/succeed")[0] == 400
    assert send(sandbox, "POST", "refunds/re_unknown/succeed")[0] == 404
    told = [event.type for event in shop.v1.events.list({"limit": 100}).data]
    assert {"refund.updated", "charge.refund.updated"} <= set(told)
    assert ("refund.failed" in told) == (status == "failed")
    assert send(sandbox, "POST", "refunds", {"wait": "yes"})[0] == 400
    ask(sandbox, "POST", "refunds", {"wait": False})
    assert shop.v1.refunds.create({"payment_intent": intent, "amount": 500}).status == "succeeded"


@pytest.mark.parametrize(
    "fault",
    [
        {"operation": "pay", "kind": "slow"},
        {"operation": "create", "kind": "fire"},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "seconds": True},
        {"kind": "slow", "seconds": "5"},
        {"kind": "slow", "times": 0},
        {"kind": "slow", "time": 1},
        {},
        [],
    ],
)
def test_a_wrong_fault_is_refused(sandbox: Sandbox, fault: Any) -> None:
    assert send(sandbox, "POST", "faults", fault)[0] == 400
    assert ask(sandbox, "GET", "faults") == []


def test_faults_are_ordered_listed_and_cleared(sandbox: Sandbox) -> None:
    fault = {"operation": "create", "kind": "slow", "seconds": 5, "times": 2}
    assert ask(sandbox, "POST", "faults", fault) == fault
    assert ask(sandbox, "GET", "faults") == [fault]
    assert ask(sandbox, "DELETE", "faults") == []
    assert sandbox.faults.listed() == []


def test_the_controls_answer_to_this_machine_and_its_own_pages(sandbox: Sandbox) -> None:
    assert send(sandbox, "GET", "sessions", Host="sandbox.example")[0] == 403
    assert send(sandbox, "POST", "webhooks", {}, Origin="http://evil.example")[0] == 403
    assert send(sandbox, "POST", "webhooks", {}, Sec_Fetch_Site="cross-site")[0] == 403
    assert send(sandbox, "GET", "nothing")[0] == 404
    assert send(sandbox, "POST", "webhooks", {"url": "javascript:x"})[0] == 400
    assert ask(sandbox, "POST", "webhooks", {"url": None})["url"] is None


def test_the_page_of_the_controls_shows_what_there_is(sandbox: Sandbox) -> None:
    session = paid(sandbox)
    assert fetch(sandbox.url).headers["Location"] == "/_sandbox/"
    html = fetch(f"{sandbox.url}/_sandbox/").text
    assert f"/c/pay/{session}" in html
    assert "checkout.session.completed" in html
    assert "POST /_sandbox/events/ID/resend" in html


def test_the_page_of_the_controls_names_the_order_of_sessions_refunds_and_disputes(sandbox: Sandbox) -> None:
    shop = client(sandbox.url)
    for number, action in (("A-1", "refund"), ("B-2", "dispute")):
        session = shop.v1.checkout.sessions.create(order(client_reference_id=number)).id
        ask(sandbox, "POST", f"sessions/{session}/pay", {"email": f"{action}@example.com"})
        ask(sandbox, "POST", f"sessions/{session}/{action}", {})
    html = fetch(f"{sandbox.url}/_sandbox/").text
    assert html.count("<td>A-1, refund@example.com</td>") == 2
    assert html.count("<td>B-2, dispute@example.com</td>") == 2


def test_a_form_sets_when_delayed_payments_are_decided_and_is_refused_in_its_own_words(
    sandbox: Sandbox,
) -> None:
    def send_form(fields: str) -> Any:
        kind = "application/x-www-form-urlencoded"
        return fetch(f"{sandbox.url}/_sandbox/clock", "POST", fields, Content_Type=kind)

    send_form("ahead=&settle_after=90")
    assert sandbox.account.settle_after == 90
    html = fetch(f"{sandbox.url}/_sandbox/").text
    assert "decided automatically 90 seconds after" in html
    assert "Seconds ahead must be a number" in send_form("ahead=soon").text


def test_a_session_is_paid_as_its_page_would_be(sandbox: Sandbox) -> None:
    shop = client(sandbox.url)
    session = shop.v1.checkout.sessions.create(order())
    assert send(sandbox, "POST", f"sessions/{session.id}/pay", {"outcome": "decline"})[0] == 402
    answer = ask(sandbox, "POST", f"sessions/{session.id}/pay", {"email": "a@example.com"})
    assert answer == {"location": f"http://127.0.0.1:8000/done/?session={session.id}"}
    found = shop.v1.checkout.sessions.retrieve(session.id)
    assert found.payment_status == "paid"
    assert found.customer_details
    assert found.customer_details.email == "a@example.com"
    assert send(sandbox, "POST", "sessions/cs_test_x/pay", {})[0] == 404


def test_money_is_given_back_as_from_the_dashboard(sandbox: Sandbox) -> None:
    session = paid(sandbox)
    assert ask(sandbox, "POST", f"sessions/{session}/refund", {"amount": 500})["amount"] == 500
    assert ask(sandbox, "POST", f"sessions/{session}/refund")["amount"] == 2000
    status, answer = send(sandbox, "POST", f"sessions/{session}/refund")
    assert (status, answer["error"]["code"]) == (400, "charge_already_refunded")
    event = client(sandbox.url).v1.events.list({"type": "refund.created"}).data[0]
    assert event.request
    assert event.request.id is None
    unpaid = client(sandbox.url).v1.checkout.sessions.create(order()).id
    assert send(sandbox, "POST", f"sessions/{unpaid}/refund")[0] == 404


def test_the_clock_is_stopped_and_goes_right_again(sandbox: Sandbox) -> None:
    past = int(time.time()) - 30 * 86400
    ask(sandbox, "POST", "clock", {"now": past, "settle_after": 86400})
    shop = client(sandbox.url)
    waiting, left = (shop.v1.checkout.sessions.create(order()) for _ in range(2))
    assert (waiting.created, waiting.expires_at) == (past, past + 86400)
    ask(sandbox, "POST", f"sessions/{waiting.id}/pay", {"outcome": "delayed_success"})
    ask(sandbox, "POST", "clock", {"now": past + 86399})
    assert shop.v1.checkout.sessions.retrieve(waiting.id).payment_status == "unpaid"
    assert shop.v1.checkout.sessions.retrieve(left.id).status == "open"
    ask(sandbox, "POST", "clock", {"now": past + 86400})
    assert shop.v1.checkout.sessions.retrieve(waiting.id).payment_status == "paid"
    assert shop.v1.checkout.sessions.retrieve(left.id).status == "expired"
    assert abs(ask(sandbox, "POST", "clock")["now"] - time.time()) < 1
    assert abs(shop.v1.checkout.sessions.create(order()).created - time.time()) < 2
    for wrong in ("now", True, []):
        assert send(sandbox, "POST", "clock", {"now": wrong})[0] == 400
    for wrong in ("soon", -1, True):
        assert send(sandbox, "POST", "clock", {"settle_after": wrong})[0] == 400


def test_only_chosen_events_are_sent(sandbox: Sandbox, inbox: Inbox) -> None:
    assert ask(sandbox, "POST", "webhooks", {"events": ["refund.*"]})["events"] == ["refund.*"]
    ask(sandbox, "POST", f"sessions/{paid(sandbox)}/refund")
    sandbox.wait_until_delivered()
    assert [event.type for event in inbox.events(sandbox.webhook_secret)] == ["refund.created"]
    assert "checkout.session.*" in ask(sandbox, "POST", "webhooks", {"events": None})["events"]
    for wrong in ("refund.*", [1], {}):
        assert send(sandbox, "POST", "webhooks", {"events": wrong})[0] == 400
