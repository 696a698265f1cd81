"""Every request that Stripe would refuse is refused, in Stripe's shape, naming the parameter; nothing is made."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from stripe._api_version import _ApiVersion

from tests.tools.stripe_sandbox.shop import KEY, client, fetch, line, order, shipping
from tools.stripe_sandbox.events import API_VERSION
from tools.stripe_sandbox.server import Sandbox

DAY, HALF_HOUR = 86400, 1800


def with_lines(*lines: dict[str, Any]) -> dict[str, Any]:
    return order(line_items=list(lines))


def with_pictures(*urls: str) -> dict[str, Any]:
    return with_lines(line(product_data={"name": "Mug", "images": [*urls]}))


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in order().items() if key != name}


def in_seconds(seconds: int) -> dict[str, Any]:
    return order(expires_at=int(time.time()) + seconds)


def taking(least: int, most: int) -> dict[str, Any]:
    ends = {"minimum": least, "maximum": most}
    estimate = {end: {"unit": "business_day", "value": value} for end, value in ends.items()}
    return {"shipping_rate_data": {**shipping()["shipping_rate_data"], "delivery_estimate": estimate}}


PRICE = "line_items[0][price_data]"
FIXED = "shipping_options[0][shipping_rate_data][fixed_amount]"
DAYS = "shipping_options[0][shipping_rate_data][delivery_estimate]"
COUNTRIES = "shipping_address_collection[allowed_countries]"
CUSTOM = [{"key": "k", "label": {"type": "custom", "custom": "K"}, "type": "text"}]
REFUSED = [
    # The SDK's types
    (order(colour="red"), "colour", "parameter_unknown"),
    (with_lines({**line(), "color": "red"}), "line_items[0][color]", "parameter_unknown"),
    (with_lines(line(amount=5)), "line_items[0][price_data][amount]", "parameter_unknown"),
    (order(payment_method_types=["card"]), "payment_method_types", "parameter_unknown"),
    (with_lines({**line(), "quantity": "two"}), "line_items[0][quantity]", "parameter_invalid_integer"),
    (with_lines({**line(), "quantity": 1.5}), "line_items[0][quantity]", "parameter_invalid_integer"),
    (with_lines({**line(), "quantity": 10**30}), "line_items[0][quantity]", "parameter_invalid_integer"),
    (with_lines(line(product_data={"description": "x"})), f"{PRICE}[product_data][name]", "parameter_missing"),
    (order(mode="paiment"), "mode", None),
    (order(ui_mode="hosted"), "ui_mode", None),
    (order(cancel_url=""), "cancel_url", "parameter_invalid_empty"),
    (order(allow_promotion_codes="yes"), "allow_promotion_codes", None),
    (order(line_items="mugs"), "line_items", None),
    (order(adaptive_pricing=True), "adaptive_pricing", None),
    (order(shipping_address_collection={"allowed_countries": ["XX"]}), f"{COUNTRIES}[0]", None),
    (order(client_reference_id="x" * 5001), "client_reference_id", "parameter_invalid_string"),
    (order(locale="klingon"), "locale", None),
    # Tax
    (order(automatic_tax={"enabled": True}), f"{PRICE}[tax_behavior]", "parameter_missing"),
    (with_lines(line(product_data={"name": "x", "tax_code": "txcd_1"})), f"{PRICE}[product_data][tax_code]", None),
    # What is needed
    (without("mode"), "mode", "parameter_missing"),
    (without("line_items"), "line_items", "parameter_missing"),
    (without("success_url"), "success_url", "parameter_missing"),
    (with_lines({"price_data": line()["price_data"]}), "line_items[0][quantity]", "parameter_missing"),
    (with_lines({"quantity": 1}), "line_items[0][price_data]", "parameter_missing"),
    (with_lines({"quantity": 1, "price": "price_1"}), "line_items[0][price]", "resource_missing"),
    # Numbers and amounts
    (with_lines({**line(), "quantity": 0}), "line_items[0][quantity]", "parameter_invalid_integer"),
    (with_lines({**line(), "quantity": -1}), "line_items[0][quantity]", "parameter_invalid_integer"),
    (with_lines(line(unit_amount=-1)), "line_items[0][price_data][unit_amount]", "parameter_invalid_integer"),
    (with_lines(line(unit_amount=10**9)), "line_items[0][price_data][unit_amount]", "amount_too_large"),
    (with_lines({**line(unit_amount=10**7), "quantity": 99}), "line_items", "amount_too_large"),
    (with_lines(line(unit_amount=20)), None, "amount_too_small"),
    (with_lines(line(unit_amount=24, currency="jpy")), None, "amount_too_small"),
    (with_lines(line(unit_amount=1250, currency="isk")), "line_items[0][price_data][unit_amount]", None),
    (with_lines(line(unit_amount=1250, currency="ugx")), "line_items[0][price_data][unit_amount]", None),
    (with_lines(line(unit_amount=1255, currency="kwd")), "line_items[0][price_data][unit_amount]", None),
    (with_lines(line(currency="xxx")), "line_items[0][price_data][currency]", None),
    (with_lines(line(currency="EUR")), "line_items[0][price_data][currency]", None),
    (with_lines(line(), line(currency="usd")), "line_items[1][price_data][currency]", None),
    (order(shipping_options=[shipping(currency="usd")]), f"{FIXED}[currency]", None),
    (with_lines(line(recurring={"interval": "month"})), "mode", None),
    (order(shipping_options=[taking(0, 4)]), f"{DAYS}[minimum][value]", "parameter_invalid_integer"),
    (order(shipping_options=[taking(5, 4)]), f"{DAYS}[minimum][value]", None),
    # Counts and lengths
    (with_lines(*[line()] * 101), "line_items", None),
    (order(metadata={f"k{n}": "v" for n in range(51)}), "metadata", None),
    (order(metadata={"k" * 41: "v"}), "metadata", None),
    (order(metadata={"k": "v" * 501}), "metadata[k]", None),
    (order(client_reference_id="x" * 201), "client_reference_id", None),
    # Addresses
    (order(success_url="/done/"), "success_url", "url_invalid"),
    (order(success_url="http://shop.example/done/"), "success_url", "url_invalid"),
    (order(cancel_url="javascript:alert(1)"), "cancel_url", "url_invalid"),
    (order(success_url="https://shop.example/?s=%7BCHECKOUT_SESSION_ID%7D"), "success_url", "url_invalid"),
    (order(customer_email="nobody"), "customer_email", "email_invalid"),
    (with_pictures("/media/mug.jpg"), f"{PRICE}[product_data][images][0]", "url_invalid"),
    (with_pictures("http://shop.example/mug.jpg"), f"{PRICE}[product_data][images][0]", "url_invalid"),
    (with_pictures(*["https://shop.example/mug.jpg"] * 9), f"{PRICE}[product_data][images]", None),
    # What the sandbox cannot act out
    (order(mode="subscription"), "sandbox", "sandbox_unsupported"),
    (order(discounts=[{"coupon": "x"}]), "sandbox", "sandbox_unsupported"),
    (order(automatic_tax={"enabled": True, "liability": {"type": "self"}}), "sandbox", "sandbox_unsupported"),
    (order(shipping_options=[shipping()] * 2), "sandbox", "sandbox_unsupported"),
    (order(custom_fields=CUSTOM), "sandbox", "sandbox_unsupported"),
    (order(custom_text={"submit": {"message": "x"}}), "sandbox", "sandbox_unsupported"),
    (order(consent_collection={"terms_of_service": "required"}), "sandbox", "sandbox_unsupported"),
    (order(payment_intent_data={"capture_method": "manual"}), "sandbox", "sandbox_unsupported"),
    (with_lines({**line(), "tax_rates": ["txr_1"]}), "sandbox", "sandbox_unsupported"),
    (with_lines(line(product_data={"name": "Mug", "unit_label": "pair"})), "sandbox", "sandbox_unsupported"),
    (with_lines({**line(), "adjustable_quantity": {"enabled": True}}), "sandbox", "sandbox_unsupported"),
]  # fmt: skip


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Return one for all: what is refused leaves nothing behind."""
    with Sandbox() as running:
        yield running


