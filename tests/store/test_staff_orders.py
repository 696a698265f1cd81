"""The staff's screens of orders: what each colleague may see and do, and steps that somebody else took first."""

import csv
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client
from openpyxl import load_workbook

from store.models import Document, Order, ProductVariant
from store.orders import lifecycle
from tests import factories
from tests.staff import signed_in
from tests.store.paying import pay_in_cash

pytestmark = pytest.mark.django_db
Status = Order.Status


@pytest.fixture
def order(mug: ProductVariant) -> Order:
    """A paid order that looks odd to somebody."""
    order = factories.placed_order(factories.basket(MUG=2))
    lifecycle.mark_needs_attention(order=order, by="Editor", note="Looks odd.")
    Order.objects.update(status=Status.PAID)
    order.refresh_from_db()
    return order


@pytest.fixture
def packer() -> Client:
    return signed_in("view_order", "change_order")


def advance(client: Client, order: Order, to: str) -> Any:
    return client.post(f"/admin/orders/{order.pk}/advance/", {"to": to}, follow=True)


def shown(client: Client, order: Order) -> str:
    response = client.get(f"/admin/orders/inspect/{order.pk}/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.mark.both_databases
def test_an_order_is_packed_and_sent_and_the_history_says_by_whom(packer: Client, order: Order) -> None:
    for step in (Status.PACKED, Status.SENT):
        assert f"Marked as {step.label}." in advance(packer, order, step).content.decode()
    assert [(event.to_status, event.by) for event in order.events.exclude(to_status="")] == [
        ("packed", "clerk@example.com"),
        ("sent", "clerk@example.com"),
    ]


@pytest.mark.both_databases
def test_the_staff_page_shows_addresses_and_amounts_needed_for_packing(packer: Client, order: Order) -> None:
    # As PostgreSQL gives it back: the shortest keys first.
    address = {"city": "Exampleton", "line1": "1 Example Street", "country": "GB", "postal_code": "EX1 1EX"}
    order.shipping_address = {"name": "Demo Shopper", **address}
    order.billing_address = {"name": "Demo Payer", **address, "country": "IE"}
    order.customer_name, order.tax = "Demo Shopper", 417
    order.save()
    page = shown(packer, order)
    to = "Demo Shopper<br>1 Example Street<br>Exampleton EX1 1EX<br>United Kingdom"
    assert f"<dt>Delivery address</dt> <dd>{to}</dd>" in page
    assert "<dd>Demo Payer<br>1 Example Street<br>Exampleton EX1 1EX<br>Ireland</dd>" in page
    assert "<dt>Name</dt><dd>Demo Shopper</dd>" in page
    for sum_of, amount in (("Goods", "£25.00"), ("Post", "£3.95"), ("Tax", "£4.17")):
        assert f"<dt>{sum_of}</dt><dd>{amount}</dd>" in page


def test_only_the_next_steps_are_offered(packer: Client, order: Order) -> None:
    page = shown(packer, order)
    assert "Mark as packed" in page
    assert "Mark as sent" not in page
    Order.objects.update(status=Status.REVIEW)
    page = shown(packer, order)
    assert "Accept the payment" in page
    assert "Cancel the order" not in page, "who may not refund it leaves it to others"


@pytest.mark.parametrize("to", [Status.SENT, Status.PAID, Status.CANCELLED, "", "nonsense", "\x00"])
def test_a_step_that_is_not_the_next_changes_nothing_and_is_told(
    packer: Client, order: Order, to: str
) -> None:
    assert "The order has changed." in advance(packer, order, to).content.decode()
    order.refresh_from_db()
    assert order.status == Status.PAID


def test_a_step_that_a_colleague_took_first_is_taken_once(packer: Client, order: Order) -> None:
    advance(packer, order, Status.PACKED)
    assert "Check its status and try again." in advance(packer, order, Status.PACKED).content.decode()
    assert order.events.filter(to_status=Status.PACKED).count() == 1


@pytest.mark.both_databases
def test_a_mark_is_taken_off_and_the_history_says_by_whom(packer: Client, order: Order) -> None:
    assert "This order needs attention" in shown(packer, order)
    packer.post(f"/admin/orders/{order.pk}/resolve/")
    order.refresh_from_db()
    assert not order.needs_attention
    assert "This order needs attention" not in shown(packer, order)
    assert (order.events.last().reason, order.events.last().by) == ("looked_at", "clerk@example.com")


def exported(client: Client, as_format: str) -> list[list[Any]]:
    response = client.get(f"/admin/orders/?export={as_format}")
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if as_format == "csv":
        return list(csv.reader(body.decode().splitlines()))
    return [list(row) for row in load_workbook(BytesIO(body)).active.values]


@pytest.mark.both_databases
@pytest.mark.parametrize("as_format", ["csv", "xlsx"])
def test_accounts_get_amounts_in_the_orders_own_currency(
    packer: Client, order: Order, as_format: str
) -> None:
    Order.objects.update(discount=250, tax=417)
    heading, row = exported(packer, as_format)
    told = dict(zip(heading, row, strict=True))
    amounts = [
        Decimal(str(told[name])) for name in ("Goods", "Shipping", "Discount", "Tax added by Stripe", "Total")
    ]
    assert amounts == [Decimal(amount) for amount in ("25.00", "3.95", "2.50", "4.17", "28.95")]
    Order.objects.update(currency="JPY")
    assert Decimal(str(exported(packer, as_format)[1][heading.index("Total")])) == 2895


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
@pytest.mark.usefixtures("mug")
def test_no_export_of_the_shop_holds_a_formula(admin_client: Client, start: str) -> None:
    factories.vat("none", not_registered_note="Small.")
    pay_in_cash(factories.placed_order(factories.basket(MUG=1)))
    cell = f"{start}1+1"
    Order.objects.update(email=cell, number=cell, vat_country=cell[:2], country=cell[:2])
    QuerySet(Document).update(number=cell)
    for path in ("orders/?export=csv", "papers/?export=csv", "papers/totals.csv?issued_at_from=2020-01-01"):
        response = admin_client.get(f"/admin/{path}")
        body = b"".join(response.streaming_content) if response.streaming else response.content
        rows = [*csv.reader(StringIO(body.decode(), newline=""))]
        assert any(cell[:2] in one for row in rows for one in row), "it is there"
        assert not [one for row in rows for one in row if one.startswith(start) and one[1:2] == "1"]
    for name in ("orders", "papers"):
        body = b"".join(admin_client.get(f"/admin/{name}/?export=xlsx").streaming_content)
        kinds = {cell.data_type for row in load_workbook(BytesIO(body)).active.rows for cell in row}
        assert "f" not in kinds


def test_staff_with_view_rights_only_cannot_change_an_order(order: Order) -> None:
    reader = signed_in("view_order")
    page = shown(reader, order)
    assert "Mark as packed" not in page
    assert "Mark as resolved" not in page
    advance(reader, order, Status.PACKED)
    reader.post(f"/admin/orders/{order.pk}/resolve/")
    order.refresh_from_db()
    assert (order.status, order.needs_attention) == (Status.PAID, True)


@pytest.mark.parametrize("path", ["", "inspect/{pk}/"])
def test_staff_without_rights_see_no_order(order: Order, path: str) -> None:
    response = signed_in().get(f"/admin/orders/{path.format(pk=order.pk)}", follow=True)
    assert order.number not in response.content.decode()
    assert "shopper@example.com" not in response.content.decode()


@pytest.mark.parametrize("action", ["advance", "resolve"])
def test_an_order_that_is_not_there_is_not_found_and_nothing_happens_by_a_link(
    packer: Client, order: Order, action: str
) -> None:
    assert packer.post(f"/admin/orders/{order.pk + 999}/{action}/").status_code == 404
    assert packer.get(f"/admin/orders/{order.pk}/{action}/").status_code == 405
