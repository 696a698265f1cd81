"""Faults of webhooks on order: what comes twice, late, never, in another order, or signed by somebody else."""

import hmac
import json
import re
import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from tests.tools.stripe_sandbox.shop import Inbox, ask, client, fetch, order, paid, send
from tools.stripe_sandbox import forgeries, webhook_faults
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.slow
FAULTS = "webhooks/faults"


@pytest.fixture(scope="module")
def lasting() -> Iterator[Sandbox]:
    """Return one for all that is refused."""
    with Sandbox() as running:
        yield running


def expired(sandbox: Sandbox, count: int = 1) -> list[str]:
    """Make events, while webhooks are held back; return their ids, the oldest first."""
    sandbox.deliveries.on_hold = True
    sessions = client(sandbox.url).v1.checkout.sessions
    for _ in range(count):
        sessions.expire(sessions.create(order()).id)
    return sandbox.deliveries.waiting()


def carried(sandbox: Sandbox) -> None:
    """Let go what waits."""
    sandbox.deliveries.on_hold = False
    sandbox.deliveries.wake()
    sandbox.wait_until_delivered()


def right(inbox: Inbox, *secrets: str) -> list[bool]:
    """Return which messages are signed rightly with one of the secrets."""

    def is_right(body: bytes, header: str, secret: str) -> bool:
        try:
            stripe.WebhookSignature.verify_header(body.decode(), header, secret, tolerance=300)
        except stripe.SignatureVerificationError:
            return False
        return True

    return [any(is_right(body, header, secret) for secret in secrets) for body, header in inbox.got]


@pytest.mark.parametrize("kind", ["duplicate", "concurrent"])
def test_an_event_comes_several_times(sandbox: Sandbox, inbox: Inbox, kind: str) -> None:
    first, second = expired(sandbox, 2)
    ask(sandbox, "POST", FAULTS, {"kind": kind, "copies": 5})
    carried(sandbox)
    ids = [event.id for event in inbox.events(sandbox.webhook_secret)]
    assert sorted((ids.count(first), ids.count(second))) == [1, 5]


def test_copies_at_the_same_time_do_not_wait_for_each_other(sandbox: Sandbox, inbox: Inbox) -> None:
    (event,) = expired(sandbox)
    inbox.pause = 0.3
    for kind, least in (("concurrent", 0.3), ("duplicate", 0.9)):
        sandbox.deliveries.faults.add(kind=kind, copies=3)
        started = time.monotonic()
        assert sandbox.deliveries.attempt(event).status == 200
        assert least <= time.monotonic() - started < least + 0.5


def test_an_event_that_is_delayed_comes_later(sandbox: Sandbox, inbox: Inbox) -> None:
    late, next_one = expired(sandbox, 2)
    ask(sandbox, "POST", FAULTS, {"kind": "delayed", "seconds": 0.4})
    assert ask(sandbox, "POST", f"events/{late}/resend")[0]["error"] == "delayed by 0.4 seconds"
    carried(sandbox)
    assert [event.id for event in inbox.events(sandbox.webhook_secret)] == [next_one, late]


def test_an_event_that_is_dropped_never_comes_and_is_marked(sandbox: Sandbox, inbox: Inbox) -> None:
    expired(sandbox)
    ask(sandbox, "POST", FAULTS, {"kind": "dropped", "events": "checkout.*"})
    carried(sandbox)
    assert inbox.got == []
    (event,) = ask(sandbox, "GET", "events")
    assert event["webhook"] == "dropped"
    assert ask(sandbox, "POST", f"events/{event['id']}/resend")[0]["status"] == 200, "as from the dashboard"


def test_a_fault_strikes_the_types_that_it_names_as_often_as_told(sandbox: Sandbox, inbox: Inbox) -> None:
    expired(sandbox, 3)
    sandbox.deliveries.faults.add(kind="duplicate", events="refund.*")
    sandbox.deliveries.faults.add(kind="dropped", events="checkout.session.expired", times=2)
    carried(sandbox)
    assert len(inbox.got) == 1
    (left,) = ask(sandbox, "GET", FAULTS)
    assert (left["kind"], left["times"]) == ("duplicate", 1)
    assert ask(sandbox, "DELETE", FAULTS) == []


@pytest.mark.parametrize("kind", ["badly_signed", "stale", "malformed"])
def test_what_is_not_right_at_first_is_when_it_is_tried_again(
    sandbox: Sandbox, inbox: Inbox, kind: str
) -> None:
    inbox.answers = [400]
    expired(sandbox)
    ask(sandbox, "POST", FAULTS, {"kind": kind})
    carried(sandbox)
    assert right(inbox, sandbox.webhook_secret) == [kind == "malformed", True]
    assert (b"this is no JSON" in inbox.got[0][0]) == (kind == "malformed")
    age = int(time.time()) - int(re.findall("t=([0-9]+)", inbox.got[0][1])[0])
    assert age == pytest.approx(600 if kind == "stale" else 0, abs=3)