@pytest.mark.parametrize(("params", "param", "code"), REFUSED)
def test_a_wrong_session_is_refused(
    shop: stripe.StripeClient, params: dict[str, Any], param: str | None, code: str | None
) -> None:
    before = len(shop.v1.checkout.sessions.list({"limit": 100}).data)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.checkout.sessions.create(params)  # type: ignore[arg-type]
    error = refused.value
    assert error.code == code
    if code != "sandbox_unsupported":
        assert error.param == param
    assert error.http_status == (404 if code == "resource_missing" else 400)
    assert error.json_body["error"]["type"] == "invalid_request_error"
    assert error.request_id.startswith("req_")
    assert len(shop.v1.checkout.sessions.list({"limit": 100}).data) == before


@pytest.mark.parametrize("seconds", [HALF_HOUR - 5, DAY + 60, -1])
def test_a_session_lives_half_an_hour_to_a_day(shop: stripe.StripeClient, seconds: int) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="expires_at") as refused:
        shop.v1.checkout.sessions.create(in_seconds(seconds))  # type: ignore[arg-type]
    assert refused.value.param == "expires_at"


TAKEN = [
    with_lines(line(unit_amount=0)),
    with_lines(line(unit_amount=50, currency="jpy")),
    with_lines(line(unit_amount=1200, currency="isk")),
    with_lines(line(unit_amount=1250, currency="kwd")),
    with_lines(*[line()] * 100),
    order(success_url="https://shop.example/{CHECKOUT_SESSION_ID}"),
    order(success_url="http://localhost:8000/"),
    order(metadata={str(n): "v" * 500 for n in range(50)}),
    order(locale="pt-BR"),
    with_pictures(*["https://shop.example/mug.jpg"] * 8),
    order(allowed_payment_method_types=["card"], phone_number_collection={"enabled": True}),
]


