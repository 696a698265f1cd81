"""What pages of the shop ask the database, once they were shown: the same for one thing as for many."""

from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from home.models import SiteImage
from home.page_cache import tokens
from store.models import ProductImage, ProductPage, ProductVariant
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]
MOST = 6


def queries(client: Client, path: str) -> int:
    tokens.reset()
    client.get(path)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


def add_pictures(page: ProductPage, *, count: int) -> None:
    for number in range(count):
        data = BytesIO()
        Image.new("RGB", (64, 48), (number, 80, 80)).save(data, "PNG")
        file = ContentFile(data.getvalue(), f"{page.slug}-{number}.png")
        picture = SiteImage.objects.create(title=f"{page.slug} {number}", file=file)
        ProductImage.objects.create(page=page, image=picture, sort_order=number)


def test_a_product_costs_the_same_with_many_pictures_and_variants(
    client: Client, mug: ProductVariant
) -> None:
    add_pictures(mug.page, count=1)
    for_one = queries(client, mug.page.url)
    add_pictures(mug.page, count=3)
    for number in range(4):
        ProductVariant.objects.create(page=mug.page, sku=f"MUG-{number}", price=1000, name=str(number))
    assert queries(client, mug.page.url) == for_one <= MOST


def test_a_basket_costs_the_same_with_many_lines(client: Client, mug: ProductVariant) -> None:
    add_pictures(mug.page, count=1)
    client.cookies["basket"] = factories.basket(MUG=1).token
    for_one = queries(client, "/basket/")
    things = {f"THING{number}": 1 for number in range(4)}
    for sku in things:
        add_pictures(factories.product(sku.title(), sku=sku).page, count=1)
    client.cookies["basket"] = factories.basket(MUG=1, **things).token
    assert queries(client, "/basket/") == for_one <= MOST
