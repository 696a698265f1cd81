"""What the shop asks of Stripe: payment pages, refunds, disputes; and whether a webhook is Stripe's.

It, the checklist and Stripe's clock alone call Stripe. It never reads or writes the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from store.models import Order, OrderLine, ShippingOption, VatScheme
from store.models.availability import working_days
from store.payments import errors, signed_events, stripe_amounts, stripe_clock
from store.payments.signed_events import Event
from store.payments.stripe_client import client, in_time, sdk, translated_errors
from store.payments.stripe_objects import Dispute, Refund, Session, dispute_of, refund_of, session_of
from store.shipping.promises import working_days_between

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams
    from stripe.params.checkout import (
        SessionCreateParams,
        SessionCreateParamsLineItemPriceData,
        SessionCreateParamsLineItemPriceDataProductData,
        SessionCreateParamsShippingOptionShippingRateData,
        SessionListLineItemsParams,
        SessionRetrieveParams,
    )

MOST_LINES = 100  # of a session
TOLERANCE = 300  # seconds, as in Stripe's SDK
LOCALES = (
    "bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru "
    "sk sl sv th tr vi zh zh-HK zh-TW"
).split()
OTHER_NAMES = {"no": "nb", "nn": "nb", "hi": "hi-IN", "zh-hant": "zh-TW"}  # of Django
SHIPPING_TAX_CODE = "txcd_92010001"  # https://docs.stripe.com/tax/tax-codes


def session_params(
    *,
    order: Order,
    lines: Iterable[OrderLine],
    option: ShippingOption,
    tax_codes: Mapping[str, str] = {},
    pictures: Mapping[str, str] = {},
) -> dict[str, Any]:
    """Return Stripe's parameters for an order: plain data, to be kept and sent again unchanged.

    `tax_codes` are those of SKUs with another than the account's own, for Stripe Tax; `pictures` are URLs by SKU. Which
    ways to pay are offered, wallets among them, is chosen in Stripe's Dashboard.
    """
    currency = order.currency
    assert order.session_expires_at is not None
    params: SessionCreateParams = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "locale": locale_of(settings.LANGUAGE_CODE),
        "client_reference_id": order.number,
        "customer_email": order.email,
        "line_items": [
            {
                "quantity": line.quantity,
                "price_data": _price(line, currency, tax_codes.get(line.sku), pictures.get(line.sku, "")),
            }
            for line in lines
        ],
        "shipping_options": [{"shipping_rate_data": _rate(option, order)}],
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
    if option.kind == ShippingOption.Kind.ADDRESS:
        params["shipping_address_collection"] = {"allowed_countries": [order.country]}
    if order.vat_scheme == VatScheme.STRIPE_TAX:
        params["automatic_tax"] = {"enabled": True}
        params["shipping_options"][0]["shipping_rate_data"]["tax_code"] = SHIPPING_TAX_CODE
    return dict(params)


def _url(name: str, order: Order) -> str:
    return settings.SITE_URL + reverse(f"store:{name}", args=[order.return_token])


def locale_of(language: str) -> str:
    """Return Stripe's name of a language in which it shows payment pages; else that of the browser is used."""
    code = language.lower()
    names = OTHER_NAMES | {one.lower(): one for one in LOCALES}
    return names.get(code) or names.get(code.partition("-")[0], "auto")


def _price(
    line: OrderLine, currency: str, tax_code: str | None, picture: str
) -> SessionCreateParamsLineItemPriceData:
    """Return a line's price and what the page shows of it; what the shopper wrote stays with us."""
    product: SessionCreateParamsLineItemPriceDataProductData = {"name": str(line)[:250]}
    if line.made_in_days:
        made = _("Made to order in %(days)s") % {"days": working_days(line.made_in_days)}
        product["description"] = made
    # Stripe fetches it itself; the sandbox's page has the browser do that, on this machine.
    if picture.startswith("https://") or (picture and settings.STRIPE_API_URL):
        product["images"] = [picture]
    if tax_code:
        product["tax_code"] = tax_code
    return {
        "currency": currency.lower(),
        "unit_amount": stripe_amounts.to_stripe(line.unit_price, currency),
        "tax_behavior": "inclusive",
        "product_data": product,
    }


def _rate(option: ShippingOption, order: Order) -> SessionCreateParamsShippingOptionShippingRateData:
    least, most = option.min_days + order.made_in_days, option.max_days + order.made_in_days
    if order.arrives_from and order.arrives_until:  # Stripe counts from the payment
        today = timezone.localdate()
        least, most = (working_days_between(today, day) for day in (order.arrives_from, order.arrives_until))
    return {
        "type": "fixed_amount",
        "display_name": option.name[:100],
        "tax_behavior": "inclusive",
        "fixed_amount": {
            "amount": stripe_amounts.to_stripe(order.shipping, order.currency),
            "currency": order.currency.lower(),
        },
        "delivery_estimate": {
            "minimum": {"unit": "business_day", "value": least},
            "maximum": {"unit": "business_day", "value": most},
        },
    }


@translated_errors()
def create_session(params: SessionCreateParams, *, idempotency_key: str) -> Session:
    """Create a Checkout Session, or get the one made under this key before. Raises PaymentError."""
    return session_of(client().v1.checkout.sessions.create(params, in_time(idempotency_key=idempotency_key)))


