"""Analytics in a real browser: inert before the choice, started by the answer to it, gone when withdrawn."""

from collections.abc import Callable
from typing import Any

import pytest
from cookie_consent.models import CookieGroup
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from policies.models import ConsentRecord
from tests import factories
from tests.factories import cookie_policy, declare_cookies
from tests.journeys.outside import Outside

MATOMO = {
    "analytics": "matomo",
    "matomo_url": "https://stats.example.com/m/",
    "matomo_site_id": 7,
    "server_country": "Iceland",
}
PLAUSIBLE = {"analytics": "plausible", "plausible_domain": "shop.example.com"}
GOOGLE = {"analytics": "google", "google_id": "G-ABC1234567"}
# What each fetches, and what a script of its would find to work with.
SERVICES = {
    "matomo": (MATOMO, "https://stats.example.com/m/matomo.js", "window._paq"),
    "plausible": (PLAUSIBLE, "https://plausible.io/js/script.js", "window.found.domain"),
    "google": (GOOGLE, "https://www.googletagmanager.com/gtag/js?id=G-ABC1234567", "window.dataLayer"),
}
# Stands in for the service's own script: remembers its attributes and writes what analytics writes.
STAND_IN = """
window.found = { ...document.currentScript.dataset };
document.documentElement.dataset.started = Number(document.documentElement.dataset.started ?? 0) + 1;
document.cookie = "_visits_7=1; path=/";
"""


@pytest.fixture(autouse=True)
def _site(fill: Callable[[Callable[[], None]], None]) -> None:
    fill(_count_with_matomo)


def _count_with_matomo() -> None:
    set_up(MATOMO)
    cookie_policy()


def set_up(service: dict[str, Any]) -> None:
    category = CookieGroup.objects.filter(varname="analytics").first()
    category = category or declare_cookies("analytics", "_visits_*")
    factories.outside_services(**service, analytics_category=category)


@pytest.fixture
def outside(page: Page, live_server: LiveServer) -> Outside:
    return Outside(live_server.url, script=STAND_IN).watch(page)


@pytest.fixture
def home(page: Page, live_server: LiveServer, outside: Outside) -> Page:
    """Open the home page."""
    page.context.set_default_timeout(5_000)
    page.goto(f"{live_server.url}/")
    return page


def answer(page: Page, name: str) -> None:
    """Press one of the bar's buttons and wait for its end."""
    bar = page.locator("#_consent-bar")
    bar.get_by_role("button", name=name).click()
    expect(bar).to_be_hidden()


def started(page: Page) -> int:
    """Count how often analytics was started on this page view."""
    page.wait_for_load_state("networkidle")
    return page.evaluate("Number(document.documentElement.dataset.started ?? 0)")


def expect_started(page: Page) -> None:
    """Wait until analytics was started, once."""
    expect(page.locator("html")).to_have_attribute("data-started", "1")


def test_before_the_choice_nothing_is_fetched(home: Page, outside: Outside) -> None:
    requested: list[str] = []
    home.on("request", lambda request: requested.append(request.url))
    home.reload()
    expect(home.locator("#_consent-bar")).to_be_visible()
    assert started(home) == 0
    assert outside.asked == []
    assert not any("js/analytics" in url for url in requested)
    assert home.context.cookies() == []


@pytest.mark.parametrize("name", SERVICES)
def test_after_accepting_the_service_gets_what_it_needs(
    page: Page, live_server: LiveServer, outside: Outside, name: str
) -> None:
    service, address, found = SERVICES[name]
    set_up(service)
    cookie_policy()  # agreed is to what the text names
    page.goto(f"{live_server.url}/")
    answer(page, "Accept all")
    expect_started(page)
    assert outside.asked == [address]
    told = page.evaluate(f"JSON.stringify({found})")
    for words in {
        "matomo": ('["setTrackerUrl","https://stats.example.com/m/matomo.php"]', '["setSiteId","7"]'),
        "plausible": ('"shop.example.com"',),
        "google": ('"G-ABC1234567"', '"ad_storage":"denied"', '"analytics_storage":"granted"'),
    }[name]:
        assert words in told, told
    page.reload()
    expect_started(page)


def test_they_start_only_when_the_server_has_answered(home: Page, outside: Outside) -> None:
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    home.route("**/cookies/", hold)
    home.locator("#_consent-bar").get_by_role("button", name="Accept all").click()
    home.wait_for_timeout(300)
    assert (len(waiting), outside.asked) == (1, [])
    assert not ConsentRecord.objects.exists()
    waiting[0].continue_()
    expect_started(home)
    assert ConsentRecord.objects.get().choices == {"analytics": True}


def test_after_rejecting_they_never_start(home: Page, outside: Outside) -> None:
    answer(home, "Reject all")
    for _ in range(2):
        assert started(home) == 0
        assert outside.asked == []
        home.reload()
    assert [cookie["name"] for cookie in home.context.cookies()] == ["consent"]


def test_withdrawn_they_are_gone_after_the_page_loaded_again(home: Page, outside: Outside) -> None:
    answer(home, "Accept all")
    expect_started(home)
    outside.asked.clear()
    home.get_by_role("link", name="Cookie settings").click()
    with home.expect_event("load"):
        home.locator("#_consent-bar").get_by_role("button", name="Reject all").click()
    assert started(home) == 0
    assert outside.asked == []
    assert [cookie["name"] for cookie in home.context.cookies()] == ["consent"]


def test_the_security_policy_lets_the_service_through_and_nobody_else(home: Page, outside: Outside) -> None:
    answer(home, "Accept all")
    expect_started(home)
    blocked = """async (address) => {
        try { await fetch(address, { mode: "no-cors" }); return false; } catch { return true; }
    }"""
    assert home.evaluate(blocked, "https://stats.example.com/m/matomo.php") is False
    assert home.evaluate(blocked, "https://elsewhere.example.com/") is True
