"""Stripe: the only module that talks to it. Everything else sees our own words and minor units.

It knows Stripe's units, limits and errors, and never touches the database. With STRIPE_API_URL it talks to the
sandbox: the same code. An error says whether Stripe surely did nothing (`Refused`) or may have done it
(`Unreachable`); callers must treat the two differently.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, NoReturn, Unpack, get_args, get_type_hints

import stripe
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from stripe import RequestOptions
from stripe.params.checkout import (
    SessionCreateParams,
    SessionCreateParamsLineItemPriceData,
    SessionCreateParamsShippingAddressCollection,
    SessionCreateParamsShippingOptionShippingRateData,
    SessionListParams,
)

from store.payments import sanitising

# One try, and the longest pause that the SDK makes before the next. STRIPE_SECONDS in store/views/checkout.py bounds
# them together.
CONNECT_SECONDS, READ_SECONDS, PAUSE_SECONDS, RETRIES = 2, 3.5, 1, 2
# https://docs.stripe.com/currencies#special-cases: two decimals at Stripe, none in the world.
_WHOLE_UNITS_TIMES_100 = frozenset({"ISK", "UGX"})
# https://docs.stripe.com/currencies#three-decimal: the last digit must be 0.
_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
# Two decimals in the world, none at Stripe: prices would be a hundred times too high.
COUNTED_OTHERWISE = frozenset({"MGA"})
_MAX_AMOUNT = 99_999_999
# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, in Stripe's units.
_MINIMUM = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50,
    "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50,
    "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip
_until: ContextVar[float | None] = ContextVar("until", default=None)

stripe.enable_telemetry = False  # it would write below the home folder


class AmountError(ValueError):
    """Stripe cannot charge this amount."""


class PaymentError(Exception):
    """Something went wrong between us and Stripe."""


class RefusedError(PaymentError):
    """Stripe said no: nothing was done there."""


class AddressRefusedError(RefusedError):
    """Stripe does not take the shopper's e-mail address."""


class BusyError(RefusedError):
    """Stripe did nothing because too much was asked at once; it may be asked again."""


class UnreachableError(PaymentError):
    """No answer, or none that can be trusted: Stripe may have done it or not."""


class NoSuchSessionError(RefusedError):
    """Stripe knows no session of that id."""


class SignatureError(PaymentError):
    """A message that claims to come from Stripe is not signed by it."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line to pay: minor units, tax included."""

    name: str
    unit_price: int
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Shipping:
    """The one way of sending that was chosen."""

    name: str
    price: int
    min_days: int
    max_days: int


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """What is to be paid, in our words."""

    reference: str  # our order's number
    email: str
    currency: str
    items: list[Item]
    country: str
    shipping: Shipping
    success_url: str
    cancel_url: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Session:
    """A Checkout Session as Stripe states it; amounts in minor units of `currency` (ISO, upper case)."""

    id: str
    url: str
    status: str  # open, complete, expired
    payment_status: str  # paid, unpaid, no_payment_required
    livemode: bool
    currency: str
    subtotal: int
    total: int
    discount: int
    shipping: int
    tax: int
    reference: str  # our order's number
    payment_intent_id: str
    expires_at: datetime
    has_failed: bool  # a delayed payment that did not come
    customer_name: str
    phone: str
    shipping_address: dict[str, str] = field(default_factory=dict)
    billing_address: dict[str, str] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """It is of the mode, test or live, of our own key."""
        return self.livemode == is_live()

    @property
    def is_paid(self) -> bool:
        """Complete, and nothing left to pay (a 100 % discount needs no payment)."""
        return self.status == "complete" and self.payment_status != "unpaid"


@dataclass(frozen=True, kw_only=True)
class Event:
    """What a webhook told us. Only its ids are used: the session is asked for anew."""

    id: str
    type: str
    livemode: bool
    created_at: datetime
    session_id: str  # empty when it is about something else
    is_ours: bool  # of the mode, test or live, of our own key


def check_amount(minor: int, currency: str) -> None:
    """Raise AmountError for a price that Stripe cannot charge."""
    if minor <= 0:
        raise AmountError(_("A price must be more than nothing."))
    if to_stripe(minor, currency) > _MAX_AMOUNT:
        raise AmountError(_("This is more than can be paid at once."))
    if currency in _THREE_DECIMALS and minor % 10:
        raise AmountError(_("The last of the three decimal places must be 0 to be paid by card."))


