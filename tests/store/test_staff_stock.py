"""The staff's screen of stock: goods come in, are counted and written off, and each movement says by whom."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from home.models import User
from store.models import ProductVariant, StockItem, StockMovement
from store.stock import movements
from tests import factories
from tests.staff import signed_in
from tests.store.paying import stock_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(mug: ProductVariant) -> StockItem:
    return StockItem.objects.get(sku="MUG")


@pytest.fixture
def counter() -> Client:
    return signed_in("view_stockitem", "change_stockitem")


def move(client: Client, item: StockItem, what: str, quantity: str, note: str = "") -> str:
    typed = {"what": what, "quantity": quantity, "note": note}
    return client.post(f"/admin/stock/{item.pk}/move/", typed, follow=True).content.decode()


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("what", "quantity", "left"),
    [("receive", "3", 13), ("count", "7", 7), ("count", "0", 0), ("write_off", "4", 6)],
)
def test_a_movement_is_written_down_with_who_and_why(
    counter: Client, item: StockItem, what: str, quantity: str, left: int
) -> None:
    page = move(counter, item, what, quantity, note="After the storm")
    assert "Stock of MUG saved." in page
    assert "After the storm" in page
    assert stock_of() == (left, 0)
    assert StockMovement.objects.first().made_by.email == "clerk@example.com"


@pytest.mark.both_databases
@pytest.mark.parametrize("what", ["receive", "count", "write_off"])
@pytest.mark.parametrize("quantity", ["-1", "x", "", "1.5", "100001", "9" * 400, "\x00"])
def test_an_invalid_quantity_is_refused_and_changes_no_stock(
    counter: Client, item: StockItem, what: str, quantity: str
) -> None:
    assert "Enter a whole number from 0 to 100000." in move(counter, item, what, quantity)
    assert stock_of() == (10, 0)


def test_the_page_of_a_sku_is_headed_by_what_it_is_and_leads_to_its_orders(
    owner: Client, item: StockItem
) -> None:
    order = factories.placed_order(factories.basket(MUG=2))
    page = owner.get(f"/admin/stock/inspect/{item.pk}/").content.decode()
    assert "Enamel mug" in page.partition("</title>")[0]
    assert f'<a href="/admin/orders/inspect/{order.pk}/">{order.number}</a>' in page
    assert '<td class="figure"></td><td class="figure" data-label="Held">+2</td>' in page


def test_an_unknown_kind_of_movement_changes_no_stock(counter: Client, item: StockItem) -> None:
    for what in ("", "sold", "take_back", "\x00"):
        move(counter, item, what, "3")
    assert stock_of() == (10, 0)


@pytest.mark.parametrize(("what", "quantity"), [("count", "1"), ("write_off", "9")])
def test_held_goods_cannot_be_counted_or_written_off(
    counter: Client, item: StockItem, what: str, quantity: str
) -> None:
    factories.placed_order(factories.basket(MUG=2))
    assert "held for open payments" in move(counter, item, what, quantity)
    assert stock_of() == (10, 2)


def test_staff_with_view_rights_only_see_no_form_and_cannot_change_stock(item: StockItem) -> None:
    reader = signed_in("view_stockitem")
    page = reader.get(f"/admin/stock/inspect/{item.pk}/").content.decode()
    assert "<dt>In stock</dt><dd>10</dd>" in page
    assert "Save</button>" not in page
    move(reader, item, "receive", "5")
    assert stock_of() == (10, 0)


def test_staff_without_rights_see_no_stock(item: StockItem) -> None:
    response = signed_in().get(f"/admin/stock/inspect/{item.pk}/", follow=True)
    assert "in stock" not in response.content.decode()


def test_a_sku_that_is_not_there_is_not_found_and_nothing_happens_by_a_link(
    counter: Client, item: StockItem
) -> None:
    typed: dict[str, Any] = {"what": "receive", "quantity": "1"}
    assert counter.post(f"/admin/stock/{item.pk + 999}/move/", typed).status_code == 404
    assert counter.get(f"/admin/stock/{item.pk}/move/").status_code == 405


def test_many_movements_are_shown_with_as_many_questions_as_few(counter: Client, item: StockItem) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            counter.get(f"/admin/stock/inspect/{item.pk}/")
        return len(asked)

    questions()  # what is looked up once a process
    for_few = questions()
    for _ in range(5):
        movements.receive(sku="MUG", quantity=1, by=User.objects.get(email="clerk@example.com"))
        factories.placed_order()
    assert questions() == for_few
