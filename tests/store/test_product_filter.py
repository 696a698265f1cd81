"""Order and filters of the shop's list: by URL, never an error, and at the same cost for many products as for few."""

import re
from datetime import timedelta

import lxml.html
import pytest
import time_machine
from django.core.handlers.wsgi import WSGIHandler
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from home.page_cache import tokens
from home.page_cache.layer import PageCache
from home.search.site import SEARCHES
from store.catalogue.product_filter import ProductFilter, Sort
from store.models import ProductPage, ProductVariant, shop_pages
from store.models.shop_pages import chosen, loaded
from store.stock import movements
from tests import factories, queries
from tests.factories import category
from tests.wsgi_client import ask

pytestmark = pytest.mark.django_db
both_databases = pytest.mark.both_databases
GOODS = (("Mug", 1250, 5), ("atlas", 4000, 0), ("Bowl", 900, 2), ("Clock", 9000, 1))
ALL = ["Mug", "atlas", "Bowl", "Clock"]


@pytest.fixture(scope="module")
def _goods(database_of_module: None) -> None:
    first = timezone.now() - timedelta(days=9)
    for day, (title, price, on_hand) in enumerate(GOODS):
        page = factories.product(title, sku=title.upper(), price=price, on_hand=on_hand).page
        ProductPage.objects.filter(pk=page.pk).update(first_published_at=first + timedelta(days=day))
    bowl = ProductPage.objects.get(title="Bowl")
    ProductVariant.objects.create(page=bowl, sku="BOWL-L", price=2500, name="large")
    ProductVariant.objects.create(page=bowl, sku="", price=1, name="not for sale")


@pytest.fixture(autouse=True)
def goods(_goods: None, db: None) -> None:
    tokens.reset()


def listed(client: Client, query: str = "", path: str = "/shop/") -> list[str]:
    response = client.get(f"{path}?{query}")
    assert response.status_code == 200, query
    text = response.content.decode().partition("New in the shop")[0]  # what is suggested instead
    return re.findall(r'class="good__name"><a href="[^"]+">([^<]+)<', text)


def told(client: Client, query: str, path: str = "/shop/") -> str:
    text = client.get(f"{path}?{query}").content.decode()
    return " ".join(text.partition('role="status">')[2].partition("</p>")[0].split())


def applied(client: Client, query: str, path: str = "/shop/") -> dict[str, str]:
    """Return where the links above the list lead, by their words."""
    tree = lxml.html.fromstring(client.get(path, QueryDict(query).dict()).content)
    links = tree.xpath("//div[@class='applied']//a")
    return {link.text_content().removeprefix("Remove ").removesuffix("×"): link.get("href") for link in links}


@both_databases
@pytest.mark.every_case
@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ALL),
        ("sort=newest", ALL[::-1]),
        ("sort=price", ["Bowl", "Mug", "atlas", "Clock"]),
        ("sort=price-down", ["Clock", "atlas", "Mug", "Bowl"]),
        ("sort=name", ["atlas", "Bowl", "Clock", "Mug"]),
        ("available=1", ["Mug", "Bowl", "Clock"]),
        ("from=10,00&to=40", ["Mug", "atlas", "Bowl"]),
        ("to=0.01", []),
        ("sort=price&from=10", ["Mug", "Bowl", "atlas", "Clock"]),  # the large bowl is 25.00
        ("sort=price&available=1&to=50", ["Bowl", "Mug"]),
        ("sort=name&q=bow mug", ["Bowl", "Mug"]),  # nothing has both
        ("sort=name&q=cl", ["Clock"]),
        ("q=bowl&to=5", []),
    ],
)
def test_the_list_has_the_products_that_are_wanted_in_the_order_that_is_wanted(
    query: str, titles: list[str]
) -> None:
    found, _comes_close = chosen(ProductPage.objects.listed(), ProductFilter.read(QueryDict(query)))
    pages = loaded(found) if isinstance(found, list) else found
    assert [page.title for page in pages] == titles


def test_a_card_has_the_lowest_of_the_prices_that_are_looked_for(client: Client) -> None:
    """It is in its place by that price."""
    for query, price in (
        ("sort=price", "from £9.00"),
        ("sort=price&from=10", "from £25.00"),
        ("to=10", "from £9.00"),
    ):
        text = client.get(f"/shop/?{query}").content.decode()
        assert price in " ".join(text.partition(">Bowl<")[2].split())[:300], query


MADE_UP = "sort=dearest sort=price&sort=name available=yes available=1&available=1 from=-1 to=abc from=1e9 from=12.345"


@pytest.mark.parametrize("query", [*MADE_UP.split(), f"to={'9' * 40}", "to=٣", "q=%20", "sort=&q=&from=&to="])
def test_values_that_are_made_up_lead_to_the_plain_list(client: Client, query: str) -> None:
    response = client.get(f"/shop/?{query}")
    assert response.status_code == 301
    assert response.headers["Location"] in {"/shop/", "/shop/?sort=name", "/shop/?available=1"}


@pytest.mark.parametrize("query", ["from=999999999999999", f"q={'a' * 100}", "q=***"])
def test_odd_values_that_mean_something_find_nothing(client: Client, query: str) -> None:
    assert listed(client, query) == []
    assert "No product matches." in client.get(f"/shop/?{query}").content.decode()


