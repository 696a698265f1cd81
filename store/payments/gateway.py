"""Stripe's client: creates, reads and closes payment pages, verifies webhooks, and sorts Stripe's errors.

The only module that calls Stripe; it never reads or writes the database. With STRIPE_API_URL it calls the sandbox. An
error tells whether Stripe certainly did nothing (`RefusedError`) or may have done it (`UnreachableError`). The SDK is
loaded with the first call: it is large, and a process that shows pages never needs it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from threading import BoundedSemaphore
from types import ModuleType
from typing import TYPE_CHECKING, Any, Unpack

from django.conf import settings
from django.urls import reverse

from home import clock
from home.csp import origin_of
from store.models import Order, OrderLine, ShippingOption
from store.payments import signed_events, stripe_amounts
from store.payments.customer_details import NAME_LENGTH, PHONE_LENGTH, address, one_line
from store.payments.signed_events import Event

if TYPE_CHECKING:
    import stripe
    from stripe import RequestOptions
    from stripe.params import DisputeListParams, RefundCreateParams, RefundListParams
    from stripe.params.checkout import (
        SessionCreateParams,
        SessionCreateParamsLineItemPriceData,
        SessionCreateParamsShippingOptionShippingRateData,
        SessionListParams,
        SessionRetrieveParams,
    )

# One request, and the longest pause before the SDK's retry. STRIPE_SECONDS in store/checkout/views.py limits them
# together.
CONNECT_SECONDS, READ_SECONDS, PAUSE_SECONDS, RETRIES = 2, 3.5, 1, 2
MOST_AT_ONCE = 4  # requests for visitors, who have eight threads in each process (manage.py web)
LONGEST_TURN = 1.0  # seconds
_asking = BoundedSemaphore(MOST_AT_ONCE)
_until: ContextVar[float | None] = ContextVar("until", default=None)


class PaymentError(Exception):
    """A call to Stripe failed."""


class RefusedError(PaymentError):
    """Stripe refused, so it did nothing."""


class UnknownKeyError(RefusedError):
    """Stripe does not know the key in the settings."""


class NotPermittedError(RefusedError):
    """The key is a restricted one without the right for this."""


class AddressRefusedError(RefusedError):
    """Stripe does not accept the shopper's e-mail address."""


class BusyError(RefusedError):
    """Nothing was done because of too many requests, there or here; Stripe may be asked again."""


class UnreachableError(PaymentError):
    """No answer, or none to rely on: Stripe may have done it or not."""


class NoSuchSessionError(RefusedError):
    """Stripe knows no session of that id."""


class SignatureError(PaymentError):
    """A webhook has no valid signature of Stripe."""


class StaleError(SignatureError):
    """Stripe signed a webhook more than five minutes ago, as our clock says."""


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
    has_failed: bool  # a delayed payment was declined
    customer_name: str
    phone: str
    shipping_address: dict[str, str] = field(default_factory=dict)
    billing_address: dict[str, str] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """It has the mode, test or live, of our key."""
        return self.livemode == is_live()

    @property
    def is_paid(self) -> bool:
        """Complete, and nothing left to pay (a 100 % discount needs no payment)."""
        return self.status == "complete" and self.payment_status != "unpaid"


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """A dispute as Stripe states it; the amount in minor units of the payment's currency."""

    id: str
    status: str
    amount: int
    payment_intent_id: str
    reason: str
    evidence_due_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Refund:
    """A refund as Stripe states it; the amount in minor units of `currency` (ISO, upper case)."""

    id: str
    status: str  # pending, requires_action, succeeded, failed, canceled
    amount: int
    currency: str
    payment_intent_id: str
    token: str  # which we gave it; empty when it was made in the Dashboard
    reason: str
    failure: str
    created_at: datetime


def _sdk() -> ModuleType:
    import stripe  # noqa: PLC0415 - large, and pages never need it

    stripe.enable_telemetry = False  # it would write below the home folder
    return stripe


