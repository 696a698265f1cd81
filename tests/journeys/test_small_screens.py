"""No page is wider than the screen, from the smallest phones up."""

from io import StringIO

import pytest
from django.core.management import call_command
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

PATHS = (
    "/",
    "/about/",
    "/shop/",
    "/shop/enamel-mug/",
    "/basket/",
    "/privacy-policy/",
    "/privacy-policy/versions/",
    "/privacy-policy/compare/1/2/",
    "/cookie-policy/",
    "/terms/",
    "/cookies/",
    "/contact/",
    "/contact/thanks/",
    "/feedback/",
    "/nothing-here/",
)


@pytest.mark.parametrize("width", [320, 390])
def test_no_page_scrolls_sideways(page: Page, live_server: LiveServer, width: int) -> None:
    call_command("seed_demo", stdout=StringIO())
    page.set_viewport_size({"width": width, "height": 800})
    widths = {}
    for path in PATHS:
        page.goto(f"{live_server.url}{path}")
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    assert widths == dict.fromkeys(PATHS, width)