def test_secrets_are_exchanged_one_for_the_other(sandbox: Sandbox, inbox: Inbox) -> None:
    old, own = webhook_faults.OLD_SECRET, sandbox.webhook_secret
    expired(sandbox, 2)
    for kind in ("old_secret", "two_secrets"):
        sandbox.deliveries.faults.add(kind=kind)
    sandbox.deliveries.attempt_in_order("oldest")
    assert (right(inbox, old), right(inbox, own)) == ([True, True], [False, True])
    inbox.got.clear()
    assert ask(sandbox, "POST", "webhooks", {"secrets": ["whsec_new", own]})["secrets"] == 2
    expired(sandbox)
    carried(sandbox)
    assert (right(inbox, "whsec_new"), right(inbox, own)) == ([True], [True])
    assert ask(sandbox, "POST", "webhooks", {"secrets": None})["secrets"] == 1


def test_what_waits_is_delivered_in_another_order(sandbox: Sandbox, inbox: Inbox) -> None:
    events = expired(sandbox, 6)

    def came(data: Any) -> list[str]:
        with sandbox.storage.transaction() as db:
            db.change("UPDATE delivery SET state = 'pending'")
        inbox.got.clear()
        told = ask(sandbox, "POST", "webhooks/deliver", data)
        ids = [event.id for event in inbox.events(sandbox.webhook_secret)]
        assert [one["event"] for one in told] == ids
        return ids

    assert came({"order": "oldest"}) == events
    assert came({"order": "newest"}) == events[::-1]
    shuffled = came({"order": "shuffled", "seed": 3})
    assert (sorted(shuffled), shuffled != events) == (sorted(events), True)
    assert came({"order": "shuffled", "seed": 3}) == shuffled
    assert came({"order": "shuffled", "seed": 4}) != shuffled


def test_events_about_what_is_not_the_shops_are_signed_all_the_same(sandbox: Sandbox, inbox: Inbox) -> None:
    sessions = client(sandbox.url).v1.checkout.sessions
    for shape in ("other_account", "live"):
        assert ask(sandbox, "POST", "webhooks/forge", {"kind": "foreign", "shape": shape})["status"] == 200
    other, live = inbox.events(sandbox.webhook_secret)
    for event in (other, live):
        assert (event.type, event.data.object["payment_status"]) == ("checkout.session.completed", "paid")
        with pytest.raises(stripe.InvalidRequestError, match="No such"):
            sessions.retrieve(event.data.object["id"])
    assert (other.account[:5], other.livemode, live.livemode) == ("acct_", False, True)  # type: ignore[index]
    assert live.data.object["id"].startswith("cs_live_")
    name = ask(sandbox, "POST", "webhooks/forge", {"kind": "foreign", "shape": "other_shop"})["session"]
    sandbox.wait_until_delivered()
    assert inbox.events(sandbox.webhook_secret)[-1].data.object["id"] == name
    assert sessions.retrieve(name).client_reference_id == "other-shop-1"


def test_bytes_that_are_no_event_are_signed_too(sandbox: Sandbox, inbox: Inbox) -> None:
    for shape in forgeries.MALFORMED:
        assert ask(sandbox, "POST", "webhooks/forge", {"kind": "malformed", "shape": shape})["status"] == 200
    for body, header in inbox.got:
        code = hmac.new(sandbox.webhook_secret.encode(), header[2:12].encode() + b"." + body, sha256)
        assert header.endswith(f",v1={code.hexdigest()}")
    bodies = dict(zip(forgeries.MALFORMED, (body for body, _header in inbox.got), strict=True))
    assert len(json.loads(bodies["long_id"])["id"]) == 300
    assert json.loads(bodies["nul_in_id"])["id"].endswith("\0")
    assert json.loads(bodies["huge_created"])["created"] == 10**18
    assert {"id", "type"} & json.loads(bodies["no_id"]).keys() == {"type"}
    assert {"id", "type"} & json.loads(bodies["no_type"]).keys() == {"id"}
    for shape in ("not_json", "empty", "not_utf8", "cut_off", "deep"):
        with pytest.raises((ValueError, RecursionError)):
            json.loads(bodies[shape])
    assert [one["event"] for one in sandbox.deliveries.log()][-1] == "malformed: not json"


def test_a_test_carries_messages_by_itself(sandbox: Sandbox) -> None:
    (event,) = expired(sandbox)
    for kind, count in (("duplicate", 2), ("dropped", 0)):
        sandbox.deliveries.faults.add(kind=kind)
        messages = sandbox.deliveries.messages(event)
        assert [json.loads(message.payload)["id"] for message in messages] == [event] * count
        for message in messages:
            stripe.Webhook.construct_event(message.payload, message.signature, sandbox.webhook_secret)


