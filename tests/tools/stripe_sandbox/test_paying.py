"""The payment page by plain form posts: paid, declined, later, twice, too late; and money given back."""

import re
import threading
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from tests.tools.stripe_sandbox.shop import fetch, line, order, shipping
from tools.stripe_sandbox import vouchers
from tools.stripe_sandbox.server import Sandbox
from tools.stripe_sandbox.visitor import StayedError

pytestmark = pytest.mark.slow


def opened(shop: stripe.StripeClient, **changes: Any) -> stripe.checkout.Session:
    return shop.v1.checkout.sessions.create(order(**changes))  # type: ignore[arg-type]


def read(shop: stripe.StripeClient, session: stripe.checkout.Session) -> stripe.checkout.Session:
    return shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})


def events(shop: stripe.StripeClient) -> list[str]:
    return [event.type for event in shop.v1.events.list({"limit": 100}).data][::-1]


def get(address: str) -> tuple[int, str]:
    """Open a page."""
    answer = fetch(address)
    return answer.status, answer.text


def post(address: str, fields: dict[str, str], **headers: str) -> tuple[int, str]:
    """Send a form."""
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    answer = fetch(address, "POST", urlencode(fields), **(form | headers))
    return answer.status, answer.text


def test_the_page_shows_what_is_paid_and_that_it_is_a_test(shop: stripe.StripeClient) -> None:
    pictures = ["http://127.0.0.1:8000/mug.jpg?a=1&b=2", "https://shop.example/mug.jpg"]
    evil = {"name": "<b>Mug</b> & $total", "description": "350 ml", "images": pictures}
    session = opened(shop, line_items=[line(product_data=evil)], shipping_options=[shipping()])
    assert session.url
    status, html = get(session.url)
    assert status == 200
    assert "Test payment page:</strong> no money moves." in html
    assert "&lt;b&gt;Mug&lt;/b&gt; &amp; $total" in html
    assert "€28.95" in html
    assert 'href="http://127.0.0.1:8000/basket/"' in html
    assert '<img src="http://127.0.0.1:8000/mug.jpg?a=1&amp;b=2" alt=""' in html
    policy = fetch(session.url).headers["Content-Security-Policy"]
    assert "img-src 'self' http://127.0.0.1:8000 https://shop.example;" in policy


def test_paying_completes_the_session(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    session = opened(
        shop,
        shipping_options=[shipping()],
        shipping_address_collection={"allowed_countries": ["NL"]},
        billing_address_collection="required",
        payment_intent_data={"metadata": {"order": "1"}, "description": "Order 1"},
    )
    assert (
        sandbox.pay(session.id, email="a@example.com") == f"http://127.0.0.1:8000/done/?session={session.id}"
    )
    paid = read(shop, session)
    assert (paid.status, paid.payment_status, paid.amount_total, paid.url) == ("complete", "paid", 2895, None)
    assert paid.customer_details
    assert paid.customer_details.email == "a@example.com"
    assert paid.customer_details.address
    assert paid.customer_details.address.country == "NL"
    assert paid.collected_information
    assert paid.collected_information.shipping_details
    assert paid.collected_information.shipping_details.address.line1 == "1 Example Street"
    intent: Any = paid.payment_intent
    assert (intent.status, intent.amount_received, intent.metadata["order"]) == ("succeeded", 2895, "1")
    assert (intent.latest_charge.status, intent.latest_charge.paid) == ("succeeded", True)
    assert shop.v1.payment_intents.retrieve(intent.id).latest_charge == intent.latest_charge.id
    assert events(shop) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
        "checkout.session.completed",
    ]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"outcome": "decline"}, "Your card was declined."),
        ({"outcome": "insufficient_funds"}, "insufficient funds"),
        ({"number": "4000 0000 0000 0002"}, "Your card was declined."),
        ({"number": "4000000000009995"}, "insufficient funds"),
    ],
)
def test_a_declined_card_can_be_followed_by_another(
    shop: stripe.StripeClient, sandbox: Sandbox, typed: dict[str, str], told: str
) -> None:
    session = opened(shop)
    with pytest.raises(StayedError) as stayed:
        sandbox.pay(session.id, **typed)
    assert stayed.value.status == 402
    assert told in stayed.value.html
    declined: Any = read(shop, session)
    assert (declined.status, declined.payment_status) == ("open", "unpaid")
    assert declined.payment_intent.last_payment_error.code == "card_declined"
    sandbox.pay(session.id)
    paid: Any = read(shop, session)
    assert (paid.payment_status, paid.payment_intent.id) == ("paid", declined.payment_intent.id)
    assert paid.payment_intent.last_payment_error is None


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ({"email": "nobody"}, "email"),
        ({"number": "4111 1111 1111 1111"}, "number"),
        ({"expiry": "13 / 34"}, "expiry"),
        ({"cvc": "x"}, "cvc"),
        ({"card_name": ""}, "card_name"),
        ({"delivery_line1": "x" * 201}, "delivery_line1"),
        ({"delivery_city": ""}, "delivery_city"),
        ({"delivery_country": "US"}, "delivery_country"),
        ({"outcome": "free"}, "outcome"),
        ({"billing_same": "", "billing_line1": ""}, "billing_line1"),
    ],
)
def test_an_incomplete_form_is_shown_again(
    shop: stripe.StripeClient, sandbox: Sandbox, typed: dict[str, str], name: str
) -> None:
    session = opened(
        shop,
        shipping_address_collection={"allowed_countries": ["NL"]},
        billing_address_collection="required",
    )
    with pytest.raises(StayedError) as stayed:
        sandbox.pay(session.id, **typed)
    assert stayed.value.status == 422
    assert f'id="{name}-error"' in stayed.value.html
    assert "4111" not in stayed.value.html
    assert read(shop, session).status == "open"
    sandbox.pay(session.id)
    assert read(shop, session).payment_status == "paid"


