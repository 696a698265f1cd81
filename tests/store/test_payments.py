"""Stripe's own ways: how it counts money, what it signs, and which of its errors leave a question open."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from store.payments import errors, gateway, money, stripe_amounts, stripe_client, stripe_objects
from tests.store.paying import purchase
from tools.stripe_sandbox import currencies
from tools.stripe_sandbox.events import signature
from tools.stripe_sandbox.server import Sandbox


def create(params: dict[str, Any], key: str = "order-1") -> stripe_objects.Session:
    return gateway.create_session(params, idempotency_key=key)


# --- Units -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("currency", sorted(currencies.SUPPORTED))
def test_to_stripe_agrees_for_each_currency_not_listed_as_counted_otherwise(currency: str) -> None:
    ours = currency.upper()
    one_hundred = money.to_minor("100", ours)  # of the whole unit
    agrees = stripe_amounts.to_stripe(one_hundred, ours) == 100 * 10 ** currencies.digits(currency)
    assert agrees is (ours not in stripe_amounts.COUNTED_OTHERWISE)


@given(minor=st.integers(0, 10**10), currency=st.sampled_from(["GBP", "JPY", "KWD", "ISK", "UGX"]))
def test_amounts_come_back_from_stripe_as_they_went(minor: int, currency: str) -> None:
    assert stripe_amounts.from_stripe(stripe_amounts.to_stripe(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("currency", "price", "shipping", "at_stripe"),
    [
        ("GBP", 1250, 395, 1250),
        ("JPY", 1500, 400, 1500),
        ("KWD", 1230, 500, 1230),
        ("ISK", 1990, 900, 199_000),
    ],
)
def test_stripe_is_asked_for_what_the_shopper_was_shown(
    sandbox: Sandbox, currency: str, price: int, shipping: int, at_stripe: int
) -> None:
    params = purchase(currency, price=price, shipping=shipping)
    assert params["line_items"][0]["price_data"]["unit_amount"] == at_stripe
    session = gateway.create_session(params, idempotency_key="k")
    sandbox.pay(session.id)
    paid = gateway.retrieve_session(session.id)
    assert (paid.currency, paid.subtotal, paid.shipping) == (currency, 2 * price, shipping)
    assert paid.total == 2 * price + shipping
    assert paid.is_paid


def test_promotion_codes_can_be_typed_in_and_nothing_else_can_change_the_total() -> None:
    params = purchase()
    assert params["allow_promotion_codes"] is True
    assert params["adaptive_pricing"] == {"enabled": False}
    assert len(params["shipping_options"]) == 1
    assert params["shipping_address_collection"] == {"allowed_countries": ["GB"]}
    assert "adjustable_quantity" not in params["line_items"][0]


# --- Requests --------------------------------------------------------------------------------------------
def test_the_same_question_under_the_same_key_gets_the_same_session(sandbox: Sandbox) -> None:
    bought = purchase()
    assert create(bought).id == create(bought).id
    assert create(bought, key="order-2").id != create(bought).id


def test_other_parameters_under_the_same_key_are_no_sure_refusal(sandbox: Sandbox) -> None:
    """The first ones may have made a session."""
    create(purchase())
    with pytest.raises(errors.UnreachableError):
        create(purchase(price=9999))


@pytest.mark.parametrize("kind", ["error_500", "error_500_kept", "drop_before", "drop_after"])
def test_an_answer_that_can_hide_a_session_is_told_as_unreachable(sandbox: Sandbox, kind: str) -> None:
    sandbox.faults.add(operation="create", kind=kind, times=9)
    with pytest.raises(errors.UnreachableError):
        create(purchase())


def test_a_hiccup_is_got_over_without_a_word(sandbox: Sandbox) -> None:
    sandbox.faults.add(operation="create", kind="drop_after", times=1)
    assert create(purchase()).status == "open"


@pytest.mark.parametrize("wrong", [{"mode": "nonsense"}, {"line_items": []}, {"customer_email": "x"}])
def test_a_refusal_is_told_as_refused(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.RefusedError):
        gateway.create_session({**purchase(), **wrong}, idempotency_key="k")


def test_too_many_requests_is_a_refusal_since_nothing_was_done(sandbox: Sandbox) -> None:
    sandbox.faults.add(operation="create", kind="error_429")
    with pytest.raises(errors.RefusedError):
        create(purchase())


def test_a_session_that_stripe_does_not_know_is_told_as_such(sandbox: Sandbox) -> None:
    with pytest.raises(errors.NotFoundError):
        gateway.retrieve_session("cs_test_nobody")


def test_a_lost_session_is_found_by_the_orders_number(sandbox: Sandbox) -> None:
    since = timezone.now() - timedelta(minutes=5)
    assert gateway.find_session(reference="261122-ABCDEF", made_after=since) is None
    made = create(purchase())
    found = gateway.find_session(reference="261122-ABCDEF", made_after=since)
    assert found is not None
    assert found.id == made.id
    assert gateway.find_session(reference="261122-ABCDEX", made_after=since) is None


@pytest.mark.slow
def test_find_session_reads_all_pages_until_its_time_is_over(
    sandbox: Sandbox,
) -> None:
    since = timezone.now() - timedelta(minutes=5)
    made = create(purchase())
    others = purchase(number="261122-OTHERS")
    for number in range(100):
        create(others, key=f"other-{number}")
    found = gateway.find_session(reference="261122-ABCDEF", made_after=since)
    assert found is not None
    assert found.id == made.id
    sandbox.faults.add(operation="list", kind="slow", seconds=2, times=1)
    with stripe_client.answering_within(6), pytest.raises(errors.UnreachableError, match="No time"):
        gateway.find_session(reference="261122-ABCDEF", made_after=since)


def test_questions_end_when_the_time_for_them_is_over(sandbox: Sandbox) -> None:
    sandbox.faults.add(operation="any", kind="error_500", times=99)
    started = time.monotonic()
    with stripe_client.answering_within(5), pytest.raises(errors.UnreachableError):
        gateway.retrieve_session("cs_test_x")
    assert time.monotonic() - started < 0.4, "time for one try leaves none for a second"
    with stripe_client.answering_within(1), pytest.raises(errors.UnreachableError, match="No time"):
        gateway.retrieve_session("cs_test_x")


# --- Signatures ------------------------------------------------------------------------------------------
BODY = b'{"id": "evt_1", "object": "event", "type": "x", "livemode": false, "created": 1, "data": {"object": {}}}'


def test_an_event_signed_with_either_secret_is_read_during_rotation(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", "whsec_old"]
    for secrets in (["whsec_old"], ["whsec_new"], ["whsec_old", "whsec_new"]):
        assert gateway.read_event(BODY, signature(BODY, secrets)).id == "evt_1"
    with pytest.raises(errors.SignatureError):
        gateway.read_event(BODY, signature(BODY, ["whsec_other"]))


def test_without_a_secret_nothing_is_believed(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    with pytest.raises(errors.SignatureError):
        gateway.read_event(BODY, signature(BODY, [""]))
