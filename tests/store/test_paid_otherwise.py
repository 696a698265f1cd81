"""Offers that are paid otherwise than online: staff take the money, and the order is placed."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from home.models import User
from policies.models import PolicyVersion
from store.basket import contents
from store.checkout import place_order
from store.models import DeliveryCountry, Document, Offer, Order, ProductPage, ProductVariant, ShippingOption
from store.offers import paid_otherwise
from store.offers.forms import PaidForm
from store.payments.reconciliation import reconcile
from store.stock import movements
from tests import factories
from tests.staff import signed_in
from tests.store.paying import sessions, stock_of
from tests.store.preparing import RIGHTS, make, post, take, without
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client, mug: ProductVariant) -> Client:
    return signed_in(*RIGHTS, client=client)


@pytest.mark.both_databases
def test_an_order_paid_in_cash_is_placed_at_once_and_says_how(
    staff: Client, terms: PolicyVersion, registered: None
) -> None:
    make(staff)
    page = take(staff)
    order = Order.objects.get()
    assert (order.status, order.paid_amount, order.payment_source) == ("paid", 2895, "cash")
    assert (order.terms_accepted, order.session_params, order.session_expires_at) == (None, {}, None)
    assert (order.customer_name, order.shipping_address["city"]) == ("Ada Lovelace", "London")
    assert "Taken by staff, and not paid at Stripe: cash. Paid at the market" in page
    assert "Not online: staff took the order." in page
    assert {event.who for event in order.events.all()} == {"clerk@example.com"}
    assert "clerk@example.com" in page
    assert stock_of() == (8, 0)
    assert "Paid by cash on" in str(Document.objects.get().data)
    assert Email.objects.filter(to="ada@example.com").count() == 1
    offer = Offer.objects.get()
    assert (offer.is_over, offer.basket.lines.count()) == (True, 0)
    assert "This offer has ended." in take(staff)  # pressed twice
    assert Order.objects.count() == 1


def test_stripe_is_never_asked_about_it(sandbox: Sandbox, staff: Client) -> None:
    make(staff)
    take(staff, source="transfer")
    assert reconcile(everything=True).asked == 0
    assert (Order.objects.get().session_id, sessions(sandbox)) == (None, [])


def test_what_is_collected_needs_no_address(staff: Client) -> None:
    make(staff, email="")
    assert "Enter where it is sent to." in take(staff, line1="", city="")
    ShippingOption.objects.update(kind="collection", collect_at="The shop, 9 to 5")
    take(staff, name="", line1="", city="", postal_code="")
    order = Order.objects.get()
    assert (order.shipping_address, order.email) == ({}, "")


@pytest.mark.parametrize(
    "changes", [{"source": "stripe"}, {"source": ""}, {"reason": ""}, {"option": "0"}, {"name": "A\u202e"}]
)
def test_an_order_that_says_nothing_clear_is_not_placed(staff: Client, changes: dict[str, str]) -> None:
    make(staff)
    assert "error-message" in take(staff, **changes)
    assert not Order.objects.exists()


def test_what_the_customer_is_about_to_pay_is_not_taken_twice(staff: Client) -> None:
    make(staff)
    factories.placed_order(Offer.objects.get().basket)
    assert "about to pay it online" in take(staff)
    assert Order.objects.count() == 1


def test_what_is_sold_out_meanwhile_is_not_taken(staff: Client) -> None:
    make(staff)
    movements.count(sku="MUG", on_hand=1)
    assert "cannot be ordered now" in take(staff)
    assert not Order.objects.exists()


def test_prices_that_have_changed_are_looked_at_again(staff: Client) -> None:
    make(staff)
    page = staff.get(f"/admin/offers/inspect/{Offer.objects.get().pk}/")
    assert ", £3.95" in page.content.decode()
    shown = page.context["form"]["shown"].value()
    ProductVariant.objects.update(price=5000)
    assert "The prices have changed." in take(staff, shown=shown)
    assert not Order.objects.exists()
    take(staff)
    assert Order.objects.get().total == 10395


@pytest.mark.parametrize("change", ["other goods", "more", "another text"])
def test_goods_that_the_customer_changes_are_looked_at_again(staff: Client, change: str) -> None:
    factories.product("Pint", sku="PINT")
    ProductPage.objects.update(text_label="Name")
    make(staff, {"sku": "MUG", "quantity": 1, "text": "Ada"})
    basket = Offer.objects.get().basket
    shown, seen = PaidForm(contents.look_up(basket))["shown"].value(), contents.priced(basket)
    changes = {"other goods": {"sku": "PINT"}, "more": {"quantity": 2}, "another text": {"text": "Bob"}}
    basket.lines.update(**changes[change])
    page = take(staff, shown=shown)
    assert "The customer has changed the goods since this page was shown." in page
    with pytest.raises(place_order.CheckoutError):  # changed after the form was checked
        paid_otherwise.take(
            offer=Offer.objects.get(),
            seen=seen,
            option=ShippingOption.objects.to(DeliveryCountry.objects.get())[0],
            name="",
            address={},
            source="cash",
            reason="",
            by=User.objects.get(),
        )
    assert not Order.objects.exists()
    again = re.search(r'name="shown" value="([^"]+)"', page)
    take(staff, shown=again[1] if again else "")
    assert Order.objects.count() == 1


def test_while_the_shop_is_closed_it_is_said_why_nothing_is_taken(staff: Client) -> None:
    make(staff)
    factories.shop_settings(takes_orders=False, not_taken_note="On holiday")
    page = take(staff)
    assert "The shop takes no orders now. Settings → Shop says why." in page
    assert "see what is left" not in page
    assert not Order.objects.exists()


def test_what_is_over_is_not_taken(staff: Client) -> None:
    make(staff)
    Offer.objects.update(ends_at=timezone.now())
    assert "This offer has ended." in take(staff)
    assert not Order.objects.exists()


def test_each_part_needs_its_permission(staff: Client) -> None:
    make(staff)
    ends_at = Offer.objects.get().ends_at
    without(staff, "take_payment")
    assert (
        "They paid in cash"
        not in staff.get(f"/admin/offers/inspect/{Offer.objects.get().pk}/").content.decode()
    )
    take(staff)
    without(staff, "add_offer")
    make(staff)
    for path in ("send/", "withdrawal/", "end/"):
        post(staff, f"{Offer.objects.get().pk}/{path}", {"days": "9"})
    assert "Withdraw …" not in staff.get(f"/admin/offers/inspect/{Offer.objects.get().pk}/").content.decode()
    assert Offer.objects.get().ends_at == ends_at
    assert (Offer.objects.count(), Order.objects.count(), Email.objects.count()) == (1, 0, 0)
