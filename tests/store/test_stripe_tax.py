"""Stripe Tax as the alternative: its inclusive figures are no mismatch, and an order keeps what it worked out."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from store.models import (
    Basket,
    DeliveryCountry,
    Order,
    OrderEvent,
    ProductPage,
    ProductVariant,
    VatClass,
    VatScheme,
)
from store.orders import lifecycle
from store.payments import refunds
from store.vat import sums
from store.vat.sums import VatSum
from tests import factories
from tests.store.paying import sessions, settle
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
BOOKS = "txcd_35010000"


@pytest.fixture
def placed(sandbox: Sandbox, basket: Basket) -> Order:
    """Two mugs and an atlas, which in Britain has no VAT."""
    factories.vat(VatScheme.STRIPE_TAX)
    factories.product("Atlas", sku="ATLAS", price=1500)
    books = VatClass.objects.create(name="Books", stripe_tax_code=BOOKS)
    ProductPage.objects.filter(title="Atlas").update(vat_class=books)
    basket.lines.create(sku="ATLAS", quantity=1)
    return factories.awaiting_order(basket)


def test_before_it_is_paid_nothing_is_said_about_rates(placed: Order, client: Client) -> None:
    page = " ".join(client.get(placed.get_absolute_url()).content.decode().split())
    assert sums.of_order(placed) == []
    assert "Total, tax included" in page


def test_what_stripe_worked_out_is_kept_with_the_order(sandbox: Sandbox, placed: Order) -> None:
    sandbox.pay(placed.session_id)
    order = settle(placed)
    assert (order.status, order.total, order.tax, order.needs_attention) == (
        Order.Status.PAID,
        4395,
        0,
        False,
    )
    assert [line.vat_percent for line in order.lines.all()] == [Decimal(20), Decimal(0)]
    # 25.00 and 3.95 of delivery at 20 %: 4.17 and 0.66.
    assert sums.of_order(order) == [VatSum(Decimal(20), 2895, 483), VatSum(Decimal(0), 1500, 0)]


def test_a_promotion_code_lowers_what_is_taxed(sandbox: Sandbox, placed: Order) -> None:
    sandbox.pay(placed.session_id, action="apply_code", code="TEST10")
    sandbox.pay(placed.session_id)
    order = settle(placed)
    assert (order.status, order.discount) == (Order.Status.PAID, 400)
    assert sum(one.gross for one in sums.of_order(order)) == order.total == 3995


def test_more_lines_than_stripe_shows_in_a_session_are_all_taxed(sandbox: Sandbox, basket: Basket) -> None:
    factories.vat(VatScheme.STRIPE_TAX)
    for number in range(12):
        factories.product(f"Spoon {number}", sku=f"SPOON-{number}", price=100)
        basket.lines.create(sku=f"SPOON-{number}", quantity=1)
    order = factories.awaiting_order(basket)
    sandbox.pay(order.session_id)
    order = settle(order)
    assert {line.vat_percent for line in order.lines.all()} == {Decimal(20)}
    assert sum(one.gross for one in sums.of_order(order)) == order.total


def test_goods_for_a_country_where_stripe_collects_nothing_are_untaxed(
    sandbox: Sandbox, basket: Basket
) -> None:
    factories.vat(VatScheme.STRIPE_TAX)
    order = factories.awaiting_order(basket, option=factories.shipping(country="NO"))
    sandbox.pay(order.session_id)
    assert sums.of_order(settle(order)) == [VatSum(Decimal(0), order.total, 0)]


def test_an_order_for_which_stripe_tax_failed_needs_attention(sandbox: Sandbox, basket: Basket) -> None:
    factories.vat(VatScheme.STRIPE_TAX)
    sandbox.account.tax_fails = True
    order = factories.awaiting_order(basket)
    sandbox.pay(order.session_id)
    order = settle(order)
    assert (order.status, order.needs_attention) == (Order.Status.PAID, True)
    assert order.events.filter(reason=OrderEvent.Reason.NO_VAT).count() == 1


def test_without_the_scheme_stripe_is_not_asked(sandbox: Sandbox, order: Order) -> None:
    assert [one["automatic_tax"]["enabled"] for one in sessions(sandbox)] == [False]


# --- Papers --------------------------------------------------------------------------------------------------
def sums_of(order: Order) -> list[tuple[str, list[tuple[str, int, int]]]]:
    """Return the number of each paper of an order and its sums: percent, gross, VAT."""
    papers = order.documents.order_by("pk").prefetch_related("sums")
    return [
        (paper.number, [(str(one.percent), one.gross, one.vat) for one in paper.sums.order_by("-percent")])
        for paper in papers
    ]


def refund(order: Order, **wanted: Any) -> None:
    refunds.request_refund(order=order, wanted=refunds.Wanted(**wanted), by="Staff")


def test_refunds_take_stripes_vat_back_in_proportion_and_the_last_the_rest(basket: Basket) -> None:
    order = factories.placed_order(basket)
    # Stripe rounded each piece: by our own sum it would be 4.83.
    vat = {"vat_scheme": "stripe", "vat_sums": [["20.00", 2500, 410], ["20.00", 395, 62]]}
    paid = {"paid_at": timezone.now(), "paid_amount": order.total, "paid_currency": "GBP", **vat}
    Order.objects.update(payment_source=Order.PaymentSource.CASH, **paid)
    order.lines.update(vat_percent=20)
    order.refresh_from_db()
    lifecycle.confirm(order=order, by="test")
    for pence in (1, 1000, 1894):
        refund(order, amount=pence, reason="Late.")
    assert sums_of(order) == [
        ("INV-000001", [("20.00", 2895, 472)]),
        ("CN-000001", [("20.00", -1, 0)]),
        ("CN-000002", [("20.00", -1000, -163)]),
        ("CN-000003", [("20.00", -1894, -309)]),
    ]


def test_delivery_is_credited_at_the_rate_that_stripe_gave_it(sandbox: Sandbox, mug: ProductVariant) -> None:
    factories.vat(VatScheme.STRIPE_TAX)
    ProductPage.objects.update(vat_class=VatClass.objects.create(name="Books", stripe_tax_code=BOOKS))
    order = factories.awaiting_order(factories.basket(MUG=1))
    sandbox.pay(order.session_id)
    refund(settle(order), delivery=395)
    assert sums_of(order) == [
        ("INV-000001", [("20.00", 395, 66), ("0.00", 1250, 0)]),
        ("CN-000001", [("20.00", -395, -66)]),
    ]


def test_an_untaxed_sale_abroad_keeps_the_sentence_of_its_country(
    sandbox: Sandbox, mug: ProductVariant
) -> None:
    factories.vat(VatScheme.STRIPE_TAX)
    option = factories.shipping(country="NO")
    DeliveryCountry.objects.filter(code="NO").update(vat="none", vat_note="Export.")
    order = factories.awaiting_order(factories.basket(MUG=1), option=option)
    sandbox.pay(order.session_id)
    settle(order)
    assert "Export." in order.documents.get().data["notes"]


def test_lines_that_stripe_lists_otherwise_hold_no_payment_up(sandbox: Sandbox, placed: Order) -> None:
    placed.lines.filter(sku="ATLAS").delete()
    sandbox.pay(placed.session_id)
    order = settle(placed)
    assert order.paid_at is not None
    assert order.events.filter(reason=OrderEvent.Reason.NO_VAT).exists()
