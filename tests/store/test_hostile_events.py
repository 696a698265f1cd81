"""A signature says who wrote a message, not what it says: whatever its bytes are, it is an event or refused plainly."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from store.models import StripeEvent
from tests.store.paying import WEBHOOK, event, post_event
from tools.stripe_sandbox.delivery import post_event as carry
from tools.stripe_sandbox.events import signature
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


class LeftOut:
    """What is not in a body at all."""

    def __repr__(self) -> str:
        return "left out"  # the names of tests must be the same in each process


LEFT_OUT = LeftOut()


def changed(**changes: Any) -> bytes:
    body = {**event(), **changes}
    return json.dumps({key: value for key, value in body.items() if value is not LEFT_OUT}).encode()


def about(**members: Any) -> bytes:
    """Return an event about an object with these members."""
    return changed(data={"object": {"object": "checkout.session", "id": "cs_test_1", **members}})


def with_raw(value: bytes, key: str = "created") -> bytes:
    """Return an event with a value as no program of ours would write it."""
    return changed(**{key: "HERE"}).replace(b'"HERE"', value)


BODIES = {
    "no bytes": b"",
    "no JSON": b"not json",
    "something after the event": changed() + b"{}",
    "a byte order mark": b"\xef\xbb\xbf" + changed(),
    "UTF-16": changed().decode().encode("utf-16"),
    "bytes that are no UTF-8": b"\xff\xfe" + changed(),
    "a surrogate in raw bytes": with_raw(b'"\xed\xa0\x80"', "id"),
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "a text": b'"evt_1"',
    "a number of 5,000 digits": with_raw(b"9" * 5000),
    "a number of 5,000 digits where nobody looks": with_raw(b"9" * 5000, "pending_webhooks"),
    "a bomb of lists": b"[" * 200_000,
    "a bomb of objects": b'{"a":' * 80_000,
    "a bomb inside an event": with_raw(b"[" * 50_000 + b"]" * 50_000, "request"),
    "a bomb inside its object": about(x="HERE").replace(b'"HERE"', b'{"x":' * 9_000 + b"1" + b"}" * 9_000),
    "no kind": changed(object=LEFT_OUT),
    "a kind of the second API": changed(object="v2.core.event"),
    "a kind that cannot be hashed": changed(object=["event"]),
    **{
        f"the id {value!r:.30}": changed(id=value)
        for value in (
            LEFT_OUT, None, "", 1, True, [], ["evt_1"], {"id": "evt_1"}, "evt_" + "1" * 296, "evt_\0", "evt_1\n",
            "evt_\ud800", "evt 1", "ä", "\u202eevt", "<b>",
        )
    },
    **{
        f"the time {value!r:.30}": changed(created=value)
        for value in (
            LEFT_OUT, None, "now", "1700000000", True, 1.5, 1e18, 10**18, -1, -(10**12), 4_102_444_800, 10**4000, [],
            float("nan"), float("inf"),
        )
    },
    **{f"livemode {value!r:.30}": changed(livemode=value) for value in (LEFT_OUT, None, "false", 0, 1, [])},
    **{
        f"the type {value!r:.30}": changed(type=value)
        for value in (LEFT_OUT, None, "", 1, [], {}, "a\0b", "a b", "ä", "\ud800", "a\n")
    },
    **{f"data {value!r:.30}": changed(data=value) for value in (LEFT_OUT, None, [], "x", 1)},
    **{f"an object {value!r:.30}": changed(data={"object": value}) for value in (None, [], "cs_test_1", 1)},
    "no object": changed(data={}),
    **{f"an object of kind {value!r:.30}": about(object=value) for value in (None, 1, [], {}, "", "a\0", "\ud800")},
    **{
        f"an object with the id {value!r:.30}": about(id=value)
        for value in (1, True, [], {}, "cs_" + "1" * 253, "cs_\0", "\ud800", "../refunds", "cs?x=1", "cs\n")
    },
    **{
        f"a payment with the id {value!r:.30}": about(object="charge", payment_intent=value)
        for value in (1, [], {"id": []}, {"id": "\0"}, "pi_" + "1" * 253, "pi_\ud800")
    },
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_signed_body_that_is_no_event_is_refused_in_one_line_and_not_saved(
    client: Client, settings: Any, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    body = BODIES[name]
    header = {"Stripe-Signature": signature(body, settings.STRIPE_WEBHOOK_SECRETS)}
    response = client.post(WEBHOOK, body, content_type="application/json", headers=header)
    assert (response.status_code, response["Content-Type"]) == (400, "text/plain")
    words = response.content.decode()
    assert len(words) < 80
    assert "\n" not in words
    assert not StripeEvent.objects.exists()
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("store.")]
    if words != "Not signed by Stripe.":  # what is no UTF-8, Stripe's library compares with no signature
        (line,) = lines
        assert line == f"A webhook that Stripe signed is refused: {words.partition(': ')[2]}"


def test_over_http_none_of_them_is_an_error_or_disturbs_the_next(sandbox: Sandbox, live_server: Any) -> None:
    address, secrets = live_server.url + WEBHOOK, [sandbox.webhook_secret]
    answers = {name: carry(address, body, signature(body, secrets)).status for name, body in BODIES.items()}
    assert set(answers.values()) == {400}, answers
    right = changed()
    assert carry(address, right, signature(right, secrets)).status == 200
    assert StripeEvent.objects.get().event_id == "evt_test_1"


# --- What Stripe does send --------------------------------------------------------------------------------
@pytest.mark.both_databases
@pytest.mark.parametrize(
    "body",
    [
        changed(id="evt_" + "1" * 251),
        changed(created=0),
        changed(created=4_102_444_799),
        changed(type="v2." + "x" * 3000),
        changed(nested={"x": [[[[[[1.5e300, None, "\0\ud800"]]]]]]}, api_version="2030-01-01.tomorrow"),
        about(object="coupon", id="Summer sale, 10 % off\0"),  # which a trader types
        changed(data={"object": {"object": "balance"}}),
        changed(data={"object": {}}),
    ],
)
def test_what_stripe_may_send_is_saved_and_staff_can_look_at_it(
    sandbox: Sandbox, client: Client, admin_client: Client, body: bytes
) -> None:
    assert post_event(client, body, sandbox.webhook_secret) == 200
    saved = StripeEvent.objects.get()
    for page in ("", f"inspect/{saved.pk}/"):
        assert admin_client.get(f"/admin/stripe-events/{page}").status_code == 200


# --- Anything ---------------------------------------------------------------------------------------------
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["evt_1", "cs_1", "checkout.session", "charge", "event", "\0", "\ud800", 10**30, 2**31, -1]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "id": VALUES,
        "object": st.sampled_from(["checkout.session", "refund"]) | VALUES,
        "payment_intent": VALUES,
    },
)
EVENTS = st.fixed_dictionaries(
    {"object": st.just("event")},
    optional={
        "id": st.just("evt_1") | VALUES,
        "type": st.just("checkout.session.completed") | VALUES,
        "livemode": st.booleans() | VALUES,
        "created": st.just(int(time.time())) | VALUES,
        "data": st.fixed_dictionaries({"object": OBJECTS}) | VALUES,
    },
)
JSON = (EVENTS | VALUES).map(lambda value: json.dumps(value).encode())


@hypothesis_settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON | JSON | st.binary(max_size=200))
def test_any_signed_bytes_are_an_event_or_refused(sandbox: Sandbox, client: Client, body: bytes) -> None:
    StripeEvent.objects.all().delete()
    status = post_event(client, body, sandbox.webhook_secret)
    assert status in {200, 400}
    assert StripeEvent.objects.count() == (status == 200)


@pytest.mark.parametrize("at", ["253402300800", "9" * 20, "-99999999999999", "1e18", "7=7", "", "٣"])
def test_a_right_signature_with_a_time_that_is_none_is_refused(
    client: Client, sandbox: Sandbox, at: str
) -> None:
    code = hmac.new(
        sandbox.webhook_secret.encode(), f"{at}.".encode() + changed(), hashlib.sha256
    ).hexdigest()
    assert post_event(client, changed(), header=f"t={at},v1={code}") == 400
    assert not StripeEvent.objects.exists()