def check_total(minor: int, currency: str) -> None:
    """Raise AmountError for the sum of an order that Stripe cannot charge."""
    if to_stripe(minor, currency) < _MINIMUM.get(currency, 1):
        raise AmountError(_("This is less than can be paid by card."))
    check_amount(minor, currency)


@cache
def countries() -> frozenset[str]:
    """List the codes of the countries that Stripe takes as a place to deliver to."""
    codes, _later = get_args(
        get_args(get_type_hints(SessionCreateParamsShippingAddressCollection)["allowed_countries"])[0]
    )
    return frozenset(get_args(codes))


def to_stripe(minor: int, currency: str) -> int:
    """Turn our minor units into Stripe's."""
    return minor * 100 if currency in _WHOLE_UNITS_TIMES_100 else minor


def from_stripe(amount: int | None, currency: str) -> int:
    """Turn Stripe's units into our minor units."""
    return (amount or 0) // 100 if currency in _WHOLE_UNITS_TIMES_100 else (amount or 0)


@cache
def _client(key: str, api_url: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": api_url} if api_url else {},
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
    )


def client() -> stripe.StripeClient:
    """Return the client for the key and address in the settings."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL)


@contextmanager
def answering_within(seconds: float) -> Iterator[None]:
    """Let all the questions asked inside take no longer than this together: somebody waits for the answer."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def _in_time(**options: Unpack[RequestOptions]) -> RequestOptions:
    """Add to a request's options how often it may be tried again. Raises UnreachableError when no time is left."""
    tries = RETRIES + 1
    if (until := _until.get()) is not None:
        tries = min(tries, int((until - time.monotonic()) / (READ_SECONDS + PAUSE_SECONDS)))
    if tries < 1:
        message = "No time is left to ask Stripe."
        raise UnreachableError(message)
    return {**options, "max_network_retries": tries - 1}


def is_live() -> bool:
    """Say whether the key in the settings moves real money."""
    return settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))


def session_params(purchase: Purchase) -> dict[str, Any]:
    """Write a purchase as Stripe wants it: plain data, to be kept and sent again unchanged."""
    currency = purchase.currency
    params: SessionCreateParams = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "client_reference_id": purchase.reference,
        "customer_email": purchase.email,
        "line_items": [
            {"quantity": item.quantity, "price_data": _price(item.name, item.unit_price, currency)}
            for item in purchase.items
        ],
        "shipping_address_collection": {"allowed_countries": [purchase.country]},
        "shipping_options": [{"shipping_rate_data": _rate(purchase.shipping, currency)}],
        "phone_number_collection": {"enabled": True},
        "billing_address_collection": "required",
        "allow_promotion_codes": True,
        "adaptive_pricing": {"enabled": False},  # else the Dashboard decides in which currency is paid
        "success_url": purchase.success_url + "?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": purchase.cancel_url,
        "expires_at": int(purchase.expires_at.timestamp()),
        "metadata": {"order": purchase.reference},
        "payment_intent_data": {"metadata": {"order": purchase.reference}},
    }
    return dict(params)


def _price(name: str, minor: int, currency: str) -> SessionCreateParamsLineItemPriceData:
    return {
        "currency": currency.lower(),
        "unit_amount": to_stripe(minor, currency),
        "tax_behavior": "inclusive",
        "product_data": {"name": name[:250]},
    }


def _rate(shipping: Shipping, currency: str) -> SessionCreateParamsShippingOptionShippingRateData:
    return {
        "type": "fixed_amount",
        "display_name": shipping.name[:100],
        "tax_behavior": "inclusive",
        "fixed_amount": {"amount": to_stripe(shipping.price, currency), "currency": currency.lower()},
        "delivery_estimate": {
            "minimum": {"unit": "business_day", "value": shipping.min_days},
            "maximum": {"unit": "business_day", "value": shipping.max_days},
        },
    }


def create_session(params: SessionCreateParams, *, idempotency_key: str) -> Session:
    """Create a Checkout Session, or get the one made under this key before. Raises PaymentError."""
    try:
        made = client().v1.checkout.sessions.create(params, _in_time(idempotency_key=idempotency_key))
    except stripe.StripeError as error:
        _translate(error)
    return _session(made)


def retrieve_session(session_id: str) -> Session:
    """Ask Stripe for a session. Raises NoSuchSessionError, PaymentError."""
    try:
        found = client().v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]}, _in_time())
    except stripe.StripeError as error:
        _translate(error)
    return _session(found)


