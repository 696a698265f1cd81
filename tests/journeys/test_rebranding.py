"""An owner gives the site another brand: colours that can be read, seen before they are saved, then on each page."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from home.brand.palette import ours, palette
from home.models import BrandSettings, User
from store.models import ProductPage
from tests import factories
from tests.branding import DARK_RED, PALE_BLUE, YELLOW

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_request_at_a_time")]
# Each colour in which anything of a page is painted.
PAINTED = """() => {
    const names = ["color", "backgroundColor", "borderTopColor", "borderLeftColor", "outlineColor", "backgroundImage"];
    const all = [...document.querySelectorAll("body, body *")].map((one) => getComputedStyle(one));
    return [...new Set(all.flatMap((style) => names.map((name) => style[name])))];
}"""


def _fill() -> None:
    factories.shipping()
    factories.product()
    User.objects.create_superuser("owner@example.com", "a-long-password")


def _rgb(colour: str) -> str:
    return ", ".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))


def _see_a_mail_at_its_height(page: Page, url: str) -> None:
    """Find no preview there that the form of the brand has opened by itself."""
    page.goto(f"{url}/admin/orders/mails/")
    frame = page.locator("iframe")
    expect(frame).not_to_have_css("height", "1200px")  # of the style sheet
    assert (
        frame.evaluate("({contentDocument: one}) => one.documentElement.scrollHeight - one.body.offsetHeight")
        <= 2
    )
    assert page.evaluate("localStorage.getItem('wagtail:side-panel-open')") is None


def test_an_owner_sees_another_brand_before_it_is_saved_and_then_on_each_page(
    page: Page, live_server: LiveServer, fill: Callable[[Callable[[], None]], None]
) -> None:
    fill(_fill)
    page.goto(f"{live_server.url}/admin/")
    page.locator("#id_username").fill("owner@example.com")
    page.locator("#id_password").fill("a-long-password")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{live_server.url}/admin/settings/home/brandsettings/")

    contrast = page.locator("[data-brand-contrast]")
    expect(page.get_by_text(f"Standard: {ours()['brand'].light}")).to_be_visible()
    page.get_by_label("Main colour").first.fill(YELLOW)
    expect(contrast).to_contain_text("does not pass")
    contrast.get_by_role("button", name="Take this pair").click()
    expect(contrast).not_to_contain_text("does not pass")
    assert page.locator("#id_primary_colour").input_value() != YELLOW

    page.locator("#id_name").fill("Nova & Co")
    page.locator("#id_primary_colour").fill(DARK_RED)
    page.locator("#id_accent_colour").fill(PALE_BLUE)
    expect(page.get_by_role("button", name="Toggle preview")).to_have_attribute("aria-expanded", "true")
    page.locator("#id_preview_mode").select_option("mail")
    bar = page.frame_locator("#w-preview-iframe").locator("td:has(> span)").first
    expect(bar).to_have_css("background-color", f"rgb({_rgb(DARK_RED)})")
    page.locator("#id_preview_mode").select_option("home")
    header = page.frame_locator("#w-preview-iframe").locator(".site-header")
    expect(header).to_contain_text("Nova & Co")
    expect(header).to_have_css("background-color", f"rgb({_rgb(DARK_RED)})")
    assert not BrandSettings.objects.filter(name="Nova & Co").exists()

    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("Brand updated")
    expect(page.locator(".admin-brand__name")).to_have_text("Nova & Co")
    _see_a_mail_at_its_height(page, live_server.url)
    kept = {colour for pair in palette(DARK_RED, PALE_BLUE).values() for colour in pair}
    old = {_rgb(colour) for pair in ours().values() for colour in pair if colour not in kept}
    page.context.clear_cookies()
    product = ProductPage.objects.get().url
    for width, scheme, path in ((1280, "light", "/"), (390, "dark", "/"), (390, "light", product)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(f"{live_server.url}{path}")
        painted = " ".join(page.evaluate(PAINTED))
        assert not old & set(re.findall(r"\d+, \d+, \d+", painted)), (scheme, path)
        assert _rgb(palette(DARK_RED, PALE_BLUE)["header"][scheme == "dark"]) in painted