@cache
def _client(key: str, api_url: str) -> stripe.StripeClient:
    sdk = _sdk()

    class Client(sdk.RequestsClient):  # type: ignore[name-defined] # loaded late
        def request(self, *args: Any, **kwargs: Any) -> Any:
            with _taking_turns():
                answer = super().request(*args, **kwargs)
            clock.compare(answer[2].get("Date"), whose="Stripe")
            return answer

    made: stripe.StripeClient = sdk.StripeClient(
        key,
        base_addresses={"api": api_url} if api_url else {},
        http_client=Client(timeout=(CONNECT_SECONDS, READ_SECONDS)),
    )
    return made


def client() -> stripe.StripeClient:
    """Return the client for the key and URL in the settings."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL)


@contextmanager
def answering_within(seconds: float) -> Iterator[None]:
    """Limit the time of all requests inside together: somebody waits for the answer.

    They raise BusyError, and nothing is sent, when so many wait that a slow Stripe would keep the site from visitors.
    """
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


@contextmanager
def _taking_turns() -> Iterator[None]:
    if _until.get() is None:  # the worker and commands keep nobody waiting
        yield
        return
    if not _asking.acquire(timeout=LONGEST_TURN):
        message = "Too many wait for Stripe's answer."
        raise BusyError(message)
    try:
        yield
    finally:
        _asking.release()


def _in_time(**options: Unpack[RequestOptions]) -> RequestOptions:
    """Return a request's options with its number of retries. Raises UnreachableError when no time is left."""
    tries = RETRIES + 1
    if (until := _until.get()) is not None:
        tries = min(tries, int((until - time.monotonic()) / (READ_SECONDS + PAUSE_SECONDS)))
    if tries < 1:
        message = "No time is left to ask Stripe."
        raise UnreachableError(message)
    return {**options, "max_network_retries": tries - 1}


def is_live() -> bool:
    """Return whether the key in the settings moves real money."""
    return settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))


def api_version() -> str:
    """Return the version of Stripe's API in which we ask."""
    return str(_sdk().api_version)


def checkout_origin() -> str:
    """Return where payment pages are: at Stripe, on a domain of the trader's own there, or at the sandbox."""
    return origin_of(settings.STRIPE_API_URL) if settings.STRIPE_API_URL else settings.STRIPE_CHECKOUT_ORIGIN


def session_params(*, order: Order, lines: Iterable[OrderLine], option: ShippingOption) -> dict[str, Any]:
    """Return Stripe's parameters for an order: plain data, to be kept and sent again unchanged."""
    currency = order.currency
    assert order.session_expires_at is not None
    params: SessionCreateParams = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "client_reference_id": order.number,
        "customer_email": order.email,
        "line_items": [
            {"quantity": line.quantity, "price_data": _price(str(line), line.unit_price, currency)}
            for line in lines
        ],
        "shipping_address_collection": {"allowed_countries": [order.country]},
        "shipping_options": [{"shipping_rate_data": _rate(option, currency)}],
        "phone_number_collection": {"enabled": True},
        "billing_address_collection": "required",
        "allow_promotion_codes": True,
        "adaptive_pricing": {"enabled": False},  # else the Dashboard decides in which currency is paid
        "success_url": f"{_url('return_from_payment', order)}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": _url("cancel_payment", order),
        "expires_at": int(order.session_expires_at.timestamp()),
        "metadata": {"order": order.number},
        "payment_intent_data": {"metadata": {"order": order.number}},
    }
    return dict(params)


def _url(name: str, order: Order) -> str:
    return settings.SITE_URL + reverse(f"store:{name}", args=[order.return_token])


def _price(name: str, minor: int, currency: str) -> SessionCreateParamsLineItemPriceData:
    return {
        "currency": currency.lower(),
        "unit_amount": stripe_amounts.to_stripe(minor, currency),
        "tax_behavior": "inclusive",
        "product_data": {"name": name[:250]},
    }


