"""Goes through what trips people on the first day with a key of Stripe's: what is so, and what to do about it there.

It asks as the shop would: with a payment page for nobody, which it closes at once, and with ids that do not exist. So
it makes no order, charges nobody and gives no money back.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from time import monotonic, sleep
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from home.csp import origin_of
from store.models import DeliveryCountry, Order, OrderLine, ShippingOption, StripeEvent
from store.payments import errors, events, gateway, stripe_amounts, stripe_client, stripe_clock
from store.payments.findings import Level, Line

PRICE = 1000  # minor units; nobody pays them
PATIENCE = 20.0  # seconds until the event of the closed page should be here
# https://docs.stripe.com/payments/payment-methods/payment-method-support#additional-api-supportability
DELAYED = frozenset(
    "acss_debit au_becs_debit bacs_debit boleto customer_balance konbini multibanco nz_bank_account oxxo sepa_debit "
    "us_bank_account".split()
)
NOBODY = "pi_nobody"


@dataclass(frozen=True)
class Permission:
    """What a restricted key may do, by the name in Stripe's Dashboard, and a call that needs it."""

    name: str
    call: Callable[[], object]
    is_needed: bool = True


def lines() -> Iterator[Line]:
    """Yield the lines of the list, one after the other, as they are found out; it ends where nothing more can be."""
    yield _mode()
    with suppress(errors.PaymentError):
        stripe_clock.measure(unless_within=stripe_clock.LATELY)
    began = monotonic()
    try:
        page = _open_page()
    except errors.UnknownKeyError:
        words = _("Stripe does not know the key in STRIPE_SECRET_KEY.")
        yield Line(
            words, Level.WRONG, _("Copy it from Developers → API keys. Each mode, test or live, has its own.")
        )
        return
    except errors.NotPermittedError:
        yield _lacking(Permission("Checkout Sessions: Write", _open_page))
        return
    except errors.PaymentError as error:
        words = _("Stripe opened no payment page: %(error)s") % {"error": error}
        yield Line(
            words,
            Level.WRONG,
            _("Look the request up under Developers → Logs: its ID is the last of these words."),
        )
        return
    yield Line(_("A payment page can be opened."))
    yield _answer_time(monotonic() - began)
    yield _origin(page)
    yield from _delayed_methods(page)
    yield from filter(None, map(_may, _permissions(page.id)))
    yield from _endpoint()
    yield _event_of(page.id)


def _mode() -> Line:
    if settings.STRIPE_API_URL:
        return Line(
            _("Payments go to the sandbox at %(url)s.") % {"url": settings.STRIPE_API_URL}, Level.NOTE
        )
    if stripe_client.is_live():
        return Line(_("The key takes real money."))
    words, to_do = (
        _("The key takes test money."),
        _("Before you sell, set STRIPE_SECRET_KEY to one for live mode."),
    )
    return Line(words, Level.NOTE, to_do)


def _open_page() -> Any:
    """Open a page; once more when Stripe refuses its end, as the shop does: by then we know its clock."""
    try:
        return _ask_for_page()
    except errors.EndRefusedError:
        return _ask_for_page()


def _ask_for_page() -> Any:
    country = DeliveryCountry.objects.values_list("code", flat=True).first()
    order = Order(
        number=f"check-{get_random_string(8)}",
        email="nobody@example.com",
        currency=settings.CURRENCY,
        country=country or "GB",
        shipping=0,
        session_expires_at=stripe_clock.page_end(),
    )
    price = max(PRICE, stripe_amounts.MINIMUM.get(settings.CURRENCY, 0))
    goods = OrderLine(title="Check of the site", unit_price=price, quantity=1)
    option = ShippingOption(name="Check", price=0, min_days=1, max_days=1)
    params: Any = gateway.session_params(order=order, lines=[goods], option=option)
    with stripe_client.translated_errors():
        return stripe_client.client().v1.checkout.sessions.create(params, {"idempotency_key": order.number})


def _answer_time(seconds: float) -> Line:
    words = _("It took %(seconds).1f s; after %(most).1f s the site stops waiting for an answer.")
    words %= {"seconds": seconds, "most": stripe_client.READ_SECONDS}
    if seconds < stripe_client.READ_SECONDS / 2:
        return Line(words)
    return Line(
        words,
        Level.NOTE,
        _("Check whether this machine’s network is slow: checkouts will fail now and then."),
    )


def _origin(page: Any) -> Line:
    origin = origin_of(page.url)
    if origin == stripe_client.checkout_origin():
        return Line(
            _("Payment pages are at %(origin)s, where the site lets its form lead.") % {"origin": origin}
        )
    words = _("Payment pages are at %(origin)s, and browsers refuse to follow the site’s form there.")
    to_do = _("Set STRIPE_CHECKOUT_ORIGIN=%(origin)s, and restart the site.")
    return Line(words % {"origin": origin}, Level.WRONG, to_do % {"origin": origin})


