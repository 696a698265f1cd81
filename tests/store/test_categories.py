"""Categories list the products that belong to them, and a product shows those that go with it."""

import re

import pytest
from django.test import Client
from wagtail.models import PageViewRestriction

from store.models import ProductPage, ProductVariant, RelatedProduct
from store.models.availability import Availability
from store.stock import movements
from tests import factories, queries
from tests.factories import category

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MOST = 6


def relate(page: ProductPage, *others: ProductPage) -> None:
    page.related = [RelatedProduct(product=other, sort_order=place) for place, other in enumerate(others)]
    page.save_revision().publish()


@pytest.mark.both_databases
def test_a_category_lists_its_products_and_is_linked_from_shop_and_product(
    client: Client, mug: ProductVariant
) -> None:
    factories.product("Atlas", sku="ATLAS")
    ended = factories.product("Lamp", sku="LAMP").page
    ProductPage.objects.filter(pk=ended.pk).update(availability=Availability.ENDED)
    page = category("Kitchen", mug.page, ended)
    shown = client.get(page.url).content.decode()
    assert "Enamel mug" in shown
    assert "For every day." in shown
    assert ">Atlas<" not in shown
    assert ">Lamp<" not in shown
    assert f'href="{mug.page.url}"' in shown
    for url in ("/shop/", mug.page.url):
        assert f'href="{page.url}"' in client.get(url).content.decode()
    assert client.get(f"{page.url}?page=2").status_code == 404


def test_a_category_that_not_everybody_can_see_is_not_linked(client: Client, mug: ProductVariant) -> None:
    hidden = category("Kitchen", mug.page)
    PageViewRestriction.objects.create(page=hidden, restriction_type="login")
    category("Garden").unpublish()
    for url in ("/shop/", mug.page.url):
        answer = client.get(url).content.decode()
        assert "/shop/kitchen/" not in answer
        assert "/shop/garden/" not in answer


@pytest.mark.both_databases
def test_related_products_are_those_on_sale_each_once(client: Client, mug: ProductVariant) -> None:
    atlas, lamp, towel = (factories.product(name, sku=name).page for name in ("Atlas", "Lamp", "Towel"))
    towel.unpublish()
    relate(mug.page, lamp, towel, mug.page, atlas, lamp)
    below = client.get(mug.page.url).content.decode().partition("Goes well with")[2]
    assert [line for line in ("Lamp", "Atlas", "Towel", "Enamel mug") if f'/">{line}</a>' in below] == [
        "Lamp",
        "Atlas",
    ]
    assert below.index("Lamp") < below.index("Atlas")
    assert below.count(">Lamp<") == 1
    assert below.count("£12.50") == 2
    movements.write_off(sku="Lamp", quantity=10)
    assert client.get(mug.page.url).content.decode().partition("Goes well with")[2].count("Sold out") == 1
    movements.write_off(sku="MUG", quantity=10)
    instead = client.get(mug.page.url).content.decode().partition("You can order these now")[2]
    assert (instead.count(">Atlas<"), instead.count(">Lamp<")) == (1, 0)


def test_what_goes_with_a_product_is_filled_up_from_its_categories(
    client: Client, mug: ProductVariant
) -> None:
    atlas, lamp, towel = (factories.product(name, sku=name).page for name in ("Atlas", "Lamp", "Towel"))
    category("Kitchen", mug.page, atlas, lamp, towel)
    assert "Goes well with" not in client.get(mug.page.url).content.decode(), "nothing does"
    relate(mug.page, lamp)
    movements.write_off(sku="Towel", quantity=10)
    below = client.get(mug.page.url).content.decode().partition("Goes well with")[2]
    assert re.findall(r'/">(Atlas|Lamp|Towel|Enamel mug)</a>', below) == ["Lamp", "Atlas"]


def test_a_category_and_related_products_cost_the_same_whatever_their_number(
    client: Client, mug: ProductVariant
) -> None:
    kitchen, other = category("Kitchen", mug.page), factories.product("Atlas", sku="ATLAS").page
    relate(mug.page, other)
    urls = (kitchen.url, mug.page.url)
    before = [
        (queries.cold(client, url), queries.cold(client, url), queries.warm(client, url)) for url in urls
    ]
    others = [factories.product(f"Thing {number}", sku=f"T{number}").page for number in range(4)]
    category("Desk", mug.page, *others)
    kitchen.products.add(*others)
    relate(mug.page, other, *others)
    for url, (_first, cold, warm) in zip(urls, before, strict=True):
        queries.cold(client, url)
        assert queries.cold(client, url) == cold
        assert queries.warm(client, url) == warm <= MOST
