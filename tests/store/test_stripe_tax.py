"""Stripe Tax as the alternative: its inclusive figures are no mismatch, and an order keeps what it worked out."""

from decimal import Decimal

import pytest
from django.test import Client

from store.models import Basket, Order, OrderEvent, ProductPage, VatClass, VatScheme
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
