"""Stripe's rules for a new Checkout Session that no type expresses: numbers, lengths, URLs, amounts.

It also refuses, by name, what Stripe would take and the sandbox cannot act out: nothing is taken silently. It reads
parameters that `checking` has turned into values, and changes nothing.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from tools.stripe_sandbox import currencies, tax
from tools.stripe_sandbox.errors import ApiError, empty, invalid_integer, missing, no_such, not_played

Params = dict[str, Any]

HALF_HOUR, DAY = 30 * 60, 24 * 60 * 60
MOST_LINES = 100
MOST_KEYS, LONGEST_KEY, LONGEST_VALUE = 50, 40, 500
MOST_OF_ONE = 999_999_999
LONGEST_REFERENCE = 200
PLAYED = frozenset(
    """
    adaptive_pricing allow_promotion_codes allowed_payment_method_types automatic_tax billing_address_collection
    cancel_url client_reference_id currency customer_email excluded_payment_method_types expand expires_at
    line_items locale metadata mode payment_intent_data phone_number_collection shipping_address_collection
    shipping_options success_url ui_mode
    """.split()
)
PLAYED_IN_INTENT = frozenset({"description", "metadata"})
PLAYED_IN_LINE = frozenset({"price", "price_data", "quantity"})
PLAYED_IN_PRODUCT = frozenset({"description", "images", "name", "tax_code"})
MOST_IMAGES = 8
TEMPLATE = "{CHECKOUT_SESSION_ID}"
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def check_session(params: Params, now: int) -> None:
    """Refuse a new session that Stripe would refuse."""
    _mode(params)
    _only(PLAYED, params, "")
    _methods(params)
    _time(params, now)
    for name in ("success_url", "cancel_url"):
        if name in params:
            check_url(params[name], name)
    if "customer_email" in params:
        check_email(params["customer_email"], "customer_email")
    _texts(params)
    _intent(params.get("payment_intent_data", {}))
    _lines(params["line_items"])
    _shipping(params.get("shipping_options", []))
    tax.check(params)
    _one_currency(params)


def _mode(params: Params) -> None:
    if "mode" not in params:
        raise missing("mode")
    if params["mode"] != "payment":
        raise not_played(f"mode={params['mode']}")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_played(f"ui_mode={params['ui_mode']}")
    for name in ("success_url", "line_items"):
        if not params.get(name):
            raise missing(name)


def _methods(params: Params) -> None:
    if "card" not in params.get("allowed_payment_method_types", ["card"]):
        raise not_played("allowed_payment_method_types without card")
    if "card" in params.get("excluded_payment_method_types", []):
        raise not_played("excluded_payment_method_types with card")


def _time(params: Params, now: int) -> None:
    ends = params.get("expires_at", now + DAY)
    if ends < now + HALF_HOUR:
        text = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise ApiError(text, param="expires_at")
    if ends > now + DAY:
        text = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise ApiError(text, param="expires_at")


def check_url(url: str, param: str) -> None:
    """Refuse what is no URL of the web, or one that a browser would reach unencrypted over a network."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or re.search(r"\s", url):
        raise ApiError("Not a valid URL", code="url_invalid", param=param)
    if parts.scheme == "http" and not is_this_machine(host):
        text = f"Invalid URL: {param} must begin with https, or with http and the name of this machine."
        raise ApiError(text, code="url_invalid", param=param)
    if "CHECKOUT_SESSION_ID" in url.replace(TEMPLATE, ""):
        text = f"Invalid URL: {param} must hold {TEMPLATE} as it is; encoded it would not be replaced."
        raise ApiError(text, code="url_invalid", param=param)


def is_this_machine(host: str) -> bool:
    """Return whether a host name is one of this very machine."""
    if re.fullmatch(r"([a-z0-9-]+\.)*localhost", host):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_email(address: str, param: str) -> None:
    """Refuse what cannot be an e-mail address."""
    if not EMAIL.fullmatch(address):
        raise ApiError(f"Invalid email address: {address[:100]}", code="email_invalid", param=param)


