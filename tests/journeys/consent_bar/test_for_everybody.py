"""The bar for everybody: by keyboard, by signal, without a script, with a broken one, with assistive technology."""

import io

import pytest
from cookie_consent.models import CookieGroup
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from policies.models import ConsentRecord
from tests.factories import cookie_policy, declare_cookies, product
from tests.journeys.consent_bar.bar import NOTHING, THE_CHOICE, bar, click, expect_planted, kept, planted_runs
from tests.journeys.windows import WINDOWS, assert_accessible, each_window


def test_it_is_answered_by_keyboard_alone(home: Page) -> None:
    home.keyboard.press("Tab")
    home.keyboard.press("Tab")
    expect(home.get_by_role("link", name="Skip to the cookie choices")).to_be_focused()
    home.keyboard.press("Enter")
    for name in ("Accept all", "Reject all", "Choose"):
        while not home.evaluate("document.activeElement.matches('#_consent-bar button')"):
            home.keyboard.press("Tab")
        expect(bar(home).get_by_role("button", name=name)).to_be_focused()
        if name != "Choose":
            home.keyboard.press("Tab")
    home.keyboard.press("Enter")
    switch = bar(home).get_by_role("checkbox", name="Analytics")
    expect(switch).to_be_focused()
    home.keyboard.press("Enter")  # saves what the switches say, which is nothing
    expect(bar(home)).to_be_hidden()
    record = ConsentRecord.objects.get()
    assert (record.method, record.choices) == ("chosen", {"analytics": False})


def test_focus_is_never_covered_and_never_trapped(page: Page, live_server: LiveServer) -> None:
    page.emulate_media(reduced_motion="reduce")  # scrolls at once
    page.set_viewport_size({"width": 390, "height": 700})
    page.goto(f"{live_server.url}/cookie-policy/")
    expect(bar(page)).to_be_visible()
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """() => {
              const element = document.activeElement, bar = document.querySelector("#_consent-bar");
              const isCovered = !bar.contains(element) && element !== document.body
                && element.getBoundingClientRect().bottom > bar.getBoundingClientRect().top;
              return [element.textContent.trim(), bar.contains(element), isCovered];
            }"""
        )
        assert not state[2], f"covered: {state[0]}"
        seen.append(state[1])
        if len(seen) > 1 and seen[-2] and not seen[-1]:
            return  # in, and out again
    pytest.fail("focus never came into the bar and out of it")


# What has focus and which part of it cannot be seen: under the bar, cut by its box, or outside the window.
HIDDEN_FOCUS = """() => {
    const element = document.activeElement, bar = document.querySelector("#_consent-bar");
    if (element === document.body || element === bar) return null;
    const box = element.getBoundingClientRect(), isInside = bar.contains(element);
    const top = bar.getBoundingClientRect(), scroll = element.closest(".consent-bar__scroll")?.getBoundingClientRect();
    const isCovered = !isInside && box.bottom > top.top && box.left < top.right && box.right > top.left;
    const isCut = scroll && (box.bottom > scroll.bottom + 1 || box.top < scroll.top - 1);
    const isOutside = box.bottom > innerHeight + 1 || box.top < -1;
    return [element.outerHTML.slice(0, 120), isInside, isCovered || isCut || isOutside];
}"""


def walk(page: Page) -> tuple[int, int]:
    """Press Tab until focus has gone through everything; count what it met on the page and in the bar."""
    met = [0, 0]
    for _ in range(150):
        page.keyboard.press("Tab")
        found = page.evaluate(HIDDEN_FOCUS)
        if found is None and met[1]:
            return met[0], met[1]
        if found:
            assert not found[2], f"not in sight: {found[0]}"
            met[found[1]] += 1
    pytest.fail("focus never came through the bar and out of it")


