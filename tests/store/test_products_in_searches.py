"""What search engines and shared links read of a product."""

import json
import re
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image
from pytest_django import Settings

from home.models import SiteImage
from store.models import CategoryPage, ProductImage, ProductPage, ProductVariant, ShopPage
from store.models.availability import Availability
from tests import factories, queries

# Wagtail leaves the closing of a new rendition's temporary file to the garbage collector.
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def read(page: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the product and the way to it that a page states."""
    [written] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    product, way = json.loads(written)["@graph"]
    return product, way["itemListElement"]


def test_a_product_states_its_offers_its_picture_and_the_way_to_it(
    client: Client, mug: ProductVariant, settings: Settings
) -> None:
    settings.SITE_URL = "https://shop.example"
    ProductVariant.objects.create(page=mug.page, sku="MUG-L", price=1500, name="Large")
    kitchen = ShopPage.objects.get().add_child(instance=CategoryPage(title="Kitchen", slug="kitchen"))
    kitchen.products.add(mug.page)
    file = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "JPEG")
    image = SiteImage.objects.create(
        title="Mug", description="A mug", file=ContentFile(file.getvalue(), "mug.jpg")
    )
    ProductImage.objects.create(page=mug.page, image=image)
    page = client.get(mug.page.url).content.decode()
    product, way = read(page)
    assert [(one["sku"], one["price"], one["availability"]) for one in product["offers"]] == [
        ("MUG", "12.50", "https://schema.org/InStock"),
        ("MUG-L", "15.00", "https://schema.org/OutOfStock"),
    ]
    assert product["offers"][0]["priceCurrency"] == "GBP"
    assert product["url"] == f"https://shop.example{mug.page.url}"
    assert [one["item"].removeprefix("https://shop.example") for one in way] == [
        "/shop/",
        "/shop/kitchen/",
        mug.page.url,
    ]
    [photo] = product["image"]
    assert re.fullmatch(r"https?://[^/]+/media/images/mug.*\.jpg", photo)
    assert f'<meta property="og:image" content="{photo}">' in page
    assert '<meta property="og:type" content="product">' in page
    ProductPage.objects.update(share_image=image)
    assert queries.warm(client, mug.page.url) <= 6


@pytest.mark.parametrize(
    ("availability", "state"),
    [
        (Availability.LATER, "OutOfStock"),
        (Availability.TO_ORDER, "MadeToOrder"),
        (Availability.ENDED, "Discontinued"),
    ],
)
def test_what_its_trader_states_of_it_is_stated(
    client: Client, mug: ProductVariant, availability: str, state: str
) -> None:
    ProductPage.objects.update(availability=availability, made_in_days=3)
    [offer] = read(client.get(mug.page.url).content.decode())[0]["offers"]
    assert offer["availability"] == f"https://schema.org/{state}"


def test_no_word_of_an_editor_ends_the_data(client: Client) -> None:
    title = "</script><script>alert(1)</script>\u2028<!-- & \"'"
    page = client.get(factories.product(title, sku="MUG").page.url).content.decode()
    assert read(page)[0]["name"] == title
    assert "<script>alert" not in page
    assert "\u2028" not in page.partition("ld+json")[2].partition("</script>")[0]