def check_metadata(metadata: dict[str, str], param: str = "metadata") -> None:
    """Refuse more or longer metadata than Stripe keeps."""
    if len(metadata) > MOST_KEYS:
        text = f"You can only have up to {MOST_KEYS} metadata keys, but you passed in {len(metadata)}."
        raise ApiError(text, param=param)
    for key, value in metadata.items():
        if len(key) > LONGEST_KEY:
            text = f"Metadata keys can have up to {LONGEST_KEY} characters, but you passed in {len(key)}."
            raise ApiError(text, param=param)
        if len(value) > LONGEST_VALUE:
            text = (
                f"Metadata values can have up to {LONGEST_VALUE} characters, but you passed in a value that is "
                f"{len(value)} characters. Invalid value: {value[:20]}…"
            )
            raise ApiError(text, param=f"{param}[{key}]")


def _texts(params: Params) -> None:
    check_metadata(params.get("metadata", {}))
    name = "client_reference_id"
    if len(params.get(name, "")) > LONGEST_REFERENCE:
        raise ApiError(f"Invalid string: {name} must be at most {LONGEST_REFERENCE} characters", param=name)
    countries = params.get("shipping_address_collection", {}).get("allowed_countries")
    if countries == []:
        raise empty("shipping_address_collection[allowed_countries]")


def _intent(data: Params) -> None:
    _only(PLAYED_IN_INTENT, data, "payment_intent_data")
    check_metadata(data.get("metadata", {}), "payment_intent_data[metadata]")


# --- Lines, shipping and their sum -----------------------------------------------------------------------
def _lines(lines: list[Params]) -> None:
    if len(lines) > MOST_LINES:
        text = f"Checkout Sessions in `payment` mode take at most {MOST_LINES} line items, not {len(lines)}."
        raise ApiError(text, param="line_items")
    for number, line in enumerate(lines):
        path = f"line_items[{number}]"
        _only(PLAYED_IN_LINE, line, path)
        _price(line, path)
        if "quantity" not in line:
            raise missing(f"{path}[quantity]")
        _at_least(line["quantity"], 1, f"{path}[quantity]")
        if line["quantity"] > MOST_OF_ONE:
            text = f"This value must be less than or equal to {MOST_OF_ONE}."
            raise invalid_integer(f"{path}[quantity]", text)


def _price(line: Params, path: str) -> None:
    _exactly_one(line, "price", "price_data", path)
    if "price" in line:
        raise no_such("price", line["price"], f"{path}[price]")
    data, path = line["price_data"], f"{path}[price_data]"
    _exactly_one(data, "product", "product_data", path)
    if "product" in data:
        raise no_such("product", data["product"], f"{path}[product]")
    if "recurring" in data:
        text = "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or "
        raise ApiError(f"{text}use only one-time prices.", param="mode")
    _exactly_one(data, "unit_amount", "unit_amount_decimal", path)
    if "unit_amount_decimal" in data:
        raise not_played(f"{path}[unit_amount_decimal]")
    _amount(data["unit_amount"], data["currency"], path, "unit_amount")
    _product(data["product_data"], f"{path}[product_data]")


def _product(data: Params, path: str) -> None:
    _only(PLAYED_IN_PRODUCT, data, path)
    images = data.get("images", [])
    if len(images) > MOST_IMAGES:
        text = f"Array too long: maximum length is {MOST_IMAGES}, but you passed in {len(images)}."
        raise ApiError(text, param=f"{path}[images]")
    for number, url in enumerate(images):
        check_url(url, f"{path}[images][{number}]")


def _only(played: frozenset[str], params: Params, path: str) -> None:
    for name in params:
        if name not in played:
            raise not_played(f"{path}[{name}]" if path else name)


def _exactly_one(params: Params, first: str, second: str, path: str) -> None:
    if first in params and second in params:
        text = f"You may only specify one of these parameters: {first}, {second}."
        raise ApiError(text, param=f"{path}[{first}]")
    if first not in params and second not in params:
        raise missing(f"{path}[{second if second.endswith('data') else first}]")


