"""Products and categories on pages outside the shop: the home page lists them."""

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from home.models import HomePage
from home.page_cache import tokens
from home.page_cache.layer import PageCache
from store.models import ProductPage
from store.stock import movements
from tests import factories, queries
from tests.factories import category
from tests.wsgi_client import ask

pytestmark = pytest.mark.django_db


def _show(listing: str, page: object = None, count: int = 4) -> None:
    home = HomePage.objects.get()
    shown = {"heading": "Seen", "listing": listing, "page": page, "count": count, "link": ""}
    home.body = [("listing", shown)]
    home.save_revision().publish()


def _home(client: Client) -> str:
    return client.get("/").content.decode()


@pytest.mark.both_databases
def test_only_what_can_be_bought_is_listed(client: Client) -> None:
    factories.product("Mug", sku="MUG")
    factories.product("Lamp", sku="LAMP", on_hand=0)
    _show("products")
    page = _home(client)
    assert "£12.50" in page
    assert "Lamp" not in page


@pytest.mark.both_databases
def test_a_list_of_a_category_has_its_products_only(client: Client) -> None:
    mug, _lamp = factories.product("Mug", sku="MUG"), factories.product("Lamp", sku="LAMP")
    _show("products", category("Kitchen", mug.page))
    page = _home(client)
    assert mug.page.url in page
    assert "Lamp" not in page


@pytest.mark.both_databases
def test_categories_are_listed_in_the_order_of_the_pages(client: Client) -> None:
    mug = factories.product("Mug", sku="MUG")
    for title in ("Kitchen", "Garden", "Desk"):
        category(title, *([mug.page] if title == "Kitchen" else []))
    _show("categories", count=2)
    page = _home(client)
    assert page.index("/shop/kitchen/") < page.index("/shop/garden/")
    assert "/shop/desk/" not in page


def test_a_product_that_is_unpublished_leaves_the_list(client: Client) -> None:
    page = factories.product("Mug", sku="MUG").page
    _show("products")
    assert "Mug" in _home(client)
    page.unpublish()
    assert "Seen" not in _home(client)


@pytest.mark.both_databases
def test_many_products_cost_as_many_queries_as_few(client: Client) -> None:
    factories.product("Mug", sku="MUG")
    _show("products", count=12)
    few = queries.warm(client, "/")
    for number in range(9):
        factories.product(f"Thing {number}", sku=f"THING-{number}")
    assert ProductPage.objects.count() == 10
    assert queries.warm(client, "/") == few


def test_a_page_that_lists_products_is_right_when_the_stock_changes() -> None:
    factories.product("Mug", sku="MUG", on_hand=0)
    _show("products")
    tokens.reset()
    cache = PageCache(WSGIHandler())
    for _ in range(2):
        assert b">Mug<" not in ask(cache, "/").body
    assert cache.hits == 1
    movements.receive(sku="MUG", quantity=2)
    assert b">Mug<" in ask(cache, "/").body
    movements.write_off(sku="MUG", quantity=2)
    assert b">Mug<" not in ask(cache, "/").body