def test_a_form_sent_twice_pays_once(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    session = opened(shop)
    assert sandbox.pay(session.id) == sandbox.pay(session.id)
    assert events(shop).count("charge.succeeded") == 1


def test_closed_sessions_have_clear_pages(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    paid, expired = opened(shop), opened(shop)
    sandbox.pay(paid.id)
    shop.v1.checkout.sessions.expire(expired.id)
    assert paid.url
    assert expired.url
    status, html = get(paid.url)
    assert (status, "Already paid" in html, f"session={paid.id}" in html) == (200, True, True)
    status, html = get(expired.url)
    assert (status, "Payment expired" in html, "/basket/" in html) == (410, True, True)
    with pytest.raises(StayedError, match="410"):
        sandbox.pay(expired.id)
    assert get(f"{sandbox.url}/c/pay/cs_test_nobody")[0] == 404


def test_of_paying_and_expiring_one_wins(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    results: list[str] = []

    def pay(session: str) -> None:
        try:
            sandbox.pay(session)
            results.append("paid")
        except StayedError:
            results.append("not paid")

    def expire(session: str) -> None:
        try:
            shop.v1.checkout.sessions.expire(session)
            results.append("expired")
        except stripe.InvalidRequestError:
            results.append("not expired")

    ends = []
    for number in range(12):
        session = opened(shop)
        acts = [pay, expire] if number % 2 else [expire, pay]
        threads = [threading.Thread(target=act, args=[session.id]) for act in acts]
        results.clear()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = read(shop, session)
        ends.append(found.status)
        wanted = {"paid", "not expired"} if found.status == "complete" else {"not paid", "expired"}
        assert set(results) == wanted
    assert len(ends) == 12


# --- Later -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("outcome", "paid", "name"),
    [("delayed_success", "paid", "succeeded"), ("delayed_failure", "unpaid", "failed")],
)
def test_a_bank_debit_is_decided_later(
    shop: stripe.StripeClient, sandbox: Sandbox, outcome: str, paid: str, name: str
) -> None:
    session = opened(shop)
    sandbox.pay(session.id, outcome=outcome)
    waiting: Any = read(shop, session)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert waiting.payment_intent.status == "processing"
    sandbox.account.clock = lambda: waiting.created + 60
    sandbox.look_at_the_clock()
    sandbox.look_at_the_clock()
    assert read(shop, session).payment_status == paid
    told = [event for event in events(shop) if event.startswith("checkout.")]
    assert told == ["checkout.session.completed", f"checkout.session.async_payment_{name}"]


@pytest.mark.parametrize("currency", vouchers.DEBITS)
def test_each_currency_has_its_bank_debit(shop: stripe.StripeClient, sandbox: Sandbox, currency: str) -> None:
    session = opened(shop, line_items=[line(currency=currency)])
    sandbox.pay(session.id, outcome="delayed_success")
    intent: Any = read(shop, session).payment_intent
    assert intent.latest_charge.payment_method_details.type == vouchers.DEBITS[currency]


def test_a_session_for_cards_only_offers_no_bank_debit(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    session = opened(shop, allowed_payment_method_types=["card"])
    with pytest.raises(StayedError, match="422"):
        sandbox.pay(session.id, outcome="delayed_success")


# --- Promotion codes and nothing to pay ------------------------------------------------------------------
def test_a_promotion_code_lowers_the_total(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    lines = [line(unit_amount=333), line(unit_amount=105), {**line(unit_amount=0), "quantity": 1}]
    session = opened(shop, line_items=lines, allow_promotion_codes=True, shipping_options=[shipping()])
    assert session.url
    assert post(session.url, {"action": "apply_code", "code": "NOPE"})[0] == 422
    assert post(session.url, {"action": "apply_code", "code": "test10"})[0] == 303
    sandbox.pay(session.id)
    paid = read(shop, session)
    assert paid.total_details
    assert (paid.amount_subtotal, paid.total_details.amount_discount, paid.amount_total) == (876, 87, 1184)


def test_a_code_is_taken_only_where_the_shop_allows_it(shop: stripe.StripeClient) -> None:
    session = opened(shop)
    assert session.url
    assert post(session.url, {"action": "apply_code", "code": "TEST10"})[0] == 422
    small = opened(shop, line_items=[{**line(unit_amount=50), "quantity": 1}], allow_promotion_codes=True)
    assert small.url
    status, html = post(small.url, {"action": "apply_code", "code": "TEST10"})
    assert (status, "at least €0.50" in html) == (422, True)
    assert read(shop, small).amount_total == 50


def test_a_full_discount_needs_no_payment(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    session = opened(shop, allow_promotion_codes=True)
    assert session.url
    post(session.url, {"action": "apply_code", "code": "TEST100"})
    sandbox.pay(session.id)
    free = read(shop, session)
    assert (free.status, free.payment_status, free.amount_total) == ("complete", "no_payment_required", 0)
    assert free.payment_intent is None
    assert events(shop) == ["checkout.session.completed"]


# --- Who may post, what browsers are told ----------------------------------------------------------------
def test_another_site_cannot_make_a_browser_pay(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    session = opened(shop)
    assert session.url
    for origin in ("http://evil.example", "null"):
        assert post(session.url, {"action": "pay"}, Origin=origin)[0] == 403
    assert post(session.url, {"action": "pay"}, Origin=sandbox.url)[0] == 422


def test_pages_run_no_code_and_load_nothing_from_elsewhere(shop: stripe.StripeClient) -> None:
    session = opened(shop)
    answer = fetch(session.url or "")
    policy, html = answer.headers["Content-Security-Policy"], answer.text
    assert "default-src 'none'" in policy
    assert "img-src 'self';" in policy
    assert re.findall(r'(?:src|href)="(http[^"]*)"', html) == ["http://127.0.0.1:8000/basket/"]
    assert "<script" not in html
    assert "style=" not in html
    assert answer.headers["Set-Cookie"] is None


# --- Giving back -----------------------------------------------------------------------------------------
def test_money_is_given_back_in_parts(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    session = opened(shop)
    sandbox.pay(session.id)
    intent: Any = read(shop, session).payment_intent
    part = shop.v1.refunds.create(
        {"payment_intent": intent.id, "amount": 1000, "metadata": {"why": "broken"}}
    )
    assert (part.amount, part.status, part.currency) == (1000, "succeeded", "eur")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        shop.v1.refunds.create({"payment_intent": intent.id, "amount": 1501})
    rest = shop.v1.refunds.create({"charge": intent.latest_charge.id, "reason": "requested_by_customer"})
    assert rest.amount == 1500
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    assert shop.v1.charges.retrieve(intent.latest_charge.id).refunded is True
    listed = shop.v1.refunds.list({"payment_intent": intent.id}).data
    assert [refund.id for refund in listed] == [rest.id, part.id]
    assert shop.v1.refunds.retrieve(part.id).metadata == part.metadata
    assert events(shop)[-4:] == ["refund.created", "charge.refunded"] * 2


def test_what_was_not_paid_cannot_be_given_back(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    session = opened(shop)
    sandbox.pay(session.id, outcome="delayed_success")
    intent: Any = read(shop, session).payment_intent
    for params in ({"payment_intent": intent.id}, {"payment_intent": "pi_x"}, {"charge": "ch_x"}, {}):
        with pytest.raises(stripe.InvalidRequestError):
            shop.v1.refunds.create(params)  # type: ignore[arg-type]
