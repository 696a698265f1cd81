"""Videos and maps in a real browser: a placeholder that asks nobody, one click for once, one for always, and back."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from home import embeds
from policies.models import ConsentRecord
from tests import factories
from tests.embeds import MAP, VIDEO, page_with_embeds
from tests.factories import cookie_policy, declare_cookies
from tests.journeys.outside import Outside
from tests.journeys.windows import assert_accessible

MAP_FRAME = embeds.recognise(MAP).frame_url
VIDEO_FRAME = embeds.recognise(VIDEO).frame_url


@pytest.fixture(autouse=True)
def _site(fill: Callable[[Callable[[], None]], None]) -> None:
    fill(_embed)


def _embed() -> None:
    declare_cookies("analytics", "_visits_*")
    media = declare_cookies("media", "_media_*", party="third")
    factories.outside_services(allow_openstreetmap=True, allow_youtube=True, embeds_category=media)
    cookie_policy()
    page_with_embeds(MAP, VIDEO)


@pytest.fixture
def outside(page: Page, live_server: LiveServer) -> Outside:
    return Outside(live_server.url).watch(page)


@pytest.fixture
def about(page: Page, live_server: LiveServer, outside: Outside) -> Page:
    """Open the page with a map and a video."""
    page.context.set_default_timeout(5_000)
    page.goto(f"{live_server.url}/about/")
    return page


def embed(page: Page, number: int = 1) -> Any:
    """Find the map (1) or the video (2)."""
    return page.get_by_role("figure", name=f"Where we are {number}")


def button(page: Page, name: str, number: int = 1) -> Any:
    return embed(page, number).get_by_role("button", name=name)


def frames(page: Page) -> int:
    return page.locator("iframe").count()


def answer(page: Page, name: str) -> None:
    """Press one of the bar's buttons and wait for its end."""
    bar = page.locator("#_consent-bar")
    bar.get_by_role("button", name=name).click()
    expect(bar).to_be_hidden()


def kept(page: Page) -> list[str]:
    """Name everything that the browser keeps for the site."""
    stored = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    return sorted([*stored, *(cookie["name"] for cookie in page.context.cookies())])


def test_the_placeholder_asks_nobody(about: Page, outside: Outside) -> None:
    expect(button(about, "Load once")).to_be_visible()
    for number in (1, 2):
        embed(about, number).scroll_into_view_if_needed()
    about.wait_for_load_state("networkidle")
    assert (outside.asked, frames(about), kept(about)) == ([], 0, [])


def test_load_once_loads_this_one_and_keeps_nothing(about: Page, outside: Outside) -> None:
    button(about, "Load once").click()
    expect(about.frame_locator("iframe").get_by_text("Content of another site")).to_be_visible()
    expect(embed(about).locator("iframe")).to_be_focused()
    expect(button(about, "Load once")).to_be_hidden()
    assert (outside.asked, frames(about), kept(about)) == ([MAP_FRAME], 1, [])
    assert not ConsentRecord.objects.exists()
    about.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # another tab was looked at
    assert frames(about) == 1
    about.reload()
    expect(button(about, "Load once")).to_be_visible()
    assert (outside.asked, frames(about)) == ([MAP_FRAME], 0)


def test_always_saves_one_choice_of_all_categories_and_then_loads(about: Page, outside: Outside) -> None:
    posts: list[str] = []
    about.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    button(about, "Always allow").click()
    expect(about.locator("iframe")).to_have_count(2)
    expect(embed(about).locator("iframe")).to_be_focused()
    expect(about.locator("#_consent-bar")).to_be_hidden()
    record = ConsentRecord.objects.get()
    assert (record.method, record.choices) == ("chosen", {"analytics": False, "media": True})
    assert len(posts) == 1
    for number in (1, 2):
        embed(about, number).scroll_into_view_if_needed()
        content = embed(about, number).frame_locator("iframe")
        expect(content.get_by_text("Content of another site")).to_be_visible()
    assert set(outside.asked) == {MAP_FRAME, VIDEO_FRAME}
    about.reload()
    expect(about.locator("iframe")).to_have_count(2)


def test_always_keeps_what_was_allowed_before(about: Page) -> None:
    about.locator("#_consent-bar").get_by_role("button", name="Choose").click()
    about.get_by_role("checkbox", name="Analytics").check()
    answer(about, "Save my choice")
    assert frames(about) == 0
    button(about, "Always allow").click()
    expect(about.locator("iframe")).to_have_count(2)
    assert ConsentRecord.objects.latest("pk").choices == {"analytics": True, "media": True}


