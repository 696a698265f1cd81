"""What pages of the shop ask the database, once they were shown: the same for one thing as for many."""

import pytest
from django.test import Client
from django.utils import timezone

from home.models import SiteImage
from home.page_cache import tokens
from store.models import BasketLine, Order, ProductVariant
from tests import factories, queries
from tests.factories import add_pictures

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MOST = 6


def test_a_product_costs_the_same_with_many_pictures_and_variants(
    client: Client, mug: ProductVariant
) -> None:
    add_pictures(mug.page, count=1)
    for_one = queries.warm(client, mug.page.url)
    add_pictures(mug.page, count=3)
    for number in range(4):
        ProductVariant.objects.create(page=mug.page, sku=f"MUG-{number}", price=1000, name=str(number))
    assert queries.warm(client, mug.page.url) == for_one <= MOST


def test_a_basket_costs_the_same_with_many_lines(client: Client, mug: ProductVariant) -> None:
    add_pictures(mug.page, count=1)
    client.cookies["basket"] = factories.basket(MUG=1).token
    for_one = queries.warm(client, "/basket/")
    things = {f"THING{number}": 1 for number in range(4)}
    for sku in things:
        add_pictures(factories.product(sku.title(), sku=sku).page, count=1)
    client.cookies["basket"] = factories.basket(MUG=1, **things).token
    BasketLine.objects.update(seen_price=1)  # all have changed since
    assert queries.warm(client, "/basket/") == for_one <= MOST


def test_the_shop_costs_the_same_with_many_products(client: Client, mug: ProductVariant) -> None:
    add_pictures(mug.page, count=2)
    queries.cold(client, "/shop/")  # what is read once a process, and the renditions that are made
    cold, warm = queries.cold(client, "/shop/"), queries.warm(client, "/shop/")
    for number in range(4):
        add_pictures(factories.product(f"Thing {number}", sku=f"T{number}").page, count=2)
    queries.cold(client, "/shop/")
    assert queries.cold(client, "/shop/") == cold
    assert queries.warm(client, "/shop/") == warm <= MOST


@pytest.mark.both_databases
def test_a_picture_is_rendered_once_until_something_changes(client: Client, mug: ProductVariant) -> None:
    add_pictures(mug.page, count=1)
    tokens.reset()
    assert "-mug-0" in client.get("/shop/").content.decode()
    image = SiteImage.objects.get()
    SiteImage.objects.filter(pk=image.pk).update(file="original_images/other.svg")
    assert "-mug-0" in client.get("/shop/").content.decode()  # SQL tells nobody
    tokens.changed("site")
    assert "/media/original_images/other.svg" in client.get("/shop/").content.decode()


def test_the_page_of_an_order_reads_its_texts_once(client: Client, mug: ProductVariant) -> None:
    terms, privacy = (factories.version(factories.policy(slug)) for slug in ("terms", "privacy"))
    orders = [factories.placed_order(terms=terms, privacy=privacy) for _ in range(2)]
    assert queries.warm(client, orders[0].get_absolute_url()) == 3, "the order, its lines, its history"
    assert terms.get_absolute_url() in client.get(orders[1].get_absolute_url()).content.decode()
    Order.objects.filter(pk=orders[1].pk).update(paid_at=timezone.now(), status="paid")
    assert queries.warm(client, orders[1].get_absolute_url()) == 6, "also refunds, disputes, papers"
