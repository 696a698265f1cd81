"""Money: integer minor units with an ISO 4217 currency. py-moneyed knows the currencies and formats amounts.

Stripe's own units and limits are in `store.payments.stripe_amounts`.
"""

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from babel.numbers import get_currency_symbol
from django.conf import settings
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _
from moneyed import Money, get_currency
from moneyed.l10n import format_money

_THOUSANDS = 3  # digits
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
_SEPARATORS = re.compile(r"[ .,'’]")
# Whole digits, or in threes with one separator throughout; then decimals behind another one.
_WRITTEN = re.compile(
    r"(?P<whole>[0-9]{1,15}|[0-9]{1,3}(?P<separator>[ .,'’])[0-9]{3}(?:(?P=separator)[0-9]{3})*)"
    r"(?:(?!(?P=separator))(?P<mark>[.,])(?P<decimals>[0-9]{1,15}))?"
)
_MOST_DIGITS = 15  # more is no price, and 1e999999999 would be more than the memory holds


class AmountError(ValueError):
    """The value is no amount of the currency, or none that can be charged."""


def digits(currency: str) -> int:
    """Return how many decimal places a currency has (GBP 2, JPY 0, KWD 3)."""
    return len(str(get_currency(currency).sub_unit)) - 1


def to_minor(amount: Decimal | str, currency: str) -> int:
    """Convert 12.50 GBP to 1250. Raises AmountError for more decimal places than the currency has."""
    try:
        number = Decimal(str(amount))
    except InvalidOperation as error:
        raise AmountError(_("This is not an amount.")) from error
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        raise AmountError(_("This is not an amount."))
    scaled = number.scaleb(digits(currency))
    if scaled != scaled.to_integral_value():
        raise AmountError(_("This has more decimal places than the currency."))
    return int(scaled)


def read(typed: str, currency: str) -> Decimal:
    """Read an amount as people write it: 12.75, 12,75, 1.234,50, 1,234.50, £12.75 or 12.75 GBP.

    Raises AmountError for anything else, and where a point or comma can be of thousands or of decimals: 12.345.
    """
    symbol = get_currency_symbol(currency, locale=to_locale(settings.LANGUAGE_CODE))
    text = _SPACES.sub(" ", typed).strip()
    for sign in (currency, symbol):
        text = text.removeprefix(sign).removesuffix(sign).strip()
    match = _WRITTEN.fullmatch(text)
    if not match:
        raise AmountError(_("This is not an amount. Write it as 1234.50 or 1234,50."))
    whole, decimals = match["whole"], match["decimals"] or ""
    is_ours = digits(currency) == _THOUSANDS and match["mark"] == "."  # as the form shows it
    if len(decimals) == _THOUSANDS and whole.isdecimal() and not is_ours:
        if digits(currency) or len(whole) > _THOUSANDS or whole.startswith("0"):
            raise AmountError(_("This can be read in two ways. Write thousands without a point or comma."))
        whole, decimals = whole + decimals, ""
    return Decimal(f"{_SEPARATORS.sub('', whole)}.{decimals or 0}")


def to_decimal(minor: int, currency: str) -> Decimal:
    """Convert 1250 GBP to 12.50."""
    return Decimal(minor).scaleb(-digits(currency))


def display(minor: int, currency: str | None = None) -> str:
    """Format an amount in the active language, with a minus as sums are written: £12.50, −£12.50."""
    shown = _formatted(abs(minor), currency or settings.CURRENCY, get_language() or settings.LANGUAGE_CODE)
    return f"−{shown}" if minor < 0 else shown


@lru_cache(maxsize=1000)  # a list says few prices many times
def _formatted(minor: int, currency: str, language: str) -> str:
    return format_money(Money(to_decimal(minor, currency), currency), locale=to_locale(language))
