"""A shop with two products, and what shoppers do in it: `conftest.py` gives its fixtures to all journeys."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from home import spam
from policies.models import Policy
from tests import factories
from tests.store import paying
from tools.stripe_sandbox.server import Sandbox


@pytest.fixture
def sandbox(settings: Any, live_server: LiveServer) -> Iterator[Sandbox]:
    # Webhooks wait until a test has them delivered: SQLite in memory cannot serve two at once.
    with paying.stand_in(settings) as running:
        settings.SITE_URL = live_server.url
        paying.listen(running, live_server.url)
        yield running


@pytest.fixture
def shop(
    sandbox: Sandbox,
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    fill: Callable[[Callable[[], None]], None],
) -> str:
    """Put two products on the shelf, with terms and ways of sending; return the address of the site."""
    monkeypatch.setattr(spam, "FASTEST", timedelta(0))  # these tests type faster than people do
    fill(_fill_the_shelf)
    return live_server.url


def _fill_the_shelf() -> None:
    for slug, kind in (("terms", Policy.Kind.TERMS), ("privacy-policy", Policy.Kind.PRIVACY)):
        factories.version(factories.policy(slug, kind=kind), title=slug)
    factories.shipping()
    factories.shipping("Courier", country="IE", price=950)
    factories.product(on_hand=3)
    factories.product("Tea towel", sku="TOWEL", price=980)


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """Open a browser that runs no scripts."""
    with browser.new_context(java_script_enabled=False) as context:
        yield context.new_page()


def put_in(page: Page, shop: str, product: str, quantity: int = 1) -> None:
    page.goto(f"{shop}/shop/")
    page.get_by_role("link", name=product).click()
    page.get_by_label("Quantity").fill(str(quantity))
    page.get_by_role("button", name="Add to basket").click()
    expect(
        page.get_by_text("Your basket now has").or_(page.get_by_role("heading", name="Your basket"))
    ).to_be_visible()


def go_to_payment(page: Page, shop: str, sandbox: Sandbox) -> None:
    page.goto(f"{shop}/checkout/")
    page.get_by_label("E-mail address").fill("shopper@example.com")
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url(f"{sandbox.url}/**")


def pay(page: Page, shop: str) -> None:
    page.locator("button.pay").click()
    page.wait_for_url(f"{shop}/orders/**")