def _rate(option: ShippingOption, currency: str) -> SessionCreateParamsShippingOptionShippingRateData:
    return {
        "type": "fixed_amount",
        "display_name": option.name[:100],
        "tax_behavior": "inclusive",
        "fixed_amount": {
            "amount": stripe_amounts.to_stripe(option.price, currency),
            "currency": currency.lower(),
        },
        "delivery_estimate": {
            "minimum": {"unit": "business_day", "value": option.min_days},
            "maximum": {"unit": "business_day", "value": option.max_days},
        },
    }


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise our error for one of Stripe's, by whether anything can have happened there.

    Stripe's messages may repeat what a shopper typed; ours, which are logged and kept, only identify the request.
    """
    sdk = _sdk()
    try:
        yield
    except sdk.StripeError as error:
        told = (type(error).__name__, error.code, getattr(error, "param", None), error.request_id)
        message = " ".join(str(part) for part in told if part)
        match error:
            case sdk.InvalidRequestError(code="resource_missing"):
                raise NoSuchSessionError(message) from error
            case sdk.InvalidRequestError(code="email_invalid"):
                raise AddressRefusedError(message) from error
            case sdk.RateLimitError():
                raise BusyError(message) from error
            case sdk.AuthenticationError():
                raise UnknownKeyError(message) from error
            case sdk.PermissionError():
                raise NotPermittedError(message) from error
            case sdk.InvalidRequestError() | sdk.CardError():
                raise RefusedError(message) from error
        raise UnreachableError(message) from error


@translated_errors()
def create_session(params: SessionCreateParams, *, idempotency_key: str) -> Session:
    """Create a Checkout Session, or get the one made under this key before. Raises PaymentError."""
    return _session(client().v1.checkout.sessions.create(params, _in_time(idempotency_key=idempotency_key)))


@translated_errors()
def retrieve_session(session_id: str) -> Session:
    """Retrieve a session. Raises NoSuchSessionError, PaymentError."""
    expanded: SessionRetrieveParams = {"expand": ["payment_intent"]}
    return _session(client().v1.checkout.sessions.retrieve(session_id, expanded, _in_time()))


@translated_errors()
def find_session(*, reference: str, made_after: datetime) -> Session | None:
    """Find the session of an order whose answer was lost; None when Stripe made none. Raises PaymentError."""
    wanted: SessionListParams = {"created": {"gte": int(made_after.timestamp())}, "limit": 100}
    while True:
        # Not the SDK's own paging: each request must fit into the time that is left.
        page = client().v1.checkout.sessions.list(wanted, _in_time())
        found = next((one for one in page.data if one.client_reference_id == reference), None)
        if found is not None or not page.has_more:
            return _session(found) if found is not None else None
        wanted["starting_after"] = page.data[-1].id


@translated_errors()
def expire_session(session_id: str) -> Session:
    """Expire an open session. Raises RefusedError when it is no longer open, PaymentError."""
    return _session(client().v1.checkout.sessions.expire(session_id, options=_in_time()))


@translated_errors()
def create_refund(*, payment_intent_id: str, amount: int, currency: str, token: str) -> Refund:
    """Refund a sum, or get the refund made under this token before. Raises PaymentError."""
    params: RefundCreateParams = {
        "payment_intent": payment_intent_id,
        "amount": stripe_amounts.to_stripe(amount, currency),
        "metadata": {"refund": token},
    }
    return _refund(client().v1.refunds.create(params, _in_time(idempotency_key=f"refund-{token}")))


@translated_errors()
def list_refunds(*, payment_intent_id: str = "", made_after: datetime | None = None) -> list[Refund]:
    """Return all refunds of a payment, or of all payments since a time. Raises PaymentError."""
    return [_refund(one) for one in _all(client().v1.refunds.list, payment_intent_id, made_after)]


@translated_errors()
def list_disputes(*, payment_intent_id: str = "", made_after: datetime | None = None) -> list[Dispute]:
    """Return all disputes of a payment, or of all payments since a time. Raises PaymentError."""
    return [_dispute(one) for one in _all(client().v1.disputes.list, payment_intent_id, made_after)]


def _all(list_page: Callable[..., Any], payment_intent_id: str, made_after: datetime | None) -> Iterator[Any]:
    """Yield what Stripe lists, page by page. Not the SDK's own paging: each request must fit into the time left."""
    wanted: RefundListParams | DisputeListParams = {"limit": 100}
    if payment_intent_id:
        wanted["payment_intent"] = payment_intent_id
    if made_after:
        wanted["created"] = {"gte": int(made_after.timestamp())}
    while True:
        page = list_page(wanted, _in_time())
        yield from page.data
        if not page.has_more:
            return
        wanted["starting_after"] = page.data[-1].id


