"""A shopper on a phone misspells something, narrows the shop's list and opens a product, without a script."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.slow
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer, demo: None) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, base_url=live_server.url)
    yield context.new_page()
    context.close()


def test_a_product_is_found_by_search_filter_and_order(phone: Page) -> None:
    phone.goto("/")
    phone.get_by_role("banner").get_by_role("link", name="Search").click()
    words = phone.get_by_role("searchbox")
    words.fill("enamle")
    words.press("Enter")
    expect(phone.get_by_text("This comes close")).to_be_visible()
    cards = phone.locator(".good")
    results = phone.get_by_role("region", name="Products")  # what is offered stands below
    expect(results.locator(".good")).to_have_count(1)
    phone.goto("/nothing-here/")
    assert cards.first.evaluate("card => card.offsetTop == card.nextElementSibling.offsetTop")  # side by side
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    phone.goto("/shop/")
    phone.get_by_text("Sort and filter").click()
    phone.get_by_label("Sort by").select_option("Lowest price first")
    phone.get_by_label("Price from").fill("10")
    phone.get_by_label("Can be ordered now").check()
    phone.get_by_role("button", name="Apply").click()
    expect(phone).to_have_url(re.compile(r"/shop/\?sort=price&available=1&from=10$"))
    expect(phone.get_by_text("Sold out")).to_have_count(0)
    cards.first.get_by_role("link").click()
    expect(phone.get_by_role("button", name="Add to basket")).to_be_visible()
