"""A trader adds a product with two variants, a picture, a price and stock, and a shopper puts it into the basket."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from home.models import SiteImage, User
from store.models import StockItem
from tests import factories

# Wagtail leaves the closing of a new rendition's temporary file to the garbage collector.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("one_request_at_a_time"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
MOST_ACTIONS = 12


def _fill() -> None:
    factories.shipping()
    factories.product()
    User.objects.create_superuser("owner@example.com", "a-long-password")
    file = BytesIO()
    Image.new("RGB", (400, 300), "teal").save(file, "JPEG")
    image = SiteImage(title="Teapot", description="A teapot", width=400, height=300)
    image.file = ContentFile(file.getvalue(), name="teapot.jpg")
    image.save()


class Actions:
    """What the trader does, counted: each click, each field filled in."""

    def __init__(self) -> None:
        self.count = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.count += 1

    def fill(self, target: Locator, words: str) -> None:
        target.fill(words)
        self.count += 1


def test_a_product_stands_on_the_shelf_after_twelve_actions(
    page: Page, live_server: LiveServer, fill: Callable[[Callable[[], None]], None]
) -> None:
    fill(_fill)
    page.goto(f"{live_server.url}/admin/")
    page.locator("#id_username").fill("owner@example.com")
    page.locator("#id_password").fill("a-long-password")
    page.get_by_role("button", name="Sign in").click()
    trader = Actions()
    trader.click(page.get_by_role("link", name="Add a product"))
    for choice, is_asked in (("coming", True), ("stock", False)):
        page.locator("#id_availability").select_option(choice)
        expect(page.locator("#id_available_on")).to_be_visible(visible=is_asked)
    trader.fill(page.locator("#id_title"), "Teapot")
    trader.fill(page.locator("#id_variants-0-name"), "Red")
    trader.fill(page.locator("#id_variants-0-price"), "12,75")
    trader.fill(page.locator("#id_variants-0-in_stock"), "4")
    trader.click(page.get_by_role("button", name="Add variant"))
    trader.fill(page.locator("#id_variants-1-name"), "Blue")
    trader.fill(page.locator("#id_variants-1-in_stock"), "3")
    trader.click(page.get_by_role("button", name="Add picture"))
    trader.click(page.get_by_role("button", name="Choose an image"))
    trader.click(page.locator(".modal-body [data-chooser-modal-choice]").first)
    expect(page.locator(".modal-body")).to_be_hidden()
    trader.click(page.get_by_role("button", name="Publish", exact=True))
    expect(page).to_have_url(f"{live_server.url}/admin/products/", timeout=20_000)
    assert trader.count <= MOST_ACTIONS
    assert StockItem.objects.available(["TEAPOT-RED", "TEAPOT-BLUE"]) == {"TEAPOT-RED": 4, "TEAPOT-BLUE": 3}
    page.goto(f"{live_server.url}/shop/")
    page.get_by_role("link", name="Teapot").click()
    expect(page.get_by_text("£12.75").first).to_be_visible()
    page.get_by_text("Blue").click()
    page.get_by_role("button", name="Add to basket").click()
    expect(
        page.get_by_text("Your basket now has").or_(page.get_by_role("heading", name="Your basket"))
    ).to_be_visible()
