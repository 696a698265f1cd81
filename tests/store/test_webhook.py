"""Stripe's messages: believed only when signed, each counted once, and answered so that Stripe knows what to do."""

import http.client
import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe
from django.test import Client
from django.utils import timezone

from store.models import Order, ProductVariant, StockMovement, StripeEvent
from store.orders import emails
from store.payments import errors, fulfilment
from store.payments.webhook import MAX_BYTES
from store.stock import movements
from tests import factories
from tests.store.paying import (
    WEBHOOK,
    deliver,
    event,
    listen,
    mails_about,
    post_event,
    sales,
    stock_of,
)
from tools.stripe_sandbox.events import signature
from tools.stripe_sandbox.server import Sandbox

Status, Outcome = Order.Status, StripeEvent.Outcome


@pytest.fixture
def mug(db: None) -> ProductVariant:
    factories.shipping()
    return factories.product()


@pytest.fixture
def told(sandbox: Sandbox, live_server: Any, mug: ProductVariant) -> Sandbox:
    """Stripe's stand-in, whose webhooks reach a running shop."""
    listen(sandbox, live_server.url)
    return sandbox


# --- From the sandbox, over HTTP -------------------------------------------------------------------------
def test_a_paid_session_is_told_and_the_order_is_paid(told: Sandbox) -> None:
    order = factories.awaiting_order()
    told.pay(order.session_id)
    assert deliver(told) == {"checkout.session.completed": 200}
    order.refresh_from_db()
    assert (order.status, sales(order), mails_about(order)) == (Status.PAID, 1, 1)
    record = StripeEvent.objects.get()
    assert (record.outcome, record.note) == (Outcome.HANDLED, "")


@pytest.mark.parametrize(
    ("outcome", "kind", "status"),
    [
        ("delayed_success", "checkout.session.async_payment_succeeded", Status.PAID),
        ("delayed_failure", "checkout.session.async_payment_failed", Status.FAILED),
    ],
)
def test_the_event_of_a_delayed_payment_pays_or_fails_the_order(
    told: Sandbox, outcome: str, kind: str, status: str
) -> None:
    order = factories.awaiting_order()
    told.pay(order.session_id, outcome=outcome)
    deliver(told)
    told.decide(order.session_id, succeeds=outcome == "delayed_success")
    assert deliver(told) == {kind: 200}
    order.refresh_from_db()
    assert order.status == status


def test_the_same_event_again_and_again_is_counted_and_changes_nothing(told: Sandbox) -> None:
    order = factories.awaiting_order()
    told.pay(order.session_id)
    (name,) = told.deliveries.waiting()
    assert [told.deliveries.attempt(name).status for _ in range(4)] == [200] * 4
    order.refresh_from_db()
    assert (order.status, sales(order), mails_about(order)) == (Status.PAID, 1, 1)
    assert StripeEvent.objects.get().deliveries == 4


@pytest.mark.both_databases
def test_only_the_event_that_came_again_is_counted_again(sandbox: Sandbox, client: Client, db: None) -> None:
    for name in ("evt_test_1", "evt_test_2", "evt_test_2"):
        post_event(client, event(id=name), sandbox.webhook_secret)
    counted = StripeEvent.objects.values_list("event_id", "deliveries")
    assert dict(counted) == {"evt_test_1": 1, "evt_test_2": 2}


def test_while_stripe_is_down_it_says_so_and_the_next_attempt_succeeds(told: Sandbox) -> None:
    order = factories.awaiting_order()
    told.pay(order.session_id)
    told.faults.add(operation="retrieve", kind="error_500", times=3)  # as often as is asked
    assert deliver(told) == {"checkout.session.completed": 503}
    order.refresh_from_db()
    assert (order.status, StripeEvent.objects.get().outcome) == (Status.AWAITING, Outcome.FAILED)
    assert deliver(told) == {"checkout.session.completed": 200}
    order.refresh_from_db()
    assert (order.status, StripeEvent.objects.get().outcome) == (Status.PAID, Outcome.HANDLED)


