"""What the tests of invoices and credit notes share: orders of two rates, and what stands on their papers."""

from decimal import Decimal
from typing import Any

from store.documents import issuing
from store.documents.paper import Paper
from store.models import DocumentSum, Order, ProductPage, Refund, VatClass
from store.payments import refunds
from store.payments.refunds import Wanted
from tests import factories


def books(percent: float = 5, *, price: int = 800) -> None:
    """Sell an atlas at another rate."""
    vat_class = VatClass.objects.create(name="Books")
    factories.vat_rate("GB", percent, vat_class=vat_class)
    factories.product("Atlas", sku="ATLAS", price=price)
    ProductPage.objects.filter(title="Atlas").update(vat_class=vat_class)


def ordered(*, discount: int = 0, **quantities: int) -> Order:
    order = factories.placed_order(factories.basket(**quantities))
    order.discount, order.total = discount, order.total - discount
    order.save()
    return order


def papers(order: Order) -> list[Paper]:
    """Return what stands on the papers of an order, the oldest first."""
    return [issuing.paper_of(one) for one in order.documents.order_by("pk")]


def left(order: Order) -> dict[Decimal | None, tuple[int, int]]:
    """Return what the papers of an order leave by rate, gross and VAT."""
    found: dict[Decimal | None, tuple[int, int]] = {}
    for row in DocumentSum.objects.filter(document__order=order):
        gross, vat = found.get(row.percent, (0, 0))
        found[row.percent] = (gross + row.gross, vat + row.vat)
    return found


def refund(order: Order, **wanted: Any) -> Refund:
    return refunds.request_refund(order=order, wanted=Wanted(**wanted), by="Staff")


def line(order: Order, sku: str) -> int:
    return order.lines.get(sku=sku).pk