def find_session(*, reference: str, made_after: datetime) -> Session | None:
    """Look for the session of an order whose answer was lost; None when Stripe made none. Raises PaymentError."""
    wanted: SessionListParams = {"created": {"gte": int(made_after.timestamp())}, "limit": 100}
    while True:
        try:
            # Not the SDK's own paging: each page has to be had in the time that is left.
            page = client().v1.checkout.sessions.list(wanted, _in_time())
        except stripe.StripeError as error:
            _translate(error)
        found = next((one for one in page.data if one.client_reference_id == reference), None)
        if found is not None or not page.has_more:
            return _session(found) if found is not None else None
        wanted["starting_after"] = page.data[-1].id


def expire_session(session_id: str) -> Session:
    """Close an open session for good. Raises RefusedError when it is no longer open, PaymentError."""
    try:
        closed = client().v1.checkout.sessions.expire(session_id, options=_in_time())
    except stripe.StripeError as error:
        _translate(error)
    return _session(closed)


def read_event(payload: bytes, signature: str) -> Event:
    """Read a webhook's body; raises SignatureError unless Stripe signed it within the last five minutes."""
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            return _event(stripe.Webhook.construct_event(payload, signature, secret))
        except (stripe.SignatureVerificationError, ValueError, TypeError, AttributeError):
            # ValueError: not UTF-8 or not JSON; TypeError: a signature that is not ASCII; else: JSON but no event.
            continue
    message = "The signature is not Stripe's."
    raise SignatureError(message)


def _translate(error: stripe.StripeError) -> NoReturn:
    """Sort Stripe's errors by whether anything can have happened there.

    Their own words may repeat what a shopper typed; ours, which are logged and kept, say where to look instead.
    """
    told = (type(error).__name__, error.code, getattr(error, "param", None), error.request_id)
    message = " ".join(str(part) for part in told if part)
    match error:
        case stripe.InvalidRequestError(code="resource_missing"):
            raise NoSuchSessionError(message) from error
        case stripe.InvalidRequestError(code="email_invalid"):
            raise AddressRefusedError(message) from error
        case stripe.RateLimitError():
            raise BusyError(message) from error
        case (
            stripe.InvalidRequestError()
            | stripe.AuthenticationError()
            | stripe.PermissionError()
            | stripe.CardError()
        ):
            raise RefusedError(message) from error
    raise UnreachableError(message) from error


def _event(event: stripe.Event) -> Event:
    thing: Any = event.data.object
    is_session = getattr(thing, "object", "") == "checkout.session"
    return Event(
        id=event.id,
        type=event.type,
        livemode=event.livemode,
        created_at=datetime.fromtimestamp(event.created, UTC),
        session_id=thing.id if is_session else "",
        is_ours=event.livemode == is_live(),
    )


def _session(found: Any) -> Session:
    """Copy what we use out of Stripe's object."""
    raw = found.to_dict()
    currency = (raw.get("currency") or "").upper()
    details, customer = raw.get("total_details") or {}, raw.get("customer_details") or {}
    delivery = (raw.get("collected_information") or {}).get("shipping_details") or {}
    intent = raw.get("payment_intent") or {}
    intent = {"id": intent} if isinstance(intent, str) else intent  # expanded only where it was asked for

    def amount(value: int | None) -> int:
        return from_stripe(value, currency)

    return Session(
        id=raw["id"],
        url=raw.get("url") or "",
        status=raw.get("status") or "",
        payment_status=raw.get("payment_status") or "",
        livemode=bool(raw.get("livemode")),
        currency=currency,
        subtotal=amount(raw.get("amount_subtotal")),
        total=amount(raw.get("amount_total")),
        # Rounded up, as the total is rounded down: ten percent of 15 ISK are 150 in Stripe's hundredths.
        discount=-amount(-(details.get("amount_discount") or 0)),
        shipping=amount(details.get("amount_shipping")),
        tax=amount(details.get("amount_tax")),
        reference=sanitising.one_line(raw.get("client_reference_id"), 200),  # which another shop may have set
        payment_intent_id=intent.get("id") or "",
        has_failed=intent.get("status") in {"requires_payment_method", "canceled"},
        expires_at=datetime.fromtimestamp(raw.get("expires_at") or 0, UTC),
        customer_name=sanitising.one_line(
            delivery.get("name") or customer.get("name"), sanitising.NAME_LENGTH
        ),
        phone=sanitising.one_line(customer.get("phone"), sanitising.PHONE_LENGTH),
        shipping_address=sanitising.address(delivery),
        billing_address=sanitising.address(customer),
    )