def test_an_event_that_fails_answers_503_flags_the_order_and_works_when_resent(
    told: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = factories.awaiting_order()
    told.pay(order.session_id)
    monkeypatch.setattr(emails, "order_paid", None)
    assert deliver(told) == {"checkout.session.completed": 503}
    order.refresh_from_db()
    assert (order.status, order.needs_attention) == (Status.AWAITING, True)
    assert StripeEvent.objects.get().outcome == Outcome.FAILED
    monkeypatch.undo()
    assert deliver(told) == {"checkout.session.completed": 200}
    order.refresh_from_db()
    assert order.status == Status.PAID


def test_stripe_carries_an_event_again_by_itself_until_it_was_taken(told: Sandbox) -> None:
    order = factories.awaiting_order()
    told.faults.add(operation="retrieve", kind="error_429", times=2)
    told.pay(order.session_id)
    told.deliveries.on_hold = False
    told.deliveries.wake()
    told.wait_until_delivered()
    order.refresh_from_db()
    assert order.status == Status.PAID
    assert StripeEvent.objects.get().deliveries == 3


def test_the_end_of_a_session_is_told_and_the_goods_are_released(told: Sandbox) -> None:
    order = factories.awaiting_order()
    told.control.expire_now(order.session_id)
    assert deliver(told) == {"checkout.session.expired": 200}
    order.refresh_from_db()
    assert (order.status, stock_of()) == (Status.EXPIRED, (10, 0))


def test_our_own_cancelling_that_is_told_later_changes_nothing(told: Sandbox) -> None:
    order = factories.awaiting_order()
    factories.cancel(order)
    assert deliver(told) == {"checkout.session.expired": 200}
    order.refresh_from_db()
    assert (order.status, stock_of()) == (Status.CANCELLED, (10, 0))


@pytest.mark.parametrize("outcome", ["delayed_success", "delayed_failure"])
@pytest.mark.parametrize("is_in_order", [True, False])
def test_a_delayed_payment_ends_rightly_in_whatever_order_it_is_told(
    told: Sandbox, outcome: str, is_in_order: bool
) -> None:
    order = factories.awaiting_order()
    told.pay(order.session_id, outcome=outcome)
    told.decide(order.session_id, succeeds=outcome == "delayed_success")
    names = told.deliveries.waiting()
    for name in names if is_in_order else reversed(names):
        assert told.deliveries.attempt(name).status == 200
    order.refresh_from_db()
    paid = outcome == "delayed_success"
    assert order.status == (Status.PAID if paid else Status.FAILED)
    assert stock_of() == ((8, 0) if paid else (10, 0))
    assert mails_about(order) == 1, "of the end; that it was under way was never seen"


def test_a_body_that_is_too_long_is_refused_over_the_wire(told: Sandbox) -> None:
    body = b"x" * 600_000
    connection = http.client.HTTPConnection(urlsplit(told.webhook_url).netloc, timeout=10)
    try:
        connection.request(
            "POST", WEBHOOK, body, {"Stripe-Signature": signature(body, [told.webhook_secret])}
        )
        assert connection.getresponse().status == 413
    finally:
        connection.close()
    assert not StripeEvent.objects.exists()


# --- Out of order ----------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_an_expiry_told_after_the_payment_changes_nothing(
    sandbox: Sandbox, mug: ProductVariant, client: Client
) -> None:
    order = factories.awaiting_order()
    sandbox.pay(order.session_id)
    for number, kind in enumerate(("completed", "expired", "async_payment_failed")):
        body = event(f"checkout.session.{kind}", id=f"evt_{number}", data=session_object(order))
        assert post_event(client, body, sandbox.webhook_secret) == 200
    order.refresh_from_db()
    assert (order.status, stock_of(), sales(order)) == (Status.PAID, (8, 0), 1)


@pytest.mark.django_db
def test_a_payment_that_is_only_claimed_pays_nothing(
    sandbox: Sandbox, mug: ProductVariant, client: Client
) -> None:
    """Even a signed event is only a reason to ask."""
    order = factories.awaiting_order()
    claim = {**session_object(order), "status": "complete", "payment_status": "paid"}
    assert post_event(client, event(data=claim), sandbox.webhook_secret) == 200
    order.refresh_from_db()
    assert (order.status, stock_of()) == (Status.AWAITING, (10, 2))


@pytest.mark.django_db
def test_a_payment_told_after_the_goods_were_sold_to_another_is_for_staff(
    sandbox: Sandbox, mug: ProductVariant, client: Client
) -> None:
    order = factories.awaiting_order()
    movements.release(order=order)  # what must never happen
    movements.count(sku="MUG", on_hand=1)
    sandbox.pay(order.session_id)
    assert post_event(client, event(data=session_object(order)), sandbox.webhook_secret) == 200
    order.refresh_from_db()
    assert (order.status, order.needs_attention, stock_of()) == (Status.REVIEW, True, (1, 0))


def session_object(order: Order) -> dict[str, str]:
    return {"id": order.session_id, "object": "checkout.session"}


# --- Foreign ---------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"livemode": True}, Outcome.FOREIGN),
        ({"data": {"id": "cs_test_of_another_shop", "object": "checkout.session"}}, Outcome.FOREIGN),
        ({"data": {"id": "", "object": "checkout.session"}}, Outcome.IGNORED),
        ({"data": {"object": "nonsense"}}, Outcome.IGNORED),
        ({"type": "customer.created", "data": {"id": "cus_1", "object": "customer"}}, Outcome.IGNORED),
        ({"type": "kind.of.tomorrow", "data": {}}, Outcome.IGNORED),
        ({"type": "x" * 3000}, Outcome.IGNORED),
    ],
)
def test_a_foreign_or_unknown_event_answers_200_and_changes_nothing(
    sandbox: Sandbox, mug: ProductVariant, client: Client, changes: dict[str, Any], outcome: str
) -> None:
    order = factories.awaiting_order()
    sandbox.pay(order.session_id)
    before = StockMovement.objects.count()
    assert post_event(client, {**event(), **nested(changes)}, sandbox.webhook_secret) == 200
    order.refresh_from_db()
    assert (order.status, StockMovement.objects.count()) == (Status.AWAITING, before)
    assert StripeEvent.objects.get().outcome == outcome


