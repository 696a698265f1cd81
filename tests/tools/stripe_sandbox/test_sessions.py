"""Sessions through the SDK: opened, read, listed, expired; every field where the SDK looks for it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from tests.tools.stripe_sandbox.shop import HALF_HOUR, client, line, order, shipping
from tools.stripe_sandbox.server import Sandbox


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        yield running


def test_it_opens_a_session_with_what_was_asked_for(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    session = shop.v1.checkout.sessions.create(
        order(
            line_items=[line(), line(unit_amount=4800, product_data={"name": "Tote"})],
            shipping_options=[shipping()],
            shipping_address_collection={"allowed_countries": ["NL"]},
        )
    )
    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status, session.livemode) == ("open", "unpaid", False)
    assert (session.amount_subtotal, session.amount_total, session.currency) == (12100, 12495, "eur")
    assert session.total_details
    assert session.total_details.to_dict() == {"amount_discount": 0, "amount_shipping": 395, "amount_tax": 0}
    assert session.url == f"{sandbox.url}/c/pay/{session.id}"
    assert (session.client_reference_id, session.metadata["order"]) == ("order-1", "1")
    assert session.adaptive_pricing
    assert session.adaptive_pricing.enabled is False
    assert session.payment_intent is None
    assert session.expires_at - session.created == 24 * 3600


def test_it_has_every_field_that_the_sdk_declares(shop: stripe.StripeClient) -> None:
    session = shop.v1.checkout.sessions.create(order()).to_dict()
    declared = {name for name in stripe.checkout.Session.__annotations__ if name.islower()}
    declared -= {name for name in declared if name.startswith("_")}
    assert declared - session.keys() == {"line_items"}  # shown on demand only


@pytest.mark.parametrize("path", ["currency", "line_items", "payment_intent.x.y.z.a"])
def test_what_cannot_be_expanded_is_refused(shop: stripe.StripeClient, path: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="expand") as refused:
        shop.v1.checkout.sessions.create(order(expand=[path]))
    assert refused.value.param == "expand"


def test_an_unknown_session_is_missing(shop: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such") as refused:
        shop.v1.checkout.sessions.retrieve("cs_test_nobody")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_an_open_session_can_be_expired_once(shop: stripe.StripeClient) -> None:
    session = shop.v1.checkout.sessions.create(order())
    expired = shop.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url, expired.payment_status) == ("expired", None, "unpaid")
    with pytest.raises(stripe.InvalidRequestError, match=r'status in \["open"\]'):
        shop.v1.checkout.sessions.expire(session.id)


def test_a_session_expires_when_its_time_comes(timed: Sandbox, clock: Clock) -> None:
    shop = client(timed.url)
    ends = int(time.time()) + HALF_HOUR + 60
    session = shop.v1.checkout.sessions.create(order(expires_at=ends))
    clock.ahead = HALF_HOUR
    assert shop.v1.checkout.sessions.retrieve(session.id).status == "open"
    clock.ahead = HALF_HOUR + 61
    assert shop.v1.checkout.sessions.list({"status": "expired"}).data[0].id == session.id
    assert shop.v1.events.list({"type": "checkout.session.expired"}).data[0].data.object["id"] == session.id


def test_a_session_expires_with_nobody_asking(timed: Sandbox, clock: Clock) -> None:
    shop = client(timed.url)
    shop.v1.checkout.sessions.create(order())
    clock.ahead = 24 * 3600 + 1
    timed.look_at_the_clock()
    (event,) = shop.v1.events.list().data
    assert event.type == "checkout.session.expired"
    assert event.request
    assert event.request.to_dict() == {"id": None, "idempotency_key": None}
    assert shop.v1.events.retrieve(event.id).to_dict() == event.to_dict()


def test_sessions_are_listed_newest_first_and_page_by_page(shop: stripe.StripeClient) -> None:
    made = [shop.v1.checkout.sessions.create(order()).id for _ in range(5)]
    first = shop.v1.checkout.sessions.list({"limit": 2})
    assert ([session.id for session in first.data], first.has_more) == ([made[4], made[3]], True)
    assert [session.id for session in first.auto_paging_iter()] == made[::-1]
    before = shop.v1.checkout.sessions.list({"ending_before": made[1], "limit": 2})
    assert [session.id for session in before.data] == [made[3], made[2]]


def test_a_list_takes_conditions(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    paid = shop.v1.checkout.sessions.create(order(customer_email="a@example.com"))
    shop.v1.checkout.sessions.create(order())
    sandbox.pay(paid.id)
    paid = shop.v1.checkout.sessions.retrieve(paid.id)
    now = int(time.time())

    def ids(conditions: dict[str, Any]) -> list[str]:
        return [session.id for session in shop.v1.checkout.sessions.list(conditions).data]  # type: ignore[arg-type]

    assert ids({"status": "complete"}) == [paid.id]
    assert ids({"payment_intent": paid.payment_intent}) == [paid.id]
    assert len(ids({"created": {"gte": now - 60}})) == 2
    assert ids({"created": {"gte": now + 60}}) == []


@pytest.mark.parametrize("limit", [0, 101, "x"])
def test_a_list_has_limits(shop: stripe.StripeClient, limit: object) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.checkout.sessions.list({"limit": limit})  # type: ignore[typeddict-item]
    assert refused.value.param == "limit"


def test_the_lines_of_a_session_are_listed_and_its_tax_worked_out_once_the_country_is_known(
    shop: stripe.StripeClient, sandbox: Sandbox
) -> None:
    priced = line()
    priced["price_data"]["tax_behavior"] = "inclusive"
    opened = shop.v1.checkout.sessions.create(
        order(
            line_items=[priced] * 12, automatic_tax={"enabled": True}, billing_address_collection="required"
        )
    )
    assert (opened.automatic_tax.status, opened.total_details.amount_tax) == ("requires_location_inputs", 0)
    sandbox.pay(opened.id, billing_country="GB")
    complete = shop.v1.checkout.sessions.retrieve(opened.id)
    listed = shop.v1.checkout.sessions.line_items.list(opened.id, {"expand": ["data.taxes"]})
    assert (complete.automatic_tax.status, len(listed.data), listed.has_more) == ("complete", 10, True)
    assert complete.amount_total == opened.amount_total
    assert complete.total_details.amount_tax == 12 * listed.data[0].amount_tax > 0
    assert listed.data[0].taxes[0].rate.percentage == 20
