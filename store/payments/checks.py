"""System checks of the shop: settings that would take real money by mistake, or let anybody report an order as paid.

They read settings only.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name
from moneyed import CurrencyDoesNotExist, get_currency

from store.payments import stripe_amounts, stripe_client

SECRET_PREFIX = "whsec_"  # noqa: S105 - how each of Stripe's begins
SHORTEST_SECRET = 16  # characters, in production
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


@register
def payments_are_safe(**_kwargs: object) -> Iterator[CheckMessage]:
    """Yield store.E001 to store.E008, those that apply."""
    is_live, sandbox = stripe_client.is_live(), settings.STRIPE_API_URL
    is_local = urlsplit(sandbox).hostname in THIS_MACHINE and not settings.IS_PRODUCTION
    if is_live and settings.DEBUG:
        text, hint = "A live Stripe key while DEBUG is on.", "Use a key that begins sk_test_."
        yield Error(text, hint=hint, id="store.E001")
    if settings.STRIPE_SECRET_KEY and not _are_secret(settings.STRIPE_WEBHOOK_SECRETS):
        text = "STRIPE_WEBHOOK_SECRET is none of Stripe's: anybody could send messages in Stripe's name."
        hint = f"Give one or two that begin {SECRET_PREFIX}, divided by a comma."
        yield Error(text, hint=hint, id="store.E002")
    if is_live and sandbox:
        hint = "Leave STRIPE_API_URL empty, or use a key that begins sk_test_."
        yield Error("A live Stripe key would be sent to the sandbox.", hint=hint, id="store.E003")
    if sandbox and not is_local:
        text = "STRIPE_API_URL must be empty: the sandbox that it names would decide which orders are paid."
        hint = "Leave it empty, or, in development only, name a sandbox on the same machine."
        yield Error(text, hint=hint, id="store.E004")
    if not _can_be_charged(settings.CURRENCY):
        hint = "Set CURRENCY to a code of ISO 4217, such as GBP."
        yield Error(f"Nothing can be sold in {settings.CURRENCY!r}.", hint=hint, id="store.E005")
    if not stripe_client.checkout_origin().startswith("https://") and not sandbox:
        hint = "Set STRIPE_CHECKOUT_ORIGIN to https:// and the domain, such as https://pay.example.com."
        yield Error("Browsers would refuse to open payment pages.", hint=hint, id="store.E008")
    if settings.STAGING and is_live:
        text, hint = "A staging site would take real money.", "Use a key that begins sk_test_."
        yield Error(text, hint=hint, id="store.E007")
    if settings.IS_PRODUCTION and not is_live and not settings.STRIPE_TEST_MONEY:
        text = "STRIPE_SECRET_KEY is no live key: goods would go out for test money."
        hint = "Use a key that begins sk_live_, or set STRIPE_TEST_MONEY=1 to allow it."
        yield Error(text, hint=hint, id="store.E006")


def _are_secret(secrets: list[str]) -> bool:
    least = SHORTEST_SECRET if settings.IS_PRODUCTION else 0
    return bool(secrets) and all(one.startswith(SECRET_PREFIX) and len(one) >= least for one in secrets)


def _can_be_charged(currency: str) -> bool:
    try:
        get_currency(currency)
    except CurrencyDoesNotExist:
        return False
    return currency not in stripe_amounts.COUNTED_OTHERWISE


@register(deploy=True)
def real_money_is_taken(**_kwargs: object) -> Iterator[CheckMessage]:
    """Yield store.W001 while orders are paid with test money."""
    if not stripe_client.is_live():
        hint = "Use a key that begins sk_live_."
        yield Warning("Orders are paid with test money.", hint=hint, id="store.W001")