def read_event(payload: bytes, signature: str) -> Event:
    """Read a webhook's body.

    Raises SignatureError unless Stripe signed it within the last five minutes, MalformedError when it is no event.
    """
    sdk = _sdk()
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            sdk.WebhookSignature.verify_header(payload, signature, secret, sdk.Webhook.DEFAULT_TOLERANCE)
        except (sdk.SignatureVerificationError, ValueError, TypeError) as error:
            # ValueError: a body that is not UTF-8; TypeError: a signature that is not ASCII.
            if "outside the tolerance" in str(error):  # said after the signature was found to be right
                raise StaleError(str(error)) from error
        else:
            return signed_events.read(payload)
    message = "The signature is not Stripe's."
    raise SignatureError(message)


def _dispute(found: Any) -> Dispute:
    """Return Stripe's object as a Dispute."""
    raw = found.to_dict()
    due = (raw.get("evidence_details") or {}).get("due_by")
    return Dispute(
        id=raw["id"],
        status=raw.get("status") or "",
        amount=stripe_amounts.from_stripe(raw.get("amount"), (raw.get("currency") or "").upper()),
        payment_intent_id=raw.get("payment_intent") or "",
        reason=one_line(raw.get("reason"), 60),
        evidence_due_at=datetime.fromtimestamp(due, UTC) if due else None,
        created_at=datetime.fromtimestamp(raw.get("created") or 0, UTC),
    )


def _refund(found: Any) -> Refund:
    """Return Stripe's object as a Refund."""
    raw = found.to_dict()
    currency = (raw.get("currency") or "").upper()
    return Refund(
        id=raw["id"],
        status=raw.get("status") or "",
        amount=stripe_amounts.from_stripe(raw.get("amount"), currency),
        currency=currency,
        payment_intent_id=raw.get("payment_intent") or "",
        token=one_line((raw.get("metadata") or {}).get("refund"), 43),
        reason=one_line(raw.get("reason"), 200),
        failure=one_line(raw.get("failure_reason"), 200),
        created_at=datetime.fromtimestamp(raw.get("created") or 0, UTC),
    )


def _session(found: Any) -> Session:
    """Return Stripe's object as a Session."""
    raw = found.to_dict()
    currency = (raw.get("currency") or "").upper()
    details, customer = raw.get("total_details") or {}, raw.get("customer_details") or {}
    delivery = (raw.get("collected_information") or {}).get("shipping_details") or {}
    intent = raw.get("payment_intent") or {}
    intent = {"id": intent} if isinstance(intent, str) else intent  # expanded only where it was asked for

    def amount(value: int | None) -> int:
        return stripe_amounts.from_stripe(value, currency)

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
        reference=one_line(raw.get("client_reference_id"), 200),  # which another shop may have set
        payment_intent_id=intent.get("id") or "",
        has_failed=intent.get("status") in {"requires_payment_method", "canceled"},
        expires_at=datetime.fromtimestamp(raw.get("expires_at") or 0, UTC),
        customer_name=one_line(delivery.get("name") or customer.get("name"), NAME_LENGTH),
        phone=one_line(customer.get("phone"), PHONE_LENGTH),
        shipping_address=address(delivery),
        billing_address=address(customer),
    )
