"""System checks of the shop: settings that would take real money by mistake, or let anybody say that an order is paid.

They look at settings only and ask nobody.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name
from moneyed import CurrencyDoesNotExist, get_currency

from store.payments import gateway

SECRET_PREFIX = "whsec_"  # noqa: S105 - how each of Stripe's begins
SHORTEST_SECRET = 16  # characters, in production
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


@register
def no_live_key_while_debugging(**_kwargs: object) -> list[CheckMessage]:
    """store.E001: tracebacks and demo accounts have no place beside real money."""
    if not (gateway.is_live() and settings.DEBUG):
        return []
    return [
        Error("A live Stripe key while DEBUG is on.", hint="Use a key that begins sk_test_.", id="store.E001")
    ]


@register
def webhooks_can_be_trusted(**_kwargs: object) -> list[CheckMessage]:
    """store.E002: without a secret no message of Stripe's is believed; with an empty one anybody's would be."""
    secrets, least = settings.STRIPE_WEBHOOK_SECRETS, SHORTEST_SECRET if settings.IS_PRODUCTION else 0
    is_set = secrets and all(one.startswith(SECRET_PREFIX) and len(one) >= least for one in secrets)
    if is_set or not settings.STRIPE_SECRET_KEY:
        return []
    text = "STRIPE_WEBHOOK_SECRET is none of Stripe's: anybody could send messages in Stripe's name."
    hint = f"It holds one or two that begin {SECRET_PREFIX}, divided by a comma."
    return [Error(text, hint=hint, id="store.E002")]


@register
def no_live_key_for_the_sandbox(**_kwargs: object) -> list[CheckMessage]:
    """store.E003: a live key is shown to nobody but Stripe."""
    if not (gateway.is_live() and settings.STRIPE_API_URL):
        return []
    hint = "Leave STRIPE_API_URL empty, or use a key that begins sk_test_."
    return [Error("A live Stripe key would be sent to the sandbox.", hint=hint, id="store.E003")]


@register
def sandbox_is_on_a_developers_machine(**_kwargs: object) -> list[CheckMessage]:
    """store.E004: whoever answers at that address decides which orders are paid."""
    is_here = urlsplit(settings.STRIPE_API_URL).hostname in THIS_MACHINE
    if not settings.STRIPE_API_URL or (is_here and not settings.IS_PRODUCTION):
        return []
    text = "STRIPE_API_URL must be empty: the sandbox that it names would decide which orders are paid."
    return [Error(text, hint="In development it may name one on the same machine.", id="store.E004")]


@register
def currency_can_be_charged(**_kwargs: object) -> list[CheckMessage]:
    """store.E005: amounts are counted as Stripe counts them, or wrongly."""
    try:
        get_currency(settings.CURRENCY)
    except CurrencyDoesNotExist:
        known = False
    else:
        known = settings.CURRENCY not in gateway.COUNTED_OTHERWISE
    if known:
        return []
    text = f"Nothing can be sold in {settings.CURRENCY!r}."
    return [Error(text, hint="CURRENCY is a code of ISO 4217, such as GBP.", id="store.E005")]


@register
def test_money_is_meant(**_kwargs: object) -> list[CheckMessage]:
    """store.E006: a shop that sends goods for test money, unless it says that this is a rehearsal."""
    if gateway.is_live() or settings.STRIPE_TEST_MONEY or not settings.IS_PRODUCTION:
        return []
    text = "STRIPE_SECRET_KEY is no live key: goods would go out for test money."
    return [Error(text, hint="STRIPE_TEST_MONEY=1 allows it.", id="store.E006")]


@register(deploy=True)
def real_money_is_taken(**_kwargs: object) -> list[CheckMessage]:
    """store.W001: the rehearsal goes on."""
    if gateway.is_live():
        return []
    return [
        Warning("Orders are paid with test money.", hint="Use a key that begins sk_live_.", id="store.W001")
    ]
