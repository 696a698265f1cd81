"""Webhooks: signed, tried again, kept over a restart, given up in the end."""

import socket
import threading
import time
from pathlib import Path

import pytest
import stripe

from tests.tools.stripe_sandbox.shop import Inbox, ask, client, order, paid
from tools.stripe_sandbox.secret import webhook_secret
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.slow


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
