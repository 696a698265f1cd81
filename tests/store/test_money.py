"""Amounts: integer minor units inside, decimals for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.payments import money


@pytest.mark.parametrize(("currency", "digits"), [("GBP", 2), ("JPY", 0), ("KWD", 3), ("ISK", 0), ("HUF", 2)])
def test_digits_returns_the_decimal_places_of_a_currency(currency: str, digits: int) -> None:
    assert money.digits(currency) == digits


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("12.50", "GBP", 1250),
        ("12.5", "GBP", 1250),
        ("1500", "JPY", 1500),
        ("1.230", "KWD", 1230),
        ("7", "ISK", 7),
    ],
)
def test_to_minor_reads_an_amount_into_minor_units(typed: str, currency: str, minor: int) -> None:
    assert money.to_minor(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency"),
    [("12.505", "GBP"), ("1500.5", "JPY"), ("0.5", "ISK"), ("1.2345", "KWD"), ("x", "GBP"), ("", "GBP"),
     ("NaN", "GBP"), ("Infinity", "GBP"), ("-Infinity", "GBP")],
)  # fmt: skip
def test_to_minor_refuses_text_that_is_no_amount_of_the_currency(typed: str, currency: str) -> None:
    with pytest.raises(money.AmountError):
        money.to_minor(typed, currency)


@given(minor=st.integers(0, 10**12), currency=st.sampled_from(["GBP", "JPY", "KWD", "ISK"]))
def test_an_amount_survives_the_way_to_decimals_and_back(minor: int, currency: str) -> None:
    assert money.to_minor(money.to_decimal(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [(1250, "GBP", "£12.50"), (1500, "JPY", "JP¥1,500"), (100_000, "GBP", "£1,000.00")],
)
def test_display_writes_amounts_with_symbol_and_separators(minor: int, currency: str, shown: str) -> None:
    assert money.display(minor, currency) == shown


def test_display_uses_the_shops_currency_by_default(settings: object) -> None:
    settings.CURRENCY = "EUR"
    assert money.display(1250) == "€12.50"