@pytest.mark.parametrize("failure", ["down", "broken", "lying", "slow"])
def test_nothing_loads_before_the_server_has_the_choice(about: Page, outside: Outside, failure: str) -> None:
    waiting: list[Route] = []

    def fail(route: Route) -> None:
        if failure == "down":
            route.abort()
        elif failure == "slow":
            waiting.append(route)
        else:
            route.fulfill(status=500 if failure == "broken" else 200, body="<h1>Sorry</h1>")

    about.route("**/cookies/", fail)
    button(about, "Always allow").click()
    if failure == "slow":
        button(about, "Always allow").click()  # a second click means the first
        about.wait_for_timeout(200)
        assert (len(waiting), frames(about), outside.asked) == (1, 0, [])
        waiting[0].continue_()
        expect(about.locator("iframe")).to_have_count(2)
        assert ConsentRecord.objects.count() == 1
        return
    expect(embed(about).get_by_role("alert")).to_contain_text("could not be saved")
    assert (outside.asked, frames(about), kept(about)) == ([], 0, [])
    expect(about.locator("#_consent-bar")).to_be_visible()
    about.unroute("**/cookies/")
    button(about, "Always allow").click()
    expect(about.locator("iframe")).to_have_count(2)


def test_a_page_left_open_while_the_text_changed_says_so(about: Page, outside: Outside) -> None:
    cookie_policy(notice_text="Other words")
    button(about, "Always allow").click()
    expect(embed(about).get_by_role("alert")).to_contain_text("reload")
    assert (outside.asked, frames(about)) == ([], 0)
    assert not ConsentRecord.objects.exists()


def test_accepting_all_loads_and_refusing_does_not(about: Page, outside: Outside) -> None:
    answer(about, "Reject all")
    about.reload()
    expect(button(about, "Load once")).to_be_visible()
    assert (outside.asked, frames(about)) == ([], 0)
    about.get_by_role("link", name="Cookie settings").click()
    answer(about, "Accept all")
    expect(about.locator("iframe")).to_have_count(2)


def test_withdrawing_puts_the_placeholder_back(about: Page, outside: Outside) -> None:
    button(about, "Always allow").click()
    expect(about.locator("iframe")).to_have_count(2)
    about.get_by_role("link", name="Cookie settings").click()
    answer(about, "Reject all")
    expect(about.locator("iframe")).to_have_count(0)
    expect(button(about, "Always allow")).to_be_visible()
    outside.asked.clear()
    about.reload()
    expect(button(about, "Always allow")).to_be_visible()
    about.wait_for_load_state("networkidle")
    assert (outside.asked, frames(about)) == ([], 0)


def test_refusing_takes_back_what_was_loaded_once(about: Page) -> None:
    button(about, "Load once").click()
    expect(about.locator("iframe")).to_have_count(1)
    answer(about, "Reject all")
    expect(about.locator("iframe")).to_have_count(0)


def test_withdrawn_in_another_tab_it_goes_here_too(about: Page, live_server: LiveServer) -> None:
    button(about, "Always allow").click()
    expect(about.locator("iframe")).to_have_count(2)
    other = about.context.new_page()
    other.goto(f"{live_server.url}/cookies/")
    other.get_by_role("button", name="Reject all").click()
    expect(other.get_by_role("heading", name="Your choice", exact=True)).to_be_visible()
    about.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(about.locator("iframe")).to_have_count(0)


def test_without_a_script_there_is_a_link(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    outside = Outside(live_server.url).watch(page)
    page.goto(f"{live_server.url}/about/")
    expect(embed(page).get_by_role("link", name="Open at OpenStreetMap")).to_have_attribute("href", MAP)
    expect(button(page, "Load once")).to_have_count(0)
    assert (outside.asked, frames(page)) == ([], 0)
    context.close()


def test_with_its_script_missing_nothing_runs_and_the_link_is_there(
    page: Page, live_server: LiveServer, outside: Outside
) -> None:
    page.route("**/bundles/pages.js", lambda route: route.abort())
    page.goto(f"{live_server.url}/about/")
    expect(embed(page).get_by_role("link", name="Open at OpenStreetMap")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert (outside.asked, frames(page)) == ([], 0)
    expect(button(page, "Load once")).to_have_count(0)
    assert not ConsentRecord.objects.exists()


def test_it_works_by_keyboard(about: Page) -> None:
    button(about, "Load once").focus()
    about.keyboard.press("Tab")
    expect(button(about, "Always allow")).to_be_focused()
    about.keyboard.press("Enter")
    expect(embed(about).locator("iframe")).to_be_focused()


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_moves_when_it_loads_or_goes(about: Page, width: int) -> None:
    about.set_viewport_size({"width": width, "height": 800})

    def boxes() -> list[Any]:
        return [embed(about, number).bounding_box() for number in (1, 2)]

    before = boxes()
    assert before[0]["width"] / before[0]["height"] <= 16 / 9 + 0.01
    about.evaluate("window.scrollTo(0, 0)")
    before = boxes()
    about.evaluate("document.querySelector('[data-embed-always]').click()")
    expect(about.locator("iframe")).to_have_count(2)
    assert boxes() == before
    assert about.evaluate("document.documentElement.scrollWidth") == width


def test_placeholder_and_frame_are_accessible(about: Page) -> None:
    answer(about, "Reject all")
    assert_accessible(about)
    button(about, "Load once").click()
    expect(about.locator("iframe")).to_have_count(1)
    about.locator("iframe").evaluate("(frame) => frame.remove()")  # what another site shows is its own affair
    assert_accessible(about)
