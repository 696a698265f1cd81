"""What changes between the review page and the order: the shopper sees it first, and the order keeps what was shown."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from policies.models import PolicyVersion
from store.models import (
    Basket,
    DeliveryCountry,
    Order,
    ProductPage,
    ProductVariant,
    ShippingOption,
    VatClass,
    VatRate,
)
from store.payments import money
from tests import factories
from tests.store.paying import press_pay, sessions, shown
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _registered(mug: ProductVariant) -> None:
    factories.vat(GB=20)
    books = VatClass.objects.create(name="Books")
    factories.vat_rate("GB", 5, vat_class=books)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def sell_as_books() -> None:
    ProductPage.objects.update(vat_class=VatClass.objects.get())


def export() -> None:
    DeliveryCountry.objects.update(vat="none", vat_note="Export.")


CHANGES: dict[str, tuple[Callable[[], object], str]] = {
    "price": (lambda: ProductVariant.objects.update(price=1300), "Order and pay £29.95"),
    "name": (lambda: ProductPage.objects.update(title="Tin mug"), "Tin mug"),
    "delivery price": (lambda: ShippingOption.objects.update(price=495), "Order and pay £29.95"),
    "delivery time": (lambda: ShippingOption.objects.update(max_days=9), "9 working days"),
    "rate": (lambda: VatRate.objects.filter(vat_class=None).update(percent=25), "VAT 25%"),
    "class": (sell_as_books, "VAT 5%"),
    "country": (export, "Export."),
    "scheme": (lambda: factories.vat("none", not_registered_note="Small."), "Small."),
    "days to withdraw": (lambda: factories.shop_settings(withdrawal_days=40), "within 40 days"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changed_is_shown_before_it_is_ordered_and_then_kept(
    sandbox: Sandbox, shopper: Client, basket: Basket, what: str
) -> None:
    change, words = CHANGES[what]
    before = shown(basket)
    assert words not in text(shopper.get("/checkout/"))
    change()
    refused = press_pay(shopper, basket, **before)
    assert refused.status_code == 422
    assert words in text(refused)
    assert not Order.objects.exists()
    assert press_pay(shopper, basket).status_code == 303
    order = Order.objects.get()
    button = f"Order and pay {money.display(order.total, order.currency)}"
    assert button in text(refused)
    (session,) = sessions(sandbox)
    assert session["amount_total"] == order.total
    if "pay" not in words:
        assert words in text(shopper.get(order.get_absolute_url()))


def test_a_rate_that_holds_from_midnight_is_shown_before_it_is_ordered(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    factories.vat_rate("GB", 25, valid_from=timezone.localdate() + timedelta(days=1))
    before = shown(basket)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        refused = press_pay(shopper, basket, **before)
        assert refused.status_code == 422
        assert "VAT 25%" in text(refused)


# --- The terms ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("record", ["{}", "not JSON", '{"facts": {"withdrawal": {"withdrawal_days": "x"}}}'])
def test_terms_whose_record_was_damaged_hold_no_order_up(
    sandbox: Sandbox, shopper: Client, basket: Basket, terms: PolicyVersion, record: str
) -> None:
    QuerySet(PolicyVersion).update(record=record)  # past the guard, as in the database
    assert shopper.get("/checkout/").status_code == 200
    assert press_pay(shopper, basket).status_code == 303
    order = Order.objects.get()
    assert (order.terms_accepted, order.withdrawal_days) == (terms, 14)
    assert shopper.get(order.get_absolute_url()).status_code == 200
