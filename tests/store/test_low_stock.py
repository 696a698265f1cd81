"""The low-stock mark of the trader: what pages and lists call low, and the e-mail when something becomes so."""

import pytest
from django.test import Client
from post_office.models import Email

from home.models import User
from home.page_cache import tokens
from store.models import ProductVariant, StockItem
from store.stock import movements, stock_list
from store.stock.movements import Correction, Kind
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def trader(mug: ProductVariant) -> str:
    """Ten mugs, of which eight or fewer are few."""
    factories.shop_settings(low_stock=8, tell_to="trader@example.com")
    return "trader@example.com"


def told() -> list[str]:
    return list(Email.objects.order_by("pk").values_list("subject", flat=True))


def test_the_trader_is_told_once_when_something_becomes_low(trader: str) -> None:
    movements.write_off(sku="MUG", quantity=1)
    assert told() == []
    movements.write_off(sku="MUG", quantity=1)
    assert told() == ["Low stock: Enamel mug"]
    mail = Email.objects.get()
    assert mail.to == [trader]
    assert "8 × Enamel mug (MUG)" in mail.message
    movements.write_off(sku="MUG", quantity=5)
    assert len(told()) == 1


def test_the_trader_is_told_again_only_after_goods_have_come() -> None:
    movements.write_off(sku="MUG", quantity=3)
    movements.receive(sku="MUG", quantity=1)  # still low
    movements.write_off(sku="MUG", quantity=1)
    assert len(told()) == 1
    movements.receive(sku="MUG", quantity=5)
    movements.count(sku="MUG", on_hand=2)
    assert len(told()) == 2


def test_what_is_held_counts_and_a_page_that_closes_without_payment_does_not_repeat_it() -> None:
    order = factories.placed_order(factories.basket(MUG=2))
    assert len(told()) == 1
    movements.release(order=order)
    factories.placed_order(factories.basket(MUG=2))
    assert len(told()) == 1


def test_many_counts_at_once_are_one_mail() -> None:
    for number in range(4):
        factories.product(f"Thing {number}", sku=f"T{number}", on_hand=9)
    seen = StockItem.objects.seen(["T0", "T1", "T2", "T3"])
    movements.correct_all([Correction(seen[f"T{number}"], 1, Kind.COUNTED) for number in range(4)])
    assert told() == ["Low stock: Thing 0, Thing 1, Thing 2"]
    assert "1 × Thing 3 (T3)" in Email.objects.get().message


def test_who_does_not_want_to_be_told_is_not() -> None:
    factories.shop_settings(tell_low_stock=False)
    movements.write_off(sku="MUG", quantity=5)
    assert told() == []


def test_first_goods_are_no_news() -> None:
    factories.product("Vase", sku="VASE", on_hand=3)
    assert told() == []


def test_pages_and_lists_go_by_the_traders_mark(client: Client, mug: ProductVariant) -> None:
    client.force_login(User.objects.create_superuser(email="owner@example.com", password="x"))

    def low() -> tuple[bool, int, int]:
        tokens.reset()
        page = client.get(mug.page.url).content.decode()
        products = client.get("/admin/products/", {"state": "low"}).context["object_list"]
        return (
            "only 9 left" in page,
            len(products),
            stock_list.in_state("low", StockItem.objects.all()).count(),
        )

    movements.write_off(sku="MUG", quantity=1)
    assert low() == (False, 0, 0)
    factories.shop_settings(low_stock=9)
    assert low() == (True, 1, 1)
    factories.shop_settings(low_stock=0)
    assert low() == (False, 0, 0)


def test_cached_pages_change_as_the_mark_says(mug: ProductVariant) -> None:
    before = tokens.current().of("shop")
    movements.receive(sku="MUG", quantity=5)
    assert tokens.current().of("shop") == before
    movements.write_off(sku="MUG", quantity=7)
    assert tokens.current().of("shop") != before
