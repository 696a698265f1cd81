"""Webhooks: signed, tried again, kept over a restart, held back and sent again on demand."""

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import stripe

from store.sandbox.secret import webhook_secret
from store.sandbox.server import Sandbox
from tests.store.sandbox.shop import Inbox, client, fetch, order


def send(sandbox: Sandbox, method: str, path: str, data: Any = None, **headers: str) -> tuple[int, Any]:
    """Use the controls; return the status and what they say."""
    body = None if data is None else json.dumps(data)
    usual = {"Content_Type": "application/json"}
    answer = fetch(f"{sandbox.url}/_sandbox/{path}", method, body, **(usual | headers))
    return answer.status, json.loads(answer.text)


def ask(sandbox: Sandbox, method: str, path: str, data: Any = None) -> Any:
    """Use the controls rightly."""
    status, answer = send(sandbox, method, path, data)
    assert status == 200, answer
    return answer


def paid(sandbox: Sandbox) -> str:
    """Pay a session."""
    session = client(sandbox.url).v1.checkout.sessions.create(order())
    sandbox.pay(session.id)
    return session.id


def test_an_event_comes_signed(sandbox: Sandbox, inbox: Inbox) -> None:
    session = paid(sandbox)
    sandbox.wait_until_delivered()
    (event,) = inbox.events(sandbox.webhook_secret)
    assert event.type == "checkout.session.completed"
    assert (event.livemode, event.api_version) == (False, "2026-10-28.endive")
    assert event.data.object["id"] == session
    assert event.data.object["payment_status"] == "paid"
    assert not [name for name in event.data.object.to_dict() if name.startswith("_")]
    with pytest.raises(stripe.SignatureVerificationError):
        inbox.events("whsec_other")


def test_two_secrets_sign_both(inbox: Inbox) -> None:
    with Sandbox(webhook_url=inbox.url, webhook_secret="whsec_new, whsec_old") as sandbox:
        paid(sandbox)
        sandbox.wait_until_delivered()
    assert inbox.events("whsec_new")[0].id == inbox.events("whsec_old")[0].id


def test_what_caused_an_event_is_said(sandbox: Sandbox, inbox: Inbox) -> None:
    shop = client(sandbox.url)
    session = shop.v1.checkout.sessions.create(order())
    answer = shop.v1.checkout.sessions.expire(session.id, options={"idempotency_key": "k"})
    sandbox.wait_until_delivered()
    (event,) = inbox.events(sandbox.webhook_secret)
    assert event.type == "checkout.session.expired"
    assert event.request
    assert event.request.to_dict() == {"id": answer.last_response.request_id, "idempotency_key": "k"}


def test_it_is_tried_again_until_it_arrives(sandbox: Sandbox, inbox: Inbox) -> None:
    inbox.answers = [500, 302]
    paid(sandbox)
    sandbox.wait_until_delivered()
    assert len({event.id for event in inbox.events(sandbox.webhook_secret)}) == 1
    assert [attempt["status"] for attempt in sandbox.deliveries.log()] == [200, 302, 500]


def test_it_is_given_up_in_the_end(sandbox: Sandbox, inbox: Inbox) -> None:
    inbox.answers = [500] * 9
    paid(sandbox)
    sandbox.wait_until_delivered()
    assert len(inbox.got) == 4
    states = [event["webhook"] for event in ask(sandbox, "GET", "events")]
    assert "given up, 4 attempts" in states


def test_a_dead_shop_is_tried_again(sandbox: Sandbox, inbox: Inbox) -> None:
    alive, sandbox.webhook_url = inbox.url, "http://127.0.0.1:9/"
    paid(sandbox)
    until = time.monotonic() + 5
    while not (log := sandbox.deliveries.log()) and time.monotonic() < until:
        time.sleep(0.01)
    assert log[0]["status"] is None
    assert "refused" in log[0]["error"]
    sandbox.webhook_url = alive
    sandbox.wait_until_delivered()
    assert len(inbox.got) == 1


def test_a_restart_goes_on_where_it_ended(tmp_path: Path, inbox: Inbox) -> None:
    database = tmp_path / "sandbox.sqlite3"
    with Sandbox(database=database) as first:
        session = paid(first)
        assert len(first.deliveries.waiting()) == 1
    with Sandbox(database=database, webhook_url=inbox.url) as second:
        second.wait_until_delivered()
        assert client(second.url).v1.checkout.sessions.retrieve(session).payment_status == "paid"
        (event,) = inbox.events(first.webhook_secret)
    assert event.data.object["id"] == session


def test_a_request_cut_off_by_the_end_can_be_sent_again(tmp_path: Path) -> None:
    database = tmp_path / "sandbox.sqlite3"
    with Sandbox(database=database) as first, first.storage.transaction() as db:
        db.change("INSERT INTO answer VALUES ('sk_test_sandbox', 'k', '/', '', 0, 'req_', NULL, NULL)")
    with Sandbox(database=database) as second:
        shop = client(second.url)
        assert shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k"}).status == "open"


def test_it_ends_at_once_while_a_shop_and_a_request_hang() -> None:
    with socket.socket() as dumb:
        dumb.bind(("127.0.0.1", 0))
        dumb.listen()
        sandbox = Sandbox(webhook_url=f"http://127.0.0.1:{dumb.getsockname()[1]}/").start()
        paid(sandbox)
        sandbox.faults.add(operation="retrieve", kind="slow", seconds=60)
        slow = threading.Thread(target=break_off, args=[sandbox])
        slow.start()
        time.sleep(0.2)
        started = time.monotonic()
        sandbox.stop()
        sandbox.stop()
        assert time.monotonic() - started < 1
        slow.join()


def break_off(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.APIConnectionError):
        client(sandbox.url).v1.checkout.sessions.retrieve("cs_test_x")


def test_the_secret_is_made_once(tmp_path: Path) -> None:
    secret = webhook_secret(tmp_path / "var" / "sandbox.sqlite3")
    assert secret.startswith("whsec_")
    assert webhook_secret(tmp_path / "var" / "sandbox.sqlite3") == secret
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["sandbox.webhook-secret"]
    assert (tmp_path / "var" / "sandbox.webhook-secret").stat().st_mode & 0o077 == 0


# --- The controls ----------------------------------------------------------------------------------------
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
