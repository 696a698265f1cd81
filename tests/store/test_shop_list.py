"""The shop's list in pages of 24: each has one URL, and none takes longer the more products there are."""

import re

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client
from wagtail.models import Locale, Page

from home.models import SiteImage
from home.page_cache import tokens
from home.page_cache.layer import PageCache
from store.models import ProductImage, ProductPage, ProductVariant, ShopPage, StockItem
from store.models.shop_pages import PRODUCTS_A_PAGE
from store.stock import movements
from tests import factories, queries
from tests.wsgi_client import ask

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def add_products(count: int) -> None:
    """Write products with a picture of their own each, faster than an editor would."""
    shop = ShopPage.objects.first() or factories.home_page().add_child(
        instance=ShopPage(title="Shop", slug="shop", intro="All we make.")
    )
    first, start = (Page.objects.latest("pk").pk + 1, shop.numchild)
    kind = ContentType.objects.get_for_model(ProductPage)
    pages, pictures = [], []
    for number in range(start, start + count):
        pages.append(
            Page(
                pk=first + number - start,
                path=Page._get_path(shop.path, shop.depth + 1, number + 1),
                depth=shop.depth + 1,
                title=f"Mug {number:04}",
                slug=f"mug-{number}",
                url_path=f"{shop.url_path}mug-{number}/",
                content_type=kind,
                locale=Locale.get_default(),
            )
        )
        picture = SiteImage(title=f"Mug {number}", width=4, height=3)
        picture.file.name = "original_images/mug.svg"
        pictures.append(picture)
    Page.objects.bulk_create(pages)
    SiteImage.objects.bulk_create(pictures)
    columns = [field for field in ProductPage._meta.local_concrete_fields if not field.primary_key]
    empty = [field.get_db_prep_save(field.get_default(), connection) for field in columns]
    names, marks = ", ".join(field.column for field in columns), ", %s" * len(columns)
    with connection.cursor() as cursor:  # bulk_create cannot fill the child's table alone
        cursor.executemany(
            f"INSERT INTO {ProductPage._meta.db_table} (page_ptr_id, {names}) VALUES (%s{marks})",  # noqa: S608 - names of ours
            [(page.pk, *empty) for page in pages],
        )
    ProductVariant.objects.bulk_create(
        ProductVariant(page_id=page.pk, sku=page.slug.upper(), price=1250) for page in pages
    )
    StockItem.objects.bulk_create(StockItem(sku=page.slug.upper(), on_hand=10) for page in pages)
    ProductImage.objects.bulk_create(
        ProductImage(page_id=page.pk, image=picture) for page, picture in zip(pages, pictures, strict=True)
    )
    Page.objects.filter(pk=shop.pk).update(numchild=start + count)
    tokens.reset()


def names(client: Client, path: str = "/shop/") -> list[str]:
    response = client.get(path)
    assert response.status_code == 200, path
    return re.findall(r">(Mug \d{4})<", response.content.decode())


def test_a_thousand_products_with_pictures_of_their_own_are_shown(client: Client) -> None:
    add_products(1001)
    assert names(client) == [f"Mug {number:04}" for number in range(PRODUCTS_A_PAGE)]
    assert names(client, "/shop/?page=42") == [f"Mug {number:04}" for number in range(984, 1001)]


def test_the_pages_lead_to_each_other(client: Client) -> None:
    add_products(2 * PRODUCTS_A_PAGE + 1)
    first, second, last = (
        client.get(f"/shop/{query}").content.decode() for query in ("", "?page=2", "?page=3")
    )
    assert 'rel="prev"' not in first
    assert 'rel="next" href="?page=2"' in first
    assert 'rel="prev" href="/shop/"' in second
    assert 'rel="next" href="?page=3"' in second
    assert 'rel="prev" href="/shop/?page=2"' in last
    assert 'rel="next"' not in last


def test_a_later_page_says_which_it_is_and_does_not_repeat_the_introduction(client: Client) -> None:
    add_products(PRODUCTS_A_PAGE + 1)
    text = client.get("/shop/?page=2").content.decode()
    assert "<title>Shop, page 2 –" in text
    assert re.search(r'<link rel="canonical" href="[^"]*/shop/\?page=2">', text)
    introduction = '<p class="lead">All we make.</p>'
    assert introduction not in text
    assert introduction in client.get("/shop/").content.decode()


def test_a_shop_of_one_page_has_no_other_pages(client: Client) -> None:
    add_products(PRODUCTS_A_PAGE)
    assert 'class="pages"' not in client.get("/shop/").content.decode()
    assert client.get("/shop/?page=2").status_code == 404


@pytest.mark.parametrize(
    ("typed", "url"), [("1", "/shop/"), ("01", "/shop/"), ("02", "/shop/?page=2"), ("2&x=1", None)]
)
def test_a_page_has_one_url(client: Client, typed: str, url: str | None) -> None:
    add_products(PRODUCTS_A_PAGE + 1)
    response = client.get(f"/shop/?page={typed}")
    if url is None:
        assert response.status_code == 200
    else:
        assert (response.status_code, response.headers["Location"]) == (301, url)


@pytest.mark.parametrize(
    "typed",
    ["0", "00", "-1", "", "abc", "2.0", "+2", " 2", "٢", "3", "999999", "9" * 400, "2&page=2", "2&page=1"],
)
def test_what_is_no_page_of_the_list_is_not_found(client: Client, typed: str) -> None:
    add_products(PRODUCTS_A_PAGE + 1)
    assert client.get(f"/shop/?page={typed}").status_code == 404


def test_an_empty_shop_answers(client: Client) -> None:
    factories.home_page().add_child(instance=ShopPage(title="Shop", slug="shop"))
    assert "nothing for sale" in client.get("/shop/").content.decode()


@pytest.mark.both_databases
def test_a_later_page_that_is_kept_is_fresh_when_stock_changes(db: None) -> None:
    add_products(PRODUCTS_A_PAGE + 1)
    tokens.reset()
    cache = PageCache(WSGIHandler())
    for _ in range(2):
        assert b"Sold out" not in ask(cache, "/shop/?page=2").body
    assert cache.hits == 1
    movements.write_off(sku=f"MUG-{PRODUCTS_A_PAGE}", quantity=10)
    assert b"Sold out" in ask(cache, "/shop/?page=2").body


def test_a_page_asks_as_little_in_a_large_shop_as_in_a_small_one(client: Client) -> None:
    add_products(2 * PRODUCTS_A_PAGE)
    queries.cold(client, "/shop/")  # what is looked up once a process
    few = [queries.cold(client, path) for path in ("/shop/", "/shop/?page=2")]
    add_products(200)
    assert [queries.cold(client, path) for path in ("/shop/", "/shop/?page=2")] == few
    assert queries.cold(client, "/shop/?page=9") == few[1]
