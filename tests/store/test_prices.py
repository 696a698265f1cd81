"""The price field: what editors type becomes minor units, and what Stripe cannot charge is refused."""

import pytest
from django.core.exceptions import ValidationError

from store.catalogue.fields import PriceFormField
from store.models import ProductVariant, ShippingOption


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


def test_the_price_field_sees_whether_a_price_was_changed(field: PriceFormField) -> None:
    assert not field.has_changed(1250, "12.50")
    assert not field.has_changed(1250, "12.5")
    assert field.has_changed(1250, "12.51")


def test_sending_may_cost_nothing_but_goods_may_not() -> None:
    assert ShippingOption._meta.get_field("price").formfield().clean("0") == 0
    with pytest.raises(ValidationError):
        ProductVariant._meta.get_field("price").formfield().clean("0")
