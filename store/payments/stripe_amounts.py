"""What Stripe can charge, in its own units, and the countries to which it lets goods be sent.

Amounts are integer minor units (`money`) everywhere else. This asks nobody: the limits are Stripe's published ones.
"""

from functools import cache
from typing import get_args, get_type_hints

from django.utils.translation import gettext_lazy as _

from store.payments.money import AmountError

# https://docs.stripe.com/currencies#special-cases: two decimals at Stripe, none in the world.
_WHOLE_UNITS_TIMES_100 = frozenset({"ISK", "UGX"})
# https://docs.stripe.com/currencies#three-decimal: the last digit must be 0.
_THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
# Two decimals in the world, none at Stripe: prices would be a hundred times too high.
COUNTED_OTHERWISE = frozenset({"MGA"})
_MAX_AMOUNT = 99_999_999
# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, in Stripe's units.
MINIMUM = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50,
    "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50,
    "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip


def check_price(minor: int, currency: str) -> None:
    """Raise AmountError for a price that Stripe cannot charge."""
    if minor <= 0:
        raise AmountError(_("Enter a price above 0."))
    if to_stripe(minor, currency) > _MAX_AMOUNT:
        raise AmountError(_("This is more than can be paid at once."))
    if currency in _THREE_DECIMALS and minor % 10:
        raise AmountError(_("The last of the three decimal places must be 0 to be paid by card."))


def check_total(minor: int, currency: str) -> None:
    """Raise AmountError for the total of an order that Stripe cannot charge."""
    if to_stripe(minor, currency) < MINIMUM.get(currency, 1):
        raise AmountError(_("This is below the smallest amount that can be paid by card."))
    check_price(minor, currency)


def rounded_down(minor: int, currency: str) -> int:
    """Return the largest amount that Stripe can move of so much."""
    return minor - minor % 10 if currency in _THREE_DECIMALS else minor


def to_stripe(minor: int, currency: str) -> int:
    """Convert minor units to Stripe's units."""
    return minor * 100 if currency in _WHOLE_UNITS_TIMES_100 else minor


def from_stripe(amount: int | None, currency: str) -> int:
    """Convert Stripe's units to minor units.

    A fraction of a króna is left out. Stripe refuses to charge or refund one, so there is none to lose:
    https://support.stripe.com/questions/deprecation-of-fractional-isk-charges-and-refunds
    """
    return (amount or 0) // 100 if currency in _WHOLE_UNITS_TIMES_100 else (amount or 0)


@cache
def countries() -> frozenset[str]:
    """Return the codes of the countries to which Stripe lets goods be sent."""
    # Only here: the SDK is large, and amounts are wherever there are prices.
    from stripe.params.checkout import (  # noqa: PLC0415
        SessionCreateParamsShippingAddressCollection as Collection,
    )

    codes, _later = get_args(get_args(get_type_hints(Collection)["allowed_countries"])[0])
    return frozenset(get_args(codes))
