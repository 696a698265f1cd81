"""Money: integer minor units with an ISO 4217 currency. py-moneyed knows the currencies and writes amounts.

Nothing here knows how a payment provider counts; that is `store.payments`.
"""

from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _
from moneyed import Money, get_currency
from moneyed.l10n import format_money

_MOST_DIGITS = 15  # more is no price, and 1e999999999 would be more than the memory holds


class PriceError(ValueError):
    """What was typed is no price in this currency."""


def digits(currency: str) -> int:
    """Say how many decimal places a currency has (GBP 2, JPY 0, KWD 3)."""
    return len(str(get_currency(currency).sub_unit)) - 1


def to_minor(amount: Decimal | str, currency: str) -> int:
    """Turn 12.50 GBP into 1250. Raises PriceError for more decimal places than the currency has."""
    try:
        number = Decimal(str(amount))
    except InvalidOperation as error:
        raise PriceError(_("This is not an amount.")) from error
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        raise PriceError(_("This is not an amount."))
    scaled = number.scaleb(digits(currency))
    if scaled != scaled.to_integral_value():
        raise PriceError(_("This has more decimal places than the currency."))
    return int(scaled)


def to_decimal(minor: int, currency: str) -> Decimal:
    """Turn 1250 GBP into 12.50."""
    return Decimal(minor).scaleb(-digits(currency))


def display(minor: int, currency: str | None = None) -> str:
    """Write an amount for people, in the language of the moment: £12.50."""
    code = currency or settings.CURRENCY
    locale = to_locale(get_language() or settings.LANGUAGE_CODE)
    return format_money(Money(to_decimal(minor, code), code), locale=locale)
