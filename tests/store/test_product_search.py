"""Products in the search of the site, and where a page has nothing to show: its newest ones that can be bought."""

import re

import pytest
from django.test import Client

from home.models import ContentPage
from home.page_cache import tokens
from store.catalogue import product_search
from store.models import ProductPage, ProductVariant
from store.stock import movements
from tests import factories, queries

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture(scope="module")
def _goods(database_of_module: None) -> None:
    for title, sku, price, on_hand in (
        ("Enamel mug", "MUG", 1250, 10),
        ("Enamel bowl", "BOWL-1", 900, 0),
        ("Atlas of mugs", "ATLAS", 4000, 3),
    ):
        factories.product(title, sku=sku, price=price, on_hand=on_hand)


@pytest.fixture(autouse=True)
def goods(_goods: None, db: None) -> None:
    tokens.reset()


def shown(text: str) -> list[str]:
    return re.findall(r'class="good__name"><a href="[^"]+">([^<]+)<', text)


def found(client: Client, words: str, path: str = "/search/") -> list[str]:
    text = client.get(path, {"q": words}).content.decode()
    return shown(text.partition("New in the shop")[0])  # what is suggested beside them


@pytest.mark.parametrize("path", ["/search/", "/shop/"])
@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("mug", ["Enamel mug", "Atlas of mugs"]),
        ("enamle bowl", ["Enamel bowl"]),
        ("bowl-1", ["Enamel bowl"]),
        ("ATLAS", ["Atlas of mugs"]),
    ],
)
@pytest.mark.every_case
def test_products_are_found_by_name_and_article_number(
    client: Client, path: str, words: str, titles: list[str]
) -> None:
    assert sorted(found(client, words, path)) == sorted(titles)


def test_products_come_before_pages_with_price_and_state(client: Client) -> None:
    factories.home_page().add_child(instance=ContentPage(title="Enamel care", slug="care"))
    text = client.get("/search/", {"q": "enamel"}).content.decode()
    assert text.index("£12.50") < text.index("Enamel care")
    assert text.index("Sold out") < text.index("Enamel care")


def test_many_that_are_found_are_all_in_the_shop(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_search, "MOST_SHOWN", 1)
    assert 'href="/shop/?q=enamel">All products that were found' in client.get(
        "/search/", {"q": "enamel"}
    ).content.decode().replace("http://localhost", "")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing/", 404), ("/basket/", 200), ("/search/", 200), ("/shop/?q=xyzzy", 200), ("sold out", 200)],
)
def test_a_page_with_nothing_to_show_offers_what_can_be_bought(
    client: Client, path: str, status: int
) -> None:
    url = ProductVariant.objects.get(sku="BOWL-1").page.url if path == "sold out" else path
    response = client.get(url)
    assert (response.status_code, shown(response.content.decode())) == (
        status,
        ["Atlas of mugs", "Enamel mug"],
    )
    movements.write_off(sku="MUG", quantity=10)
    assert shown(client.get(url).content.decode()) == ["Atlas of mugs"]


def test_nothing_is_suggested_where_nothing_can_be_bought(client: Client) -> None:
    for sku, quantity in (("MUG", 10), ("ATLAS", 3)):
        movements.write_off(sku=sku, quantity=quantity)
    assert "New in the shop" not in client.get("/nothing/").content.decode()


def test_below_few_results_stands_more_of_their_category_that_can_be_bought(client: Client) -> None:
    assert "New in the shop" not in client.get("/search/", {"q": "atlas"}).content.decode()
    factories.category("Kitchen", *ProductPage.objects.all())
    text = client.get("/search/", {"q": "atlas"}).content.decode()
    assert shown(text.partition("More from “Kitchen”")[2]) == ["Enamel mug"]  # the bowl is sold out


def test_what_is_suggested_is_read_once(client: Client) -> None:
    with_suggestions = queries.warm(client, "/search/")
    ProductPage.objects.update(live=False)
    assert queries.warm(client, "/search/") == with_suggestions