@pytest.mark.parametrize("params", TAKEN)
def test_a_right_session_is_taken(shop: stripe.StripeClient, params: dict[str, Any]) -> None:
    assert shop.v1.checkout.sessions.create(params).status == "open"  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [HALF_HOUR + 5, DAY])
def test_a_session_may_live_that_long(shop: stripe.StripeClient, seconds: int) -> None:
    params = in_seconds(seconds)
    assert shop.v1.checkout.sessions.create(params).expires_at == params["expires_at"]  # type: ignore[arg-type]


# --- Keys, versions, shapes ------------------------------------------------------------------------------
@pytest.mark.parametrize("key", ["sk_live_abc", "rk_live_abc", "pk_live_abc"])
def test_a_live_key_is_refused(sandbox: Sandbox, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="no place for a live key") as refused:
        client(sandbox.url, key).v1.checkout.sessions.create(order())
    assert key not in str(refused.value)


@pytest.mark.parametrize("key", ["pk_test_abc", "nonsense", "sk_test_", "sk_test_a-b"])
def test_another_key_is_invalid(sandbox: Sandbox, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided") as refused:
        client(sandbox.url, key).v1.checkout.sessions.list()
    assert refused.value.json_body["error"]["code"] == "invalid_api_key"


def ask(
    sandbox: Sandbox, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, Any]]:
    """Send a request that the SDK would never send."""
    usual = {"Authorization": f"Bearer {KEY}", "Content_Type": "application/x-www-form-urlencoded"}
    answer = fetch(f"{sandbox.url}{path}", method, body, **(usual | headers))
    return answer.status, json.loads(answer.text or "{}")


def test_the_version_is_that_of_the_sdk() -> None:
    assert API_VERSION == _ApiVersion.CURRENT


def test_another_version_is_refused(sandbox: Sandbox) -> None:
    status, answer = ask(sandbox, "GET", "/v1/checkout/sessions", Stripe_Version="2020-08-27")
    assert status == 400
    assert "Invalid Stripe API version" in answer["error"]["message"]


def test_without_a_key_nothing_is_answered(sandbox: Sandbox) -> None:
    for header in (f"Basic {KEY}", "Bearer", "nonsense", ""):
        assert ask(sandbox, "GET", "/v1/checkout/sessions", Authorization=header)[0] == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/customers", 404),
        ("DELETE", "/v1/checkout/sessions", 404),
        ("POST", "/v1/checkout/sessions/cs_test_x/../expire", 404),
        ("GET", "/nowhere", 404),
        ("PUT", "/c/pay/cs_test_x", 405),
        ("GET", "/assets/../server.py", 404),
    ],
)
def test_other_addresses_are_unknown(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    assert fetch(f"{sandbox.url}{path}", method, Authorization=f"Bearer {KEY}").status == status


@pytest.mark.parametrize(
    "body",
    [
        b"mode=payment&mode[x]=1",
        b"mode[x]=1&mode=payment",
        b"a" + b"[b]" * 50 + b"=1",
        b"metadata[a]]=1",
        b"=1",
        b"mode=%ff%fe",
        b"\xff\xfe",
        b"&".join(b"metadata[k%d]=v" % n for n in range(6000)),
        b"line_items[" + "٣".encode() + b"][quantity]=1",
    ],
)
def test_a_body_that_makes_no_sense_is_refused(sandbox: Sandbox, body: bytes) -> None:
    status, answer = ask(sandbox, "POST", "/v1/checkout/sessions", body)
    assert (status, answer["error"]["type"]) == (400, "invalid_request_error")


def test_a_body_in_json_is_refused(sandbox: Sandbox) -> None:
    status, answer = ask(sandbox, "POST", "/v1/checkout/sessions", b"{}", Content_Type="application/json")
    assert status == 400
    assert "x-www-form-urlencoded" in answer["error"]["message"]


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "x", "2000000"])
def test_a_strange_or_great_length_is_refused(sandbox: Sandbox, length: str) -> None:
    status, _answer = ask(sandbox, "POST", "/v1/checkout/sessions", Content_Length=length)
    assert status in (411, 413)