def _delayed_methods(page: Any) -> Iterator[Line]:
    if slow := sorted(DELAYED & set(page.payment_method_types)):
        words = _("These methods hold the goods for days, until the bank has decided: %(methods)s.")
        to_do = _("If you do not want that, turn them off under Settings → Payment methods.")
        yield Line(words % {"methods": ", ".join(slow)}, Level.NOTE, to_do)


def _permissions(page_id: str) -> list[Permission]:
    api = stripe_client.client().v1
    return [
        Permission("Checkout Sessions: Read", lambda: api.checkout.sessions.retrieve(page_id)),
        # This one closes the page of the check.
        Permission("Checkout Sessions: Write", lambda: api.checkout.sessions.expire(page_id)),
        Permission("PaymentIntents: Read", lambda: api.payment_intents.retrieve(NOBODY)),
        Permission("Charges and Refunds: Read", lambda: api.refunds.list({"limit": 1})),
        Permission("Charges and Refunds: Write", lambda: api.refunds.create({"payment_intent": NOBODY})),
        Permission("Disputes: Read", lambda: api.disputes.list({"limit": 1})),
        Permission(
            "Webhook Endpoints: Read", lambda: api.webhook_endpoints.list({"limit": 1}), is_needed=False
        ),
    ]


def _may(permission: Permission) -> Line | None:
    try:
        with stripe_client.translated_errors():
            permission.call()
    except errors.NotPermittedError:
        return _lacking(permission)
    except errors.NotFoundError:  # it may ask, and there is nothing
        return None
    except errors.PaymentError as error:
        words = _("“%(permission)s” could not be tried: %(error)s") % {
            "permission": permission.name,
            "error": error,
        }
        return Line(words, Level.WRONG, _("Run this again."))
    return None


def _lacking(permission: Permission) -> Line:
    words = _("The key lacks the permission “%(permission)s”.") % {"permission": permission.name}
    to_do = _(
        "Give it to the key under Developers → API keys, or use a secret key, which has all permissions."
    )
    return Line(words, Level.WRONG if permission.is_needed else Level.NOTE, to_do)


def _endpoint() -> Iterator[Line]:
    """Look at how the webhook is set up at Stripe, where the key may see that."""
    url = settings.SITE_URL + reverse("store:stripe_webhook")
    try:
        with stripe_client.translated_errors():
            found = stripe_client.client().v1.webhook_endpoints.list({"limit": 100}).data
    except errors.PaymentError:
        return
    endpoint = next((one for one in found if one.url == url), None)
    if endpoint is None:
        words = _("Stripe has no webhook endpoint %(url)s.") % {"url": url}
        to_do = _("Add it under Developers → Webhooks, for these events: %(events)s.")
        yield Line(words, Level.WRONG, to_do % {"events": ", ".join(sorted(events.HANDLERS))})
        return
    if endpoint.status != "enabled":
        words = _("The webhook endpoint is turned off.")
        yield Line(words, Level.WRONG, _("Turn it on under Developers → Webhooks."))
    sent = endpoint.enabled_events
    if missing := sorted(
        one for one in events.HANDLERS if not any(fnmatch(one, pattern) for pattern in sent)
    ):
        words = _("The webhook endpoint does not send these events: %(events)s.") % {
            "events": ", ".join(missing)
        }
        yield Line(words, Level.WRONG, _("Add them to it under Developers → Webhooks."))
    if endpoint.api_version not in (None, stripe_client.api_version()):
        words = _("The webhook endpoint writes events as of %(theirs)s; the site asks as of %(ours)s.")
        words %= {"theirs": endpoint.api_version, "ours": stripe_client.api_version()}
        yield Line(
            words,
            Level.NOTE,
            _("Nothing: of an event the site reads ids only, and asks Stripe for the rest."),
        )


def _event_of(page_id: str) -> Line:
    """Wait for Stripe's event about the closed page, which proves URL and signing secret of the webhook."""
    began, arrived = monotonic(), StripeEvent.objects.filter(object_id=page_id)
    while not arrived.exists():
        if monotonic() - began > PATIENCE:
            words = _("No event with a right signature came within %(seconds)d s.") % {"seconds": PATIENCE}
            to_do = _(
                "Look under Developers → Webhooks what the site answered. 400: set STRIPE_WEBHOOK_SECRET to the "
                "signing secret of this endpoint. No answer: the site cannot be reached from outside."
            )
            return Line(words, Level.WRONG, to_do)
        sleep(0.5)
    return Line(_("Stripe’s event came, and its signature is right."))
