"""Invoices: what stands on them, worked out by hand, also of a payment that was checked first."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone, translation
from django.utils.formats import date_format
from wagtail.models import Site

from home.models import BrandSettings, User
from store.documents import issuing
from store.models import Document, Order, ProductVariant, Refund, ShopSettings, VatScheme
from store.orders import lifecycle
from store.payments import refunds
from tests import factories
from tests.store.papers import books, left, line, ordered, papers, refund
from tests.store.paying import in_dashboard, pay_in_cash
from tests.store.refunding import pay
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registered")]
Kind = Document.Kind
D = Decimal


# --- The invoice -------------------------------------------------------------------------------------------
def test_an_invoice_of_two_rates_with_discount_and_delivery_by_hand() -> None:
    books()
    # 25.00 at 20 % and 8.00 at 5 %, 3.95 of delivery, 3.30 off: of delivery 2.99 and 0.96, of the discount 2.50 and
    # 0.80; so 25.49, with 4.25 of VAT, and 8.16 with 0.39.
    order = pay_in_cash(ordered(MUG=2, ATLAS=1, discount=330))
    (paper,) = papers(order)
    assert (paper.kind, paper.number, paper.currency) == (Kind.INVOICE, "INV-000001", "GBP")
    assert paper.vat == (("20.00", 2549, 425), ("5.00", 816, 39))
    assert [
        (one.sku, one.title, one.quantity, one.unit_price, one.total, one.percent) for one in paper.lines
    ] == [
        ("MUG", "Enamel mug", 2, 1250, 2500, "20.00"),
        ("ATLAS", "Atlas", 1, 800, 800, "5.00"),
        ("", "Post", 1, 395, 395, ""),
    ]
    assert (paper.discount, paper.total) == (330, 3365)
    assert sum(one.total for one in paper.lines) - paper.discount == paper.total
    assert paper.order == order.number
    assert paper.issued_on == paper.ordered_on == timezone.localdate().isoformat()
    assert paper.vat_number == "GB999999973"
    assert paper.notes == (f"Paid by cash on {date_format(timezone.localdate())}.",)
    assert Document.objects.get().total == 3365


def test_an_invoice_names_seller_and_buyer() -> None:
    BrandSettings.objects.create(
        site=Site.objects.get(is_default_site=True),
        legal_name="Jomso Ltd",
        street="1 High Street",
        postal_code="AB1 2CD",
        city="Town",
        country="United Kingdom",
        email="shop@example.com",
        phone="01234 567890",
        company_number="12345678",
    )
    order = ordered(MUG=1)
    order.customer_name = "Ann Other"
    order.billing_address = {"name": "Ann & Co", "line1": "2 Low Road", "city": "Bonn", "country": "DE"}
    order.shipping_address = {"name": "Ann Other", "line1": "3 Side Lane", "city": "Town", "country": "GB"}
    order.save()
    (paper,) = papers(pay_in_cash(order))
    assert paper.seller == ("Jomso Ltd", "1 High Street", "Town AB1 2CD", "United Kingdom")
    assert paper.contact == ("shop@example.com", "Telephone: 01234 567890", "Company number: 12345678")
    assert paper.buyer == ("Ann & Co", "2 Low Road", "Bonn", "Germany")
    assert paper.deliver_to == ("Ann Other", "3 Side Lane", "Town", "United Kingdom")


def test_an_order_without_address_says_what_is_known() -> None:
    (paper,) = papers(pay_in_cash(ordered(MUG=1)))
    assert paper.buyer == ("shopper@example.com",)
    assert paper.deliver_to == ("United Kingdom",)
    order = ordered(MUG=1)
    Order.objects.filter(pk=order.pk).update(customer_name="Ann Other")
    assert papers(pay_in_cash(order))[0].buyer == ("Ann Other",)


def test_a_trader_who_is_not_registered_states_no_vat_but_why() -> None:
    factories.vat(VatScheme.NOT_REGISTERED, not_registered_note="No VAT: small business.")
    order = pay_in_cash(ordered(MUG=2))
    (paper,) = papers(order)
    assert (paper.vat, paper.vat_number, paper.total) == ((), "", 2895)
    assert paper.notes[0] == "No VAT: small business."
    assert paper.lines[0].percent == ""
    assert left(order) == {None: (2895, 0)}
    refund(order, lines={line(order, "MUG"): 1})
    assert papers(order)[1].vat == ()
    assert left(order) == {None: (1645, 0)}


def test_goods_that_are_exported_have_a_rate_of_zero_and_a_reason() -> None:
    there = factories.shipping(country="DE", price=395)
    there.country.vat, there.country.vat_note = "none", "Export: zero-rated."
    there.country.save()
    order = pay_in_cash(factories.placed_order(factories.basket(MUG=1), option=there))
    (paper,) = papers(order)
    assert paper.vat == (("0.00", 1645, 0),)
    assert "Export: zero-rated." in paper.notes


@pytest.mark.parametrize(
    ("currency", "price", "delivery", "gross", "vat"),
    [
        ("JPY", 1250, 395, 2895, 483),  # 482.5
        ("KWD", 12500, 3950, 28950, 4825),
    ],
)
def test_currencies_without_decimals_and_with_three(
    settings: Any, currency: str, price: int, delivery: int, gross: int, vat: int
) -> None:
    settings.CURRENCY = currency
    ProductVariant.objects.update(price=price)
    option = factories.shipping(price=delivery)
    order = pay_in_cash(factories.placed_order(factories.basket(MUG=2), option=option))
    (paper,) = papers(order)
    assert (paper.currency, paper.total, paper.vat) == (currency, gross, (("20.00", gross, vat),))
    refund(order, lines={line(order, "MUG"): 1})
    assert papers(order)[1].total == price


def test_there_is_no_invoice_until_the_seller_says_how_vat_is_accounted_for() -> None:
    factories.vat("")
    order = pay_in_cash(ordered(MUG=1))
    refund(order, amount=order.total)
    assert papers(order) == []


def test_the_invoice_is_in_the_language_of_the_site_whoever_accepts_the_payment() -> None:
    with translation.override("de"):
        order = pay_in_cash(ordered(MUG=1))
    (paper,) = papers(order)
    assert paper.notes == (f"Paid by cash on {date_format(timezone.localdate())}.",)
    assert paper.deliver_to == ("United Kingdom",)


def test_prefixes_are_the_shops() -> None:
    shop = ShopSettings.objects.get()
    shop.invoice_prefix, shop.credit_note_prefix = "2026/A-", "2026/C-"
    shop.full_clean()
    shop.save()
    order = pay_in_cash(ordered(MUG=1))
    refund(order, amount=order.total)
    assert [paper.number for paper in papers(order)] == ["2026/A-000001", "2026/C-000001"]


# --- An order under review ---------------------------------------------------------------------------------
def test_an_order_under_review_has_no_invoice_until_it_is_accepted(sandbox: Sandbox) -> None:
    order = factories.awaiting_order()
    Order.objects.filter(pk=order.pk).update(subtotal=2499)
    order = pay(sandbox, order)
    assert order.status == Order.Status.REVIEW
    in_dashboard(sandbox, order, amount=300)
    refunds.bring_up_to_date(order=order)
    assert papers(order) == []
    staff = User.objects.create_user(email="staff@example.com")
    lifecycle.take_staff_step(order_id=order.pk, to=Order.Status.PAID, user=staff)
    assert [(paper.kind, paper.total) for paper in papers(order)] == [("invoice", 2895), ("credit_note", 300)]


@pytest.mark.parametrize(
    ("paid", "currency", "first", "then"),
    [
        (3000, "GBP", [], [500]),  # what was paid too much goes back first: the invoice stands
        (2000, "GBP", [152], [724]),  # 105 and 500 of 2000 are 152 and 724 of 2895
        (4000, "USD", [76], [362]),
    ],
)
def test_another_payment_than_what_was_ordered_is_named_and_credited_in_proportion(
    paid: int, currency: str, first: list[int], then: list[int]
) -> None:
    order = pay_in_cash(ordered(MUG=2), amount=paid, currency=currency)
    (invoice,) = papers(order)
    assert invoice.total == 2895
    assert invoice.notes[0].startswith(
        {3000: "£30.00", 2000: "£20.00", 4000: "US$40.00"}[paid] + " paid by cash"
    )
    refund(order, amount=105, reason="Too much.")
    assert [paper.total for paper in papers(order)[1:]] == first
    refund(order, amount=500, reason="Late.")
    assert [paper.total for paper in papers(order)[1:]] == first + then
    refund(order, amount=order.refundable)
    assert left(order) == {D(20): (0, 0)}


def test_an_excess_that_the_bank_sends_back_is_made_up_on_the_papers(sandbox: Sandbox) -> None:
    order = pay_in_cash(ordered(MUG=2), amount=4000)
    excess = refund(order, amount=1105, reason="Too much.")
    refund(order, amount=1000, reason="Late.")
    assert left(order) == {D(20): (1895, 316)}
    Refund.objects.filter(pk=excess.pk).update(status=Refund.Status.FAILED)
    issuing.follow_refunds(Order.objects.get())
    assert left(order) == {D(20): (2895, 483)}, "30.00 are here, of which 28.95 were invoiced"
    assert papers(order)[-1].notes[0].startswith("The bank sent a refund back.")
    issuing.follow_refunds(Order.objects.get())
    assert order.documents.count() == 3
    refund(order, amount=order.refundable)
    assert left(order) == {D(20): (0, 0)}
