"""A product: the picture of the chosen variant, or the one that is opened by keyboard, is first; its price is shown."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from home.models import SiteImage
from store.models import ProductImage, ProductVariant
from store.stock import movements
from tests import factories

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_request_at_a_time")]
DRAWING = Path("static/img/shelves.svg").read_bytes()


def _fill() -> None:
    mug = factories.product(name="White")
    for place, name in enumerate(("A shelf", "A white mug", "A red mug")):
        file = ContentFile(DRAWING, f"mug-{place}.svg")
        image = SiteImage.objects.create(title=name, description=name, file=file)
        ProductImage.objects.create(page=mug.page, image=image, sort_order=place)
    ProductVariant.objects.create(page=mug.page, sku="RED", name="Red", price=1450, picture=image)
    movements.receive(sku="RED", quantity=3)


def test_the_picture_that_is_wanted_comes_first(
    page: Page, live_server: LiveServer, fill: Callable[[Callable[[], None]], None]
) -> None:
    fill(_fill)
    page.goto(f"{live_server.url}/shop/enamel-mug-mug/")
    pictures = page.locator("[data-picture] img")
    expect(pictures).to_have_count(3)
    page.get_by_text("Red", exact=True).click()
    expect(pictures.first).to_have_attribute("alt", "A red mug")
    expect(page.locator(".buy__price")).to_have_text(re.compile(r"^\s*£14\.50\s*$"))
    white = page.get_by_role("link", name="A white mug")
    white.focus()
    page.keyboard.press("Enter")
    expect(pictures.first).to_have_attribute("alt", "A white mug")
    expect(white).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\.svg$"))