def test_pages_keep_what_is_wanted_and_search_engines_are_told_of_the_plain_list(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop_pages, "PRODUCTS_A_PAGE", 1)
    text = client.get("/shop/?sort=price&available=1&page=2").content.decode()
    assert 'rel="next" href="?sort=price&amp;available=1&amp;page=3"' in text
    assert 'rel="prev" href="/shop/?sort=price&amp;available=1&amp;"' in text
    assert re.search(r'<link rel="canonical" href="[^"]*/shop/">', text)
    assert '<meta name="robots" content="noindex">' in text
    assert "noindex" not in client.get("/shop/").content.decode()
    assert client.get("/shop/?sort=price&page=9").status_code == 404
    assert client.get("/shop/?page=1&sort=price").headers["Location"] == "/shop/?sort=price"


def test_the_number_found_is_told_as_far_as_it_is_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(client, "available=1") == "3 of 4 products"
    monkeypatch.setattr(shop_pages, "MOST_COUNTED", 3)
    assert told(client, "available=1") == "3 products"
    monkeypatch.setattr(shop_pages, "MOST_COUNTED", 2)
    assert told(client, "available=1") == "More than 2 products"


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", "4 products"),
        ("to=10", "1 of 4 products"),
        ("sort=price", "4 products"),
        ("to=0.01", ""),
        ("to=1000", "4 products"),
    ],
)
def test_it_is_told_how_many_products_of_how_many_are_shown(client: Client, query: str, number: str) -> None:
    assert told(client, query) == number


def test_what_is_applied_is_named_and_each_part_can_be_taken_back(client: Client) -> None:
    assert applied(client, "") == applied(client, "sort=price") == {}
    assert applied(client, "available=1") == {"Can be ordered now": "/shop/"}
    assert applied(client, "q=mug+%26+co&sort=price&available=1&from=10&to=40") == {
        "“mug & co”": "/shop/?sort=price&available=1&from=10&to=40",
        "Can be ordered now": "/shop/?q=mug+%26+co&sort=price&from=10&to=40",
        "From £10.00": "/shop/?q=mug+%26+co&sort=price&available=1&to=40",
        "Up to £40.00": "/shop/?q=mug+%26+co&sort=price&available=1&from=10",
        "Clear all": "/shop/",
    }
    assert "Clear all" in applied(client, "sort=name&available=1"), "the order too"
    assert "Sort and filter · lowest price first" in client.get("/shop/?sort=price").content.decode()
    assert "Up to £0.01" in applied(client, "to=0.01"), "also where nothing is found"
    for url in applied(client, "sort=name&available=1").values():
        assert client.get(url).status_code == 200, "no redirect"


def test_in_a_category_what_is_applied_is_taken_back_within_it(client: Client) -> None:
    page = category("Kitchen", *ProductPage.objects.filter(title__in=["Mug", "Bowl", "atlas"]))
    assert applied(client, "available=1", page.url) == {"Can be ordered now": page.url}
    assert told(client, "available=1", page.url) == "2 of 3 products"


def test_typed_prices_and_words_are_throttled(client: Client) -> None:
    for _ in range(SEARCHES.most):
        SEARCHES.take("127.0.0.1")
    for query in ("q=mug", "from=5"):
        response = client.get(f"/shop/?{query}")
        assert (response.status_code, response.headers["Cache-Control"]) == (429, "no-store")
    assert client.get("/shop/?sort=price").status_code == 200


def test_a_category_is_narrowed_within_itself(client: Client) -> None:
    page = category("Kitchen", *ProductPage.objects.filter(title__in=["Mug", "Bowl", "atlas"]))
    assert listed(client, "sort=price", page.url) == ["Bowl", "Mug", "atlas"]
    assert listed(client, "q=clock", page.url) == []


@both_databases
def test_a_list_of_what_can_be_bought_is_right_after_a_sale_and_no_typed_price_is_kept() -> None:
    cache = PageCache(WSGIHandler())
    for _ in range(2):
        assert b">Mug<" in ask(cache, "/shop/?available=1").body
    assert cache.hits == 1
    for query in ("from=1", "to=99.5", "q=mug", "sort=made-up"):
        ask(cache, f"/shop/?{query}")
    assert len(cache.pages._pages) == 1
    movements.write_off(sku="MUG", quantity=5)
    assert b">Mug<" not in ask(cache, "/shop/?available=1").body


def test_what_comes_on_a_date_is_listed_from_that_day_on(client: Client) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    ProductPage.objects.filter(title="Mug").update(availability="coming", available_on=tomorrow)
    assert "Mug" not in listed(client, "available=1")
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert "Mug" in listed(client, "available=1")


@both_databases
def test_many_products_cost_the_queries_of_few(client: Client) -> None:
    wanted = ["sort=price&available=1&from=1", "sort=name&q=mug", "to=90"]
    few = [queries.cold(client, f"/shop/?{query}") for query in [wanted[0], *wanted]][1:]
    for number in range(2):
        factories.product(f"Mug {number}", sku=f"M{number}", price=1000 + number)
    assert [queries.cold(client, f"/shop/?{query}") for query in wanted] == few


@pytest.mark.parametrize("sort", [*Sort.values, ""])
def test_no_order_sorts_all_products(sort: str) -> None:
    """The database takes the first ones from an index, as SQLite says here, and stops."""
    wanted = ProductFilter.read(QueryDict(f"sort={sort}"))
    assert "USE TEMP B-TREE FOR ORDER BY" not in wanted.of(ProductPage.objects.listed())[:25].explain()