def test_it_asks_in_every_window_and_hides_nothing_that_has_focus(
    context: BrowserContext, live_server: LiveServer
) -> None:
    for url in (product().page.url, "/cookie-policy/"):
        for width, height in WINDOWS:
            page = context.new_page()  # where the keyboard starts at the top
            page.emulate_media(reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": height})
            page.goto(f"{live_server.url}{url}")
            for name in ("Accept all", "Reject all", "Choose"):
                expect(bar(page).get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
            assert bar(page).bounding_box()["height"] < height / 2
            on_page, in_bar = walk(page)
            assert on_page > 8
            assert in_bar == 4  # a link, three answers
            page.close()


def test_the_second_layer_hides_nothing_that_has_focus_in_any_window(home: Page) -> None:
    home.emulate_media(reduced_motion="reduce")
    bar(home).get_by_role("button", name="Choose").click()
    bar(home).locator("summary").first.click()
    for _width in each_window(home):
        bar(home).focus()
        assert walk(home)[1] >= 6  # with a check box for each category and its list
        for name in ("Accept all", "Reject all", "Save my choice"):
            expect(bar(home).get_by_role("button", name=name)).to_be_in_viewport(ratio=1)


def test_the_second_layer_shows_its_text_whole_in_low_windows(page: Page, live_server: LiveServer) -> None:
    text = "Shows the maps on our pages at once. They come from another service, which then learns your IP address. "
    CookieGroup.objects.filter(varname="analytics").update(
        description=text + "Without it you see a placeholder."
    )
    cookie_policy(notice_text="With your agreement, we show maps that come from another service. " * 2)
    page.goto(f"{live_server.url}/")
    for width, height in ((640, 450), (844, 390)):
        page.set_viewport_size({"width": width, "height": height})
        if width == 640:
            bar(page).get_by_role("button", name="Choose").click()
        cut = bar(page).locator(".consent-bar__scroll").evaluate("box => box.scrollHeight - box.clientHeight")
        assert cut == 0
        assert bar(page).bounding_box()["height"] < height * 3 / 4


def test_what_buys_can_be_pressed_while_it_stands_unanswered(page: Page, live_server: LiveServer) -> None:
    mug = product(on_hand=4).page.url
    for _width in each_window(page):
        page.goto(f"{live_server.url}{mug}")
        expect(bar(page)).to_be_visible()
        page.get_by_role("button", name="Add to basket").click(timeout=3_000)
        expect(page.get_by_text("Your basket now has").first).to_be_attached()
    page.goto(f"{live_server.url}/basket/")
    expect(page.get_by_role("main")).to_contain_text("Enamel mug")
    expect(bar(page)).to_be_visible()


def test_where_the_second_layer_scrolls_a_shade_says_so(page: Page, live_server: LiveServer) -> None:
    for number in range(8):
        declare_cookies(f"more{number}")
    cookie_policy()
    page.goto(f"{live_server.url}/")
    bar(page).get_by_role("button", name="Choose").click()
    box = bar(page).locator(".consent-bar__scroll")

    def edge(position: str) -> tuple[int, int]:
        """Return how light the right edge of the box is at its top and bottom when it is scrolled there."""
        box.evaluate(f"(box) => {{ box.scrollTop = {position}; }}")
        page.wait_for_timeout(100)
        area = box.bounding_box()
        strip = page.screenshot(clip={**area, "x": area["x"] + area["width"] - 8, "width": 6})
        picture = Image.open(io.BytesIO(strip)).convert("L")
        return picture.getpixel((3, 1)), picture.getpixel((3, picture.height - 2))

    for _width in each_window(page):
        assert box.evaluate("(box) => box.scrollHeight > box.clientHeight")
        top, bottom = edge("0")
        assert bottom < top - 20  # more below
        top, bottom = edge("box.scrollHeight")
        assert top < bottom - 20  # more above


def test_escape_closes_it_for_this_page_only(home: Page, live_server: LiveServer) -> None:
    home.keyboard.press("Escape")
    expect(bar(home)).to_be_hidden()
    assert kept(home) == NOTHING
    home.goto(f"{live_server.url}/cookie-policy/")
    expect(bar(home)).to_be_visible()
    home.get_by_role("link", name="Cookie settings").click()
    home.keyboard.press("Escape")
    expect(home.get_by_role("link", name="Cookie settings")).to_be_focused()


SIGNAL = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"


def test_a_choice_made_before_the_signal_waits_for_confirmation(home: Page) -> None:
    click(home, "Accept all")
    expect_planted(home, is_running=True)
    home.add_init_script(SIGNAL)  # without a header, as some extensions do
    home.reload()
    expect(home.get_by_text("Your browser asks not to be tracked.").first).to_be_visible()
    expect(bar(home)).to_be_hidden()
    assert planted_runs(home) == 0
    home.get_by_role("link", name="Cookie settings").click()
    expect(bar(home).get_by_role("checkbox", name="Analytics")).not_to_be_checked()
    click(home, "Accept all")
    for _ in range(2):
        expect_planted(home, is_running=True)
        home.reload()
    assert list(ConsentRecord.objects.order_by("pk").values_list("gpc", flat=True)) == [False, True]


def test_the_signal_is_a_refusal_without_a_question(page: Page, live_server: LiveServer) -> None:
    page.add_init_script(SIGNAL)
    page.set_extra_http_headers({"Sec-GPC": "1"})
    page.goto(f"{live_server.url}/")
    page.wait_for_load_state("networkidle")
    expect(bar(page)).to_be_hidden()
    assert (kept(page), planted_runs(page)) == (NOTHING, 0)
    expect(page.get_by_text("Your browser asks not to be tracked.").first).to_be_visible()
    page.get_by_role("link", name="Cookie settings").click()
    expect(bar(page)).to_contain_text("We honour that")
    click(page, "Accept all")  # an explicit choice wins
    expect_planted(page, is_running=True)
    page.reload()
    expect_planted(page, is_running=True)


def test_it_works_without_a_script(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/")
    expect(bar(page)).to_be_hidden()
    page.get_by_role("link", name="Cookie settings").click()
    page.get_by_role("checkbox", name="Analytics").check()
    page.get_by_role("button", name="Save my choice").click()
    expect(page.get_by_role("heading", name="Your choice", exact=True)).to_be_visible()
    expect(page.get_by_role("checkbox", name="Analytics")).to_be_checked()
    expect(page.get_by_role("status").get_by_text("Your choice is saved.")).to_be_in_viewport()
    record = ConsentRecord.objects.get()
    assert (record.method, record.choices) == ("chosen", {"analytics": True})
    page.get_by_text("Proof of your choice").click()
    expect(page.get_by_text(str(record.public_id))).to_be_visible()
    page.get_by_role("button", name="Reject all").click()
    expect(page.get_by_role("checkbox", name="Analytics")).not_to_be_checked()
    assert ConsentRecord.objects.count() == 2
    context.close()


@pytest.mark.parametrize("trouble", ["blocked", "broken", "late"])
def test_trouble_with_the_script_never_allows_anything(
    page: Page, live_server: LiveServer, trouble: str
) -> None:
    def spoil(route: Route) -> None:
        if trouble == "blocked":
            route.abort()
        elif trouble == "broken":
            route.fulfill(body="this is no script", content_type="text/javascript")
        else:
            late.append(route)

    late: list[Route] = []
    page.route("**/bundles/pages.js", spoil)
    page.goto(f"{live_server.url}/", wait_until="commit")
    page.get_by_role("link", name="Cookie settings").wait_for()
    if late:
        expect(bar(page)).to_be_hidden()
        late[0].continue_()
    if trouble != "late":
        expect(bar(page)).to_be_hidden()
        page.get_by_role("link", name="Cookie settings").click()  # an ordinary link, to an ordinary form
        page.get_by_role("button", name="Reject all").click()
        expect(page.get_by_role("heading", name="Your choice", exact=True)).to_be_visible()
    else:
        click(page, "Reject all")
    assert ConsentRecord.objects.get().method == "none"
    assert (kept(page), planted_runs(page)) == (THE_CHOICE, 0)


def test_bar_and_page_of_choices_are_accessible(home: Page, live_server: LiveServer) -> None:
    bar(home).get_by_role("button", name="Choose").click()
    bar(home).locator("summary").first.click()
    expect(bar(home).locator(".cookie-list").first).to_contain_text("_visits_*")
    assert_accessible(home)
    click(home, "Save my choice")
    home.goto(f"{live_server.url}/cookies/")
    assert_accessible(home)