def nested(changes: dict[str, Any]) -> dict[str, Any]:
    return {**changes, "data": {"object": changes["data"]}} if "data" in changes else changes


@pytest.mark.django_db
def test_a_foreign_session_is_not_asked_for_when_it_is_of_the_other_mode(
    sandbox: Sandbox, mug: ProductVariant, client: Client
) -> None:
    order = factories.awaiting_order()
    sandbox.pay(order.session_id)
    body = event(livemode=True, data=session_object(order))
    assert post_event(client, body, sandbox.webhook_secret) == 200
    order.refresh_from_db()
    assert order.status == Status.AWAITING


@pytest.mark.both_databases
@pytest.mark.django_db
def test_an_event_is_kept_with_what_it_said(sandbox: Sandbox, client: Client) -> None:
    body = event("checkout.session.expired", id="evt_7", livemode=True, created=1_700_000_000)
    before = timezone.now()
    assert post_event(client, body, sandbox.webhook_secret) == 200
    kept = StripeEvent.objects.get()
    assert (kept.event_id, kept.type) == ("evt_7", "checkout.session.expired")
    assert (kept.object_kind, kept.object_id) == ("checkout.session", "cs_test_unknown")
    assert (kept.livemode, kept.note) == (True, "livemode is not ours")
    assert kept.created_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert before <= kept.received_at <= timezone.now()


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_note_or_type_longer_than_its_column_is_cut(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_kwargs: Any) -> None:
        raise errors.UnreachableError("x" * 500)

    monkeypatch.setattr(fulfilment, "settle", fail)
    assert post_event(client, event(), sandbox.webhook_secret) == 503
    assert post_event(client, event("y" * 81, id="evt_2"), sandbox.webhook_secret) == 200
    failed, ignored = StripeEvent.objects.order_by("pk")
    assert (failed.note, ignored.note, ignored.type) == ("x" * 400, "", "y" * 80)
    assert f"Stripe event evt_test_1 could not be handled: {'x' * 400}" in caplog.text


# --- Not signed by Stripe --------------------------------------------------------------------------------
def late(body: bytes, secret: str) -> str:
    """A true signature of ten minutes ago."""
    return stripe.WebhookSignature.generate_signature_header(body.decode(), secret, int(time.time()) - 600)


BODY = b'{"id": "evt_1", "object": "event", "type": "checkout.session.completed", "livemode": false, "created": 1}'


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header",
    [
        "", "x", "t=,v1=", "t=1,v1=abc", "v1=abc", "t=x,v1=abc", "t=NOW", "t=NOW,v1=ä",
        "t=NOW,v1=\u00ff\u00fe", ",,,===", "t=9" + "9" * 5000 + ",v1=x",
        "t=1," * 2000, "\t", "t=²,v1=x",
    ],
)  # fmt: skip
def test_a_message_with_no_true_signature_is_refused(
    sandbox: Sandbox, mug: ProductVariant, client: Client, header: str
) -> None:
    header = header.replace(
        "NOW", str(int(time.time()))
    )  # here, so that every process collects the same tests
    assert post_event(client, BODY, header=header) == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.django_db
def test_a_message_without_any_signature_is_refused(client: Client) -> None:
    assert client.post(WEBHOOK, BODY, content_type="application/json").status_code == 400


@pytest.mark.django_db
def test_a_signature_by_another_secret_or_of_long_ago_is_refused(sandbox: Sandbox, client: Client) -> None:
    assert post_event(client, BODY, "whsec_other") == 400
    assert post_event(client, BODY, header=late(BODY, sandbox.webhook_secret)) == 400
    changed = BODY.replace(b"false", b"true")
    assert post_event(client, changed, header=signature(BODY, [sandbox.webhook_secret])) == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\xfa", b"not json", b"[]", b"null", b"{}", b'"x"', b'{"id": 1}']
)
def test_a_body_that_is_no_event_is_refused_even_when_it_is_signed(
    sandbox: Sandbox, client: Client, body: bytes
) -> None:
    assert post_event(client, body, sandbox.webhook_secret) == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("size", [MAX_BYTES + 1, 3_000_000])
def test_a_message_that_is_too_long_is_refused_though_it_is_signed(
    sandbox: Sandbox, client: Client, size: int
) -> None:
    body = json.dumps(event()).encode().ljust(size)
    assert post_event(client, body, sandbox.webhook_secret) == 413
    assert not StripeEvent.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_a_post_is_taken(client: Client, method: str) -> None:
    assert getattr(client, method)(WEBHOOK).status_code == 405


@pytest.mark.django_db
def test_a_signed_event_from_another_origin_passes_the_csrf_check(sandbox: Sandbox) -> None:
    client = Client(enforce_csrf_checks=True, headers={"sec-fetch-site": "cross-site"})
    assert post_event(client, event(), sandbox.webhook_secret) == 200