@pytest.mark.parametrize(
    ("path", "data", "param"),
    [
        (FAULTS, {}, "kind"),
        (FAULTS, {"kind": "fire"}, "kind"),
        (FAULTS, {"kind": ["dropped"]}, "kind"),
        (FAULTS, {"kind": "duplicate", "copies": 0}, "copies"),
        (FAULTS, {"kind": "duplicate", "copies": "5"}, "copies"),
        (FAULTS, {"kind": "duplicate", "seconds": 5}, "seconds"),
        (FAULTS, {"kind": "delayed", "seconds": -1}, "seconds"),
        (FAULTS, {"kind": "delayed", "seconds": float("nan")}, "seconds"),
        (FAULTS, {"kind": "stale", "seconds": 1e9}, "seconds"),
        (FAULTS, {"kind": "dropped", "times": 0}, "times"),
        (FAULTS, {"kind": "dropped", "times": True}, "times"),
        (FAULTS, {"kind": "dropped", "events": ""}, "events"),
        (FAULTS, {"kind": "dropped", "events": 5}, "events"),
        (FAULTS, {"kind": "old_secret", "secret": ""}, "secret"),
        (FAULTS, {"kind": "malformed", "shape": "round"}, "shape"),
        (FAULTS, {"kind": "dropped", "colour": "red"}, "colour"),
        ("webhooks/deliver", {"order": "odd"}, "order"),
        ("webhooks/deliver", {"order": "shuffled", "seed": "x"}, "seed"),
        ("webhooks/deliver", {"sede": 1}, "sede"),
        ("webhooks/forge", {}, "kind"),
        ("webhooks/forge", {"kind": "foreign", "shape": "no_id"}, "shape"),
        ("webhooks/forge", {"kind": "malformed", "shape": "live"}, "shape"),
        ("webhooks", {"secrets": []}, "secrets"),
        ("webhooks", {"secrets": [5]}, "secrets"),
        ("webhooks", {"secrets": "whsec_x"}, "secrets"),
        ("webhooks", {"on_hold": "yes"}, "on_hold"),
        ("sessions/cs_x/refund", {"amount": "5"}, "amount"),
        ("sessions/cs_x/refund", {"amount": 0}, "amount"),
        ("sessions/cs_x/refund", {"reason": "mood"}, "reason"),
        ("sessions/cs_x/dispute", {"amount": 1.5}, "amount"),
        ("sessions/cs_x/dispute", {"reason": "mood"}, "reason"),
        ("sessions/cs_x/dispute", {"inquiry": "no"}, "inquiry"),
        ("faults", {"kind": "slow", "time": 1}, "time"),
        ("clock", {"ahaed": 5}, "ahaed"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    lasting: Sandbox, path: str, data: dict[str, Any], param: str
) -> None:
    status, answer = send(lasting, "POST", path, data)
    assert (status, answer["error"]["param"]) == (400, param)
    assert param in answer["error"]["message"]
    assert lasting.deliveries.faults.listed() == lasting.faults.listed() == []


def test_people_order_faults_by_the_forms_of_the_page(sandbox: Sandbox, inbox: Inbox) -> None:
    paid(sandbox)
    sandbox.wait_until_delivered()

    def press(path: str, **fields: str) -> int:
        kind = "application/x-www-form-urlencoded"
        answer = fetch(f"{sandbox.url}/_sandbox/{path}", "POST", urlencode(fields), Content_Type=kind)
        if answer.status == 400:
            assert "Back to the controls" in answer.text
        return answer.status

    assert press(FAULTS, kind="duplicate", copies="3", seconds="", shape="", events="", times="") == 303
    assert press("faults", operation="any", kind="slow", seconds="0.5", times="2") == 303
    assert press("clock", ahead="-600") == 303
    assert press("webhooks/forge", kind="foreign", shape="live") == 303
    assert press("refunds", wait="true") == 303
    assert (sandbox.deliveries.faults.listed()[0]["copies"], sandbox.faults.listed()[0]["seconds"]) == (
        3,
        0.5,
    )
    assert (sandbox.account.ahead, sandbox.account.refunds_wait) == (-600, True)
    html = fetch(f"{sandbox.url}/_sandbox/").text
    assert "kind: duplicate, events: *, times: 1, copies: 3<" in html
    assert "-600 seconds" in html
    assert "foreign: live" in html
    assert press(FAULTS, kind="duplicate", copies="many") == 400
    assert press(f"{FAULTS}/clear") == press("faults/clear") == 303
    assert sandbox.deliveries.faults.listed() == sandbox.faults.listed() == []
