"""One cached page for a hundred visitors with different choices: the same bytes for each, and to each their own."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from policies.consent import choices, cookies, notices
from policies.models import ConsentRecord
from tests import factories
from tests.embeds import page_with_embeds
from tests.factories import cookie_policy, declare_cookies
from tests.journeys.outside import Outside

pytestmark = pytest.mark.slow

VISITORS = 100
LOOKING = 5  # of those who should see the same; the others only get the page
COUNTER, MAP = "https://stats.example.com/matomo.js", "https://www.openstreetmap.org/"


def cookies_of_visitors() -> list[str | None]:
    """Give each visitor a cookie, or none: choices that stand, of long ago, of another version, and no choices."""
    dice = random.Random(20_261_122)  # noqa: S311 - a fixed seed, not a secret
    now, notice = timezone.now(), notices.current(timezone.now())
    found: list[str | None] = [None, "", "x" * 3_000, "1." + "0" * 32, "%F0%9F%8D%AA"]
    while len(found) < VISITORS:
        age = timedelta(days=dice.choice([0, 0, 30, 400]))
        categories = [name for name in notice.varnames if dice.random() < 0.5]
        record = choices.save_choice(notice=notice, method="chosen", categories=categories, now=now - age)
        cookie = cookies.cookie_for(record)
        found.append(cookie if dice.random() < 0.8 else cookie.replace(".1.", ".7.", 1))
    return found


def test_a_hundred_visitors_get_the_same_bytes_and_their_own_behaviour(
    page: Page, live_server: LiveServer
) -> None:
    media, analytics = declare_cookies("media", "_osm_*"), declare_cookies("analytics", "_pk_*")
    factories.outside_services(
        analytics="matomo",
        matomo_url="https://stats.example.com/",
        matomo_site_id=7,
        server_country="Iceland",
        analytics_category=analytics,
        allow_openstreetmap=True,
        embeds_category=media,
    )
    cookie_policy()
    page_with_embeds()
    outside = Outside(live_server.url).watch(page)
    cache = live_server.thread.httpd.get_app().application.application
    before = cache.hits
    bodies, behaviours = set(), Counter[tuple[bool, frozenset[str]]]()
    for cookie in cookies_of_visitors():
        page.context.clear_cookies()
        if cookie is not None:
            page.context.add_cookies([{"name": "consent", "value": cookie, "url": live_server.url}])
        expected = choices.decide(cookie, notices.current(timezone.now()), gpc=False, now=timezone.now())
        answer = page.request.get(f"{live_server.url}/about/")
        bodies.add((answer.status, answer.headers["etag"], answer.body()))
        behaviours[expected.ask, expected.granted] += 1
        if behaviours[expected.ask, expected.granted] <= LOOKING:
            outside.asked.clear()
            looked = page.goto(f"{live_server.url}/about/")
            bodies.add((looked.status, looked.headers["etag"], looked.body()))
            expect_behaviour(page, outside, expected)
    assert len(bodies) == 1
    assert cache.hits - before > VISITORS - 5  # and nearly none of them waited for a rendering
    assert len(behaviours) == 5  # asked; nothing, either or both allowed
    # Nobody's visit chose for them.
    assert not ConsentRecord.objects.filter(method__in=["all", "none"]).exists()


def expect_behaviour(page: Page, outside: Outside, expected: choices.Decision) -> None:
    """Expect the bar, the embedded map and the counter as the visitor chose."""
    expect(page.locator("[data-consent-bar]")).to_be_visible(visible=expected.ask)
    expect(page.locator("iframe")).to_have_count(int("media" in expected.granted))
    page.evaluate("() => new Promise((done) => requestIdleCallback(done))")  # what was to start has started
    assert (COUNTER in outside.asked) is ("analytics" in expected.granted)
    assert any(address.startswith(MAP) for address in outside.asked) is ("media" in expected.granted)
    expect(page.get_by_role("button", name="Withdraw consent")).to_be_visible(visible=bool(expected.granted))
