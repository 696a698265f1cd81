"""Where the shop delivers: what Stripe would refuse is refused in the admin, not to the shopper on the payment page."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from store.models import DeliveryCountry, ShippingOption
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.mark.parametrize("code", ["UK", "gb", "XX", "", "G", "EU", "\x00a", "KP"])
def test_a_code_to_which_nothing_can_be_sent_is_refused(owner: Client, code: str) -> None:
    response = owner.post(
        "/admin/delivery-countries/new/", {"code": code, "name": "Somewhere", "ordering": "0"}
    )
    assert response.status_code == 200
    assert not DeliveryCountry.objects.exists()


def test_a_refused_code_is_told_in_words_that_help(owner: Client) -> None:
    response = owner.post(
        "/admin/delivery-countries/new/", {"code": "UK", "name": "Britain", "ordering": "0"}
    )
    assert "such as GB (not UK) or DE" in response.content.decode()


def test_a_code_that_stripe_takes_is_taken(owner: Client) -> None:
    owner.post(
        "/admin/delivery-countries/new/",
        {"code": "GB", "name": "United Kingdom", "ordering": "0", "vat": "here"},
    )
    assert DeliveryCountry.objects.get().code == "GB"


@pytest.mark.parametrize(("least", "most"), [("0", "4"), ("5", "4"), ("-1", "4"), ("x", "4"), ("", "")])
def test_days_that_are_in_no_order_are_refused(owner: Client, least: str, most: str) -> None:
    there = factories.shipping().country
    typed = {"country": there.pk, "name": "Courier", "price": "9.50", "min_days": least, "max_days": most}
    assert owner.post("/admin/shipping-options/new/", typed).status_code == 200
    assert ShippingOption.objects.count() == 1


def test_the_database_itself_refuses_them_too() -> None:
    factories.shipping()
    for wrong in ({"min_days": 0}, {"min_days": 5}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ShippingOption.objects.update(**wrong)


def test_a_day_that_is_certain_is_taken() -> None:
    option = factories.shipping()
    option.min_days = option.max_days = 1
    option.full_clean()
    option.max_days = 0
    with pytest.raises(ValidationError):
        option.full_clean()
