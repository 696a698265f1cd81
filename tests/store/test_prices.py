"""The price field: what editors type becomes minor units, and what Stripe cannot charge is refused."""

from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from store.catalogue.fields import PriceFormField
from store.models import ProductVariant, ShippingOption
from store.payments import money


@pytest.fixture
def field() -> PriceFormField:
    return ProductVariant._meta.get_field("price").formfield()


def test_the_price_field_shows_minor_units_as_an_amount(field: PriceFormField) -> None:
    assert str(field.prepare_value(1250)) == "12.50"
    assert field.prepare_value("12.5x") == "12.5x", "what was typed is shown as it was typed"


@pytest.mark.parametrize(
    ("currency", "typed", "minor"),
    [("GBP", "12.50", 1250), ("JPY", "1500", 1500), ("KWD", "1.230", 1230), ("ISK", "999999", 999_999)],
)
def test_the_price_field_reads_an_amount_into_minor_units(
    field: PriceFormField, settings: object, currency: str, typed: str, minor: int
) -> None:
    settings.CURRENCY = currency
    assert field.clean(typed) == minor


@pytest.mark.parametrize(
    ("currency", "typed"),
    [
        ("GBP", "0"), ("GBP", "-1"), ("GBP", "12.505"), ("GBP", "1000000"), ("GBP", "x"), ("GBP", "NaN"),
        ("JPY", "15.5"), ("JPY", "100000000"), ("KWD", "1.234"), ("ISK", "12.50"), ("ISK", "1000000"),
        ("GBP", "1e999999999"), ("GBP", "9" * 5000),
    ],
)  # fmt: skip
def test_the_price_field_refuses_a_price_that_cannot_be_charged(
    field: PriceFormField, settings: object, currency: str, typed: str
) -> None:
    settings.CURRENCY = currency
    with pytest.raises(ValidationError):
        field.clean(typed)


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("12.75", 1275), ("12,75", 1275), ("12.7", 1270), ("1.234,50", 123450), ("1,234.50", 123450),
        ("£12.75", 1275), ("12,75 £", 1275), ("GBP 12.75", 1275), ("1 234,50", 123450), ("1'234.5", 123450),
        ("12", 1200), ("123.456,78", 12345678), (" 12.75\u00a0", 1275),
    ],
)  # fmt: skip
def test_a_price_is_read_as_people_write_it(field: PriceFormField, typed: str, minor: int) -> None:
    assert field.clean(typed) == minor


@pytest.mark.parametrize("typed", ["12.345", "12,345", "1,234", "0.500", "1234.567"])
def test_a_price_that_can_be_read_in_two_ways_is_refused(field: PriceFormField, typed: str) -> None:
    with pytest.raises(ValidationError, match="two ways"):
        field.clean(typed)


@pytest.mark.parametrize(
    "typed",
    ["€12", "1e3", "+1", "1.234.50", "1,234,50", "12.", ".5", "1_0", "٣", "\x00", "12 50", "1.23,4567", "12,34.56"],
)  # fmt: skip
def test_what_is_no_price_is_refused(field: PriceFormField, typed: str) -> None:
    with pytest.raises(ValidationError, match=r"not an amount|decimal places"):
        field.clean(typed)


@given(
    minor=st.integers(0, 10**12),
    marks=st.sampled_from(
        [(",", "."), (".", ","), (" ", ","), ("\u202f", ","), ("'", "."), ("", "."), ("", ",")]
    ),
    sign=st.sampled_from(["{}", "£{}", "{} £", "GBP {}", " {} "]),
)
def test_every_amount_is_read_as_it_was_written(minor: int, marks: tuple[str, str], sign: str) -> None:
    whole = f"{minor // 100:,}".replace(",", marks[0])
    typed = sign.format(f"{whole}{marks[1]}{minor % 100:02}")
    assert money.to_minor(money.read(typed, "GBP"), "GBP") == minor


@given(st.text() | st.text("0123456789., '£-", max_size=12), st.sampled_from(["GBP", "JPY", "KWD"]))
def test_any_text_is_an_amount_or_refused(typed: str, currency: str) -> None:
    with suppress(money.AmountError):
        assert money.read(typed, currency) >= 0


def test_the_price_field_sees_whether_a_price_was_changed(field: PriceFormField) -> None:
    assert not field.has_changed(1250, "12.50")
    assert not field.has_changed(1250, "12.5")
    assert field.has_changed(1250, "12.51")


def test_sending_may_cost_nothing_but_goods_may_not() -> None:
    assert ShippingOption._meta.get_field("price").formfield().clean("0") == 0
    with pytest.raises(ValidationError):
        ProductVariant._meta.get_field("price").formfield().clean("0")