@translated_errors()
def retrieve_session(session_id: str) -> Session:
    """Retrieve a session, with what Stripe Tax worked out. Raises NotFoundError, PaymentError."""
    sessions = client().v1.checkout.sessions
    expanded: SessionRetrieveParams = {"expand": ["payment_intent", "shipping_cost.taxes"]}
    found = sessions.retrieve(session_id, expanded, in_time())
    if found.automatic_tax.status != "complete":
        return session_of(found)
    # The session itself would hold the first handful only.
    lines: SessionListLineItemsParams = {"limit": MOST_LINES, "expand": ["data.taxes"]}
    return session_of(found, sessions.line_items.list(session_id, lines, in_time()).to_dict()["data"])


@translated_errors()
def find_session(*, reference: str, made_after: datetime) -> Session | None:
    """Find the session of an order whose answer was lost; None when Stripe made none. Raises PaymentError."""
    listed = _all(client().v1.checkout.sessions.list, made_after=made_after)
    return next((session_of(one) for one in listed if one.client_reference_id == reference), None)


@translated_errors()
def list_paid_sessions(*, made_after: datetime) -> list[Session]:
    """Return the sessions made since a time that are paid and lead back to this site. Raises PaymentError."""
    listed = _all(client().v1.checkout.sessions.list, made_after=made_after, status="complete")
    ours = (one for one in map(session_of, listed) if one.is_ours and one.is_paid)
    return [one for one in ours if one.return_url.startswith(f"{settings.SITE_URL}/")]


@translated_errors()
def expire_session(session_id: str) -> Session:
    """Expire an open session. Raises RefusedError when it is no longer open, PaymentError."""
    return session_of(client().v1.checkout.sessions.expire(session_id, options=in_time()))


@translated_errors()
def create_refund(
    *, payment_intent_id: str, amount: int, currency: str, token: str, attempt: int = 0
) -> Refund:
    """Refund a sum, or get the refund made under this token and attempt before. Raises PaymentError."""
    params: RefundCreateParams = {
        "payment_intent": payment_intent_id,
        "amount": stripe_amounts.to_stripe(amount, currency),
        "metadata": {"refund": token},
    }
    key = f"refund-{token}" if not attempt else f"refund-{token}-{attempt}"
    return refund_of(client().v1.refunds.create(params, in_time(idempotency_key=key)))


@translated_errors()
def list_refunds(*, payment_intent_id: str = "", made_after: datetime | None = None) -> list[Refund]:
    """Return all refunds of a payment, or of all payments since a time. Raises PaymentError."""
    return [refund_of(one) for one in _all(client().v1.refunds.list, payment_intent_id, made_after)]


@translated_errors()
def list_disputes(*, payment_intent_id: str = "", made_after: datetime | None = None) -> list[Dispute]:
    """Return all disputes of a payment, or of all payments since a time. Raises PaymentError."""
    return [dispute_of(one) for one in _all(client().v1.disputes.list, payment_intent_id, made_after)]


def _all(
    list_page: Callable[..., Any],
    payment_intent_id: str = "",
    made_after: datetime | None = None,
    **conditions: str,
) -> Iterator[Any]:
    """Yield what Stripe lists, page by page. Not the SDK's own paging: each request must fit into the time left."""
    wanted: dict[str, Any] = {"limit": 100, **conditions}
    if payment_intent_id:
        wanted["payment_intent"] = payment_intent_id
    if made_after:
        wanted["created"] = {"gte": int(made_after.timestamp())}
    while True:
        page = list_page(wanted, in_time())
        yield from page.data
        if not page.has_more:
            return
        wanted["starting_after"] = page.data[-1].id


def read_event(payload: bytes, signature: str) -> Event:
    """Read a webhook's body.

    Raises SignatureError unless Stripe signed it, StaleError if that was more than five minutes ago, MalformedError
    when it is no event.
    """
    if not any(_is_signed(payload, signature, secret) for secret in settings.STRIPE_WEBHOOK_SECRETS):
        message = "The signature is not Stripe's."
        raise errors.SignatureError(message)
    _check_age(signature)
    return signed_events.read(payload)


def _is_signed(payload: bytes, signature: str, secret: str) -> bool:
    stripe = sdk()
    try:
        stripe.WebhookSignature.verify_header(payload, signature, secret)
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        # ValueError: a body that is not UTF-8; TypeError: a signature that is not ASCII.
        return False
    return True


def _check_age(signature: str) -> None:
    """Raise StaleError if a right signature is too old by our clock, and by Stripe's as soon as we know it."""
    times = (part.partition("=")[2] for part in signature.split(",") if part.startswith("t="))
    try:
        signed_at, oldest = datetime.fromtimestamp(int(next(times)), UTC), timedelta(seconds=TOLERANCE)
    except (ValueError, OverflowError, OSError) as error:
        message = "The signature has no time."
        raise errors.SignatureError(message) from error
    if timezone.now() - signed_at <= oldest or stripe_clock.now() - signed_at <= oldest:
        return
    with suppress(errors.PaymentError):
        stripe_clock.measure(unless_within=stripe_clock.LATELY)
    if (age := stripe_clock.now() - signed_at) > oldest:
        raise errors.StaleError(age)