def _at_least(number: int, least: int, param: str) -> None:
    if number < least:
        raise invalid_integer(param, f"This value must be greater than or equal to {least}.")


def _amount(amount: int, currency: str, path: str, name: str) -> None:
    if currency not in currencies.SUPPORTED:
        listed = ", ".join(sorted(currencies.SUPPORTED))
        text = f"Invalid currency: {currency[:20]}. Stripe currently supports these currencies: {listed}"
        raise ApiError(text, param=f"{path}[currency]")
    if amount < 0:
        raise invalid_integer(f"{path}[{name}]", "Invalid non-negative integer")
    if amount > currencies.maximum(currency):
        raise _too_large(currency, f"{path}[{name}]")
    if amount % (step := currencies.step(currency)):
        text = f"Invalid amount: {amount}. Amounts in {currency.upper()} must be a multiple of {step}."
        raise ApiError(text, param=f"{path}[{name}]")


def _too_large(currency: str, param: str) -> ApiError:
    most = currencies.written(currencies.maximum(currency), currency)
    return ApiError(f"Amount must be no more than {most}", code="amount_too_large", param=param)


def _shipping(options: list[Params]) -> None:
    if len(options) > 1:
        raise not_played("more than one of shipping_options")
    for number, option in enumerate(options):
        path = f"shipping_options[{number}]"
        _exactly_one(option, "shipping_rate", "shipping_rate_data", path)
        if "shipping_rate" in option:
            raise no_such("shipping rate", option["shipping_rate"], f"{path}[shipping_rate]")
        data, path = option["shipping_rate_data"], f"{path}[shipping_rate_data]"
        if "fixed_amount" not in data:
            raise missing(f"{path}[fixed_amount]")
        if "currency_options" in data["fixed_amount"]:
            raise not_played(f"{path}[fixed_amount][currency_options]")
        _days(data.get("delivery_estimate", {}), f"{path}[delivery_estimate]")
        path = f"{path}[fixed_amount]"
        _amount(data["fixed_amount"]["amount"], data["fixed_amount"]["currency"], path, "amount")


def _days(estimate: Params, path: str) -> None:
    """Refuse less than one day, and an end before the beginning; ends of different units are not compared."""
    ends = [estimate[name] for name in ("minimum", "maximum") if estimate.get(name)]
    for name in ("minimum", "maximum"):
        if estimate.get(name):
            _at_least(estimate[name]["value"], 1, f"{path}[{name}][value]")
    if len({end["unit"] for end in ends}) == 1 and ends[0]["value"] > ends[-1]["value"]:
        text = "The minimum of a delivery estimate must not be more than its maximum."
        raise ApiError(text, param=f"{path}[minimum][value]")


def _currencies(params: Params) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(params["line_items"]):
        yield f"line_items[{number}][price_data][currency]", line["price_data"]["currency"]
    for number, option in enumerate(params.get("shipping_options", [])):
        path = f"shipping_options[{number}][shipping_rate_data][fixed_amount][currency]"
        yield path, option["shipping_rate_data"]["fixed_amount"]["currency"]
    if "currency" in params:
        yield "currency", params["currency"]


def _one_currency(params: Params) -> None:
    currency = params["line_items"][0]["price_data"]["currency"]
    for param, other in _currencies(params):
        if other != currency:
            text = f"A Checkout Session has one currency: `{currency}`, not `{other}` too."
            raise ApiError(text, param=param)
    total = sum(line["price_data"]["unit_amount"] * line["quantity"] for line in params["line_items"])
    options = params.get("shipping_options", [])
    total += options[0]["shipping_rate_data"]["fixed_amount"]["amount"] if options else 0
    check_total(total, currency)


def check_total(total: int, currency: str) -> None:
    """Refuse a sum that cannot be charged; nothing at all can be given away."""
    if 0 < total < currencies.minimum(currency):
        least = currencies.written(currencies.minimum(currency), currency)
        text = f"The Checkout Session's total amount due must add up to at least {least} {currency}"
        raise ApiError(text, code="amount_too_small")
    if total > currencies.maximum(currency):
        raise _too_large(currency, "line_items")
