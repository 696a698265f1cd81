"""The consent bar in a real browser: nothing before the choice, one click either way, and the choice is kept.

An optional script is planted into pages on their way to the browser; all else is the site as it is.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.http import HttpResponse
from django.template import Context, Template
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.models import get_page_models

from forms.models import FormPage
from home.models import ContentPage
from policies.consent import cookies, views
from policies.models import ConsentRecord
from store.models import ProductPage, ShopPage
from tests.factories import cookie_policy, declare_cookies, home_page, policy_page, product, publish

PLANTED = """
window.planted = (window.planted ?? 0) + 1;
document.cookie = "_visits_7=1; path=/";
document.cookie = `_visits_8=1; path=${location.pathname}`;
localStorage.setItem("_visits_store", "1");
localStorage.setItem("kept", "1");
"""
OPTIONAL_SCRIPT = "{% load consent_tags %}{% optional_script 'analytics' '/static/planted.js' %}"


@pytest.fixture(autouse=True)
def _site(live_server: LiveServer) -> None:
    declare_cookies("analytics", "_visits_*")
    declare_cookies("analytics", "_visits_store", storage="local")
    declare_cookies("needed", "consent", is_required=True)
    cookie_policy()


@pytest.fixture
def context(context: BrowserContext, live_server: LiveServer) -> Iterator[BrowserContext]:
    """Plant an optional script into every page."""
    element = Template(OPTIONAL_SCRIPT).render(Context())

    def plant(route: Route) -> None:
        answer = route.fetch()
        body = answer.text().replace("</body>", f"{element}</body>")
        route.fulfill(response=answer, body=body)

    context.set_default_timeout(5_000)
    context.route(
        lambda address: address.startswith(live_server.url) and address.endswith("/"), _pages_only(plant)
    )
    context.route(
        "**/static/planted.js", lambda route: route.fulfill(body=PLANTED, content_type="text/javascript")
    )
    yield context
    context.unroute_all(behavior="wait")


def _pages_only(plant: Callable[[Route], None]) -> Callable[[Route], None]:
    def handle(route: Route) -> None:
        if route.request.resource_type == "document" and route.request.method == "GET":
            plant(route)
        else:
            route.fallback()

    return handle


@pytest.fixture
def home(page: Page, live_server: LiveServer) -> Page:
    """Open the home page."""
    page.goto(f"{live_server.url}/")
    return page


def bar(page: Page) -> Any:
    """Find the bar."""
    return page.locator("#_consent-bar")


def click(page: Page, name: str) -> None:
    """Press one of the bar's buttons and wait for its end."""
    bar(page).get_by_role("button", name=name).click()
    expect(bar(page)).to_be_hidden()


def planted_runs(page: Page) -> int:
    """Count how often the optional script ran on this page view."""
    return page.evaluate("window.planted ?? 0")


def expect_planted(page: Page, *, is_running: bool) -> None:
    """Wait until the optional script runs, or does not any more; the page may load anew meanwhile."""
    for _ in range(100):
        with suppress(Error):
            if (planted_runs(page) > 0) is is_running:
                return
        page.wait_for_timeout(50)
    pytest.fail(f"The optional script {'does not run' if is_running else 'still runs'}.")


def kept(page: Page) -> dict[str, Any]:
    """Name everything that the browser keeps for the site."""
    stored = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    return {"cookies": sorted(cookie["name"] for cookie in page.context.cookies()), "storage": sorted(stored)}


NOTHING = {"cookies": [], "storage": []}
THE_CHOICE = {"cookies": ["consent"], "storage": []}


# --- Before a choice ---------------------------------------------------------------------------------------
def test_before_a_choice_no_page_type_keeps_or_fetches_anything(page: Page, live_server: LiveServer) -> None:
    pages = {
        ContentPage: ContentPage(title="About", slug="about"),
        ShopPage: ShopPage(title="Shop", slug="shop"),
        FormPage: FormPage(title="Contact", slug="contact"),
    }
    for instance in pages.values():
        home_page().add_child(instance=instance)
    pages[ProductPage] = product().page
    rules = policy_page("House rules")
    publish(rules)
    covered = {*pages, type(rules), type(home_page()), type(cookie_policy())}
    assert covered == {model for model in get_page_models() if model._meta.app_label != "wagtailcore"}

    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    shop = ("shop/", "shop/enamel-mug-mug/", "basket/")
    for path in ("", "about/", *shop, "contact/", "house-rules/", "cookie-policy/", "no-such-page/"):
        page.goto(f"{live_server.url}/{path}")
        page.wait_for_load_state("networkidle")
        assert kept(page) == NOTHING, path
        assert planted_runs(page) == 0, path
    page.goto(f"{live_server.url}/cookies/")
    expect(bar(page)).to_be_hidden()
    assert kept(page) == NOTHING
    assert [url for url in requested if not url.startswith(live_server.url)] == []


def test_the_bar_moves_nothing_and_leaves_the_page_usable(page: Page, live_server: LiveServer) -> None:
    page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((entry) => entry.value)))
          .observe({ type: "layout-shift", buffered: true });"""
    )
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/")
    expect(bar(page)).to_be_visible()
    page.wait_for_timeout(300)
    assert sum(page.evaluate("window.shifts")) == 0
    page.get_by_role("link", name="Cookie settings").scroll_into_view_if_needed()
    page.get_by_role("link", name="Cookie settings").click(trial=True)  # the end of the page can be reached


def test_accept_reject_and_choose_look_the_same(home: Page) -> None:
    look = """(button) => {
        const style = getComputedStyle(button), box = button.getBoundingClientRect();
        return JSON.stringify([style.color, style.backgroundColor, style.borderColor, style.fontWeight,
                               style.fontSize, Math.round(box.height), Math.round(box.width), Math.round(box.top)]);
    }"""
    home.mouse.move(0, 0)
    buttons = bar(home).get_by_role("button").all()
    assert [button.inner_text() for button in buttons] == ["Accept all", "Reject all", "Choose"]
    assert len({button.evaluate(look) for button in buttons}) == 1


# --- The choice --------------------------------------------------------------------------------------------
def test_after_rejecting_there_is_the_choice_and_nothing_else(home: Page) -> None:
    posts: list[str] = []
    home.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    click(home, "Reject all")
    assert len(posts) == 1
    assert ConsentRecord.objects.get().method == "none"
    for _ in range(2):
        assert kept(home) == THE_CHOICE
        assert planted_runs(home) == 0
        home.reload()
        expect(bar(home)).to_be_hidden()


def test_after_accepting_it_is_on_record_and_the_bar_stays_away(home: Page, live_server: LiveServer) -> None:
    click(home, "Accept all")
    home.wait_for_function("window.planted === 1")
    record = ConsentRecord.objects.get()
    assert (record.method, record.choices) == ("all", {"analytics": True})
    for path in ("/", "/cookie-policy/"):
        home.goto(live_server.url + path)
        home.wait_for_function("window.planted === 1")
        expect(bar(home)).to_be_hidden()
    assert ConsentRecord.objects.count() == 1


def test_choosing_starts_with_everything_off(home: Page) -> None:
    bar(home).get_by_role("button", name="Choose").click()
    switch = bar(home).get_by_role("switch", name="Analytics")
    expect(switch).not_to_be_checked()
    switch.check()
    click(home, "Save my choice")
    home.wait_for_function("window.planted === 1")
    record = ConsentRecord.objects.get()
    assert (record.method, record.choices) == ("chosen", {"analytics": True})


def test_withdrawing_removes_what_was_kept_and_stops_what_ran(home: Page) -> None:
    click(home, "Accept all")
    home.wait_for_function("window.planted === 1")
    assert kept(home) == {
        "cookies": ["_visits_7", "_visits_8", "consent"],
        "storage": ["_visits_store", "kept"],
    }
    home.get_by_role("link", name="Cookie settings").click()
    expect(bar(home)).to_be_focused()
    expect(bar(home).get_by_role("switch", name="Analytics")).to_be_checked()
    with home.expect_event("load"):
        bar(home).get_by_role("button", name="Reject all").click()
    home.wait_for_load_state("networkidle")
    assert planted_runs(home) == 0
    assert kept(home) == {"cookies": ["consent"], "storage": ["kept"]}
    expect(bar(home)).to_be_hidden()
    assert list(ConsentRecord.objects.order_by("pk").values_list("method", flat=True)) == ["all", "none"]


def test_withdrawing_takes_one_click_on_any_page(home: Page) -> None:
    withdraw = home.get_by_role("button", name="Withdraw consent")
    expect(withdraw).to_be_hidden()
    click(home, "Accept all")
    home.wait_for_function("window.planted === 1")
    with home.expect_event("load"):
        withdraw.click()
    home.wait_for_load_state("networkidle")
    assert planted_runs(home) == 0
    assert kept(home) == {"cookies": ["consent"], "storage": ["kept"]}
    expect(withdraw).to_be_hidden()
    assert ConsentRecord.objects.order_by("pk").last().method == "none"


def test_a_withdrawal_that_could_not_be_saved_says_so(home: Page) -> None:
    click(home, "Accept all")
    home.route("**/cookies/", lambda route: route.abort())
    home.get_by_role("button", name="Withdraw consent").click()
    expect(bar(home).get_by_role("alert")).to_contain_text("could not be saved")
    assert ConsentRecord.objects.count() == 1


def test_two_tabs_that_choose_differently_at_once_end_with_one_choice(
    home: Page, context: BrowserContext, live_server: LiveServer
) -> None:
    other = context.new_page()
    other.goto(f"{live_server.url}/cookie-policy/")
    for tab, name in ((home, "Accept all"), (other, "Reject all")):
        bar(tab).get_by_role("button", name=name).evaluate(
            "(button) => { setTimeout(() => button.click(), 400); }"
        )
    for _ in range(100):
        if ConsentRecord.objects.count() == 2:
            break
        home.wait_for_timeout(50)
    home.wait_for_timeout(500)  # both answers have come
    (cookie,) = [one for one in context.cookies() if one["name"] == "consent"]
    choice = cookies.parse(cookie["value"])
    assert ConsentRecord.objects.get(public_id=choice.record_id).choices == choice.choices
    for tab in (home, other):
        expect_planted(tab, is_running=choice.choices["analytics"])


def test_another_choice_takes_the_place_of_one_that_is_still_being_saved(
    home: Page, context: BrowserContext
) -> None:
    waiting: list[Route] = []
    context.route("**/cookies/", lambda route: waiting.append(route) if not waiting else route.continue_())
    bar(home).get_by_role("button", name="Accept all").click()
    bar(home).get_by_role("button", name="Accept all").click()  # means the first
    click(home, "Reject all")
    assert len(waiting) == 1
    with suppress(Error):
        waiting[0].continue_()  # the browser has given it up
    home.wait_for_timeout(300)
    assert (planted_runs(home), kept(home)) == (0, THE_CHOICE)
    assert ConsentRecord.objects.order_by("pk").last().method == "none"


def test_a_late_answer_to_a_page_that_was_left_undoes_nothing(
    home: Page, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, is_first = views._save, iter([True])

    def slowly(*request: Any, **form: Any) -> HttpResponse:
        answer = save(*request, **form)
        if next(is_first, False):
            time.sleep(2)  # it is on record, and its answer with the cookie is on its way
        return answer

    monkeypatch.setattr(views, "_save", slowly)
    bar(home).get_by_role("button", name="Accept all").click()
    home.wait_for_timeout(200)
    home.goto(f"{live_server.url}/cookie-policy/")
    click(home, "Reject all")
    refused = home.context.cookies()
    home.wait_for_timeout(2_500)
    assert home.context.cookies() == refused
    assert cookies.parse(refused[0]["value"]).choices == {"analytics": False}
    assert planted_runs(home) == 0


def test_a_second_cookie_of_that_name_is_nobodys_choice(home: Page, live_server: LiveServer) -> None:
    click(home, "Reject all")
    (mine,) = home.context.cookies()
    tossed = mine["value"].replace("analytics-0", "analytics-1")
    home.context.add_cookies(
        [{"name": "consent", "value": tossed, "domain": mine["domain"], "path": "/cookie-policy"}]
    )
    home.goto(f"{live_server.url}/cookie-policy/")
    expect(bar(home)).to_be_visible()
    assert planted_runs(home) == 0


@pytest.mark.parametrize("failure", ["down", "broken", "lying", "without a cookie"])
def test_a_choice_that_could_not_be_saved_runs_nothing_and_says_so(home: Page, failure: str) -> None:
    def fail(route: Route) -> None:
        if failure == "down":
            route.abort()
        elif failure == "without a cookie":
            route.fulfill(
                json={"ok": True, "choices": {"analytics": True}, "expires": "2099-01-01T00:00:00Z"}
            )
        else:
            route.fulfill(status=500 if failure == "broken" else 200, body="<h1>Sorry</h1>")

    home.route("**/cookies/", fail)
    bar(home).get_by_role("button", name="Accept all").click()
    expect(bar(home).get_by_role("alert")).to_contain_text("could not be saved")
    expect(bar(home)).to_be_visible()
    assert planted_runs(home) == 0
    assert kept(home) == NOTHING
    home.unroute("**/cookies/")
    click(home, "Accept all")
    home.wait_for_function("window.planted === 1")


def test_a_page_left_open_while_the_text_changed_says_so(home: Page) -> None:
    cookie_policy(notice_text="Other words")
    bar(home).get_by_role("button", name="Accept all").click()
    expect(bar(home).get_by_role("alert")).to_contain_text("reload")
    assert not ConsentRecord.objects.exists()
    assert kept(home) == NOTHING


def test_a_material_version_asks_again_and_an_editorial_one_does_not(home: Page) -> None:
    click(home, "Accept all")
    cookie_policy(notice_text="The same, better said.", change_kind="editorial")
    home.reload()
    home.wait_for_function("window.planted === 1")
    expect(bar(home)).to_be_hidden()
    cookie_policy(notice_text="Something else.", change_kind="material")
    home.reload()
    expect(bar(home)).to_be_visible()
    assert planted_runs(home) == 0
    assert kept(home) == {"cookies": ["consent"], "storage": ["kept"]}


def test_a_choice_in_one_tab_holds_in_the_other(
    home: Page, context: BrowserContext, live_server: LiveServer
) -> None:
    other = context.new_page()
    other.goto(f"{live_server.url}/cookie-policy/")
    click(other, "Reject all")
    home.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(bar(home)).to_be_hidden()


def test_withdrawing_takes_effect_in_every_window(
    home: Page, context: BrowserContext, live_server: LiveServer
) -> None:
    click(home, "Accept all")
    other = context.new_page()
    other.goto(f"{live_server.url}/cookie-policy/")
    other.wait_for_function("window.planted === 1")
    home.get_by_role("button", name="Withdraw consent").click()
    expect_planted(other, is_running=False)


def test_going_back_does_not_bring_the_bar_back(home: Page, live_server: LiveServer) -> None:
    home.goto(f"{live_server.url}/cookie-policy/")
    click(home, "Reject all")
    home.go_back()
    home.wait_for_load_state()
    expect(bar(home)).to_be_hidden()


# --- Keyboard, signal, no script ---------------------------------------------------------------------------
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
    switch = bar(home).get_by_role("switch", name="Analytics")
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


def test_escape_closes_it_for_this_page_only(home: Page, live_server: LiveServer) -> None:
    home.keyboard.press("Escape")
    expect(bar(home)).to_be_hidden()
    assert kept(home) == NOTHING
    home.goto(f"{live_server.url}/cookie-policy/")
    expect(bar(home)).to_be_visible()
    home.get_by_role("link", name="Cookie settings").click()
    home.keyboard.press("Escape")
    expect(home.get_by_role("link", name="Cookie settings")).to_be_focused()


def test_the_signal_is_a_refusal_without_a_question(page: Page, live_server: LiveServer) -> None:
    page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
    )
    page.set_extra_http_headers({"Sec-GPC": "1"})
    page.goto(f"{live_server.url}/")
    page.wait_for_load_state("networkidle")
    expect(bar(page)).to_be_hidden()
    assert (kept(page), planted_runs(page)) == (NOTHING, 0)
    expect(page.get_by_text("Your browser asks not to be tracked.").first).to_be_visible()
    page.get_by_role("link", name="Cookie settings").click()
    expect(bar(page)).to_contain_text("We honour that")
    click(page, "Accept all")  # an explicit choice wins
    page.wait_for_function("window.planted === 1")
    page.reload()
    page.wait_for_function("window.planted === 1")


def test_it_works_without_a_script(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/")
    expect(bar(page)).to_be_hidden()
    page.get_by_role("link", name="Cookie settings").click()
    page.get_by_role("switch", name="Analytics").check()
    page.get_by_role("button", name="Save my choice").click()
    expect(page.get_by_role("heading", name="Your choice", exact=True)).to_be_visible()
    expect(page.get_by_role("switch", name="Analytics")).to_be_checked()
    record = ConsentRecord.objects.get()
    assert (record.method, record.choices) == ("chosen", {"analytics": True})
    expect(page.get_by_text(str(record.public_id))).to_be_visible()
    page.get_by_role("button", name="Reject all").click()
    expect(page.get_by_role("switch", name="Analytics")).not_to_be_checked()
    assert ConsentRecord.objects.count() == 2
    context.close()


@pytest.mark.parametrize("script", ["consent.js", "basket.js"])
@pytest.mark.parametrize("trouble", ["blocked", "broken", "late"])
def test_trouble_with_any_script_never_allows_anything(
    page: Page, live_server: LiveServer, script: str, trouble: str
) -> None:
    def spoil(route: Route) -> None:
        if trouble == "blocked":
            route.abort()
        elif trouble == "broken":
            route.fulfill(body="this is no script", content_type="text/javascript")
        else:
            late.append(route)

    late: list[Route] = []
    page.route(f"**/{script}", spoil)
    page.goto(f"{live_server.url}/", wait_until="commit")
    page.get_by_role("link", name="Cookie settings").wait_for()
    if late:
        expect(bar(page)).to_be_visible(visible=script != "consent.js")
        late[0].continue_()
    if script == "consent.js" and trouble != "late":
        expect(bar(page)).to_be_hidden()
        page.get_by_role("link", name="Cookie settings").click()  # an ordinary link, to an ordinary form
        page.get_by_role("button", name="Reject all").click()
        expect(page.get_by_role("heading", name="Your choice", exact=True)).to_be_visible()
    else:
        click(page, "Reject all")
    assert ConsentRecord.objects.get().method == "none"
    assert (kept(page), planted_runs(page)) == (THE_CHOICE, 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bar_and_page_of_choices_are_accessible(page: Page, live_server: LiveServer, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{live_server.url}/")
    bar(page).get_by_role("button", name="Choose").click()
    bar(page).locator("summary").first.click()
    expect(bar(page).locator(".cookie-list").first).to_contain_text("_visits_*")
    assert Axe().run(page).response["violations"] == []
    click(page, "Save my choice")
    page.goto(f"{live_server.url}/cookies/")
    assert Axe().run(page).response["violations"] == []


def test_who_is_asked_again_is_told_what_changed_and_finds_the_redline(
    home: Page, live_server: LiveServer
) -> None:
    bar(home).get_by_role("button", name="Accept all").click()
    expect(bar(home)).to_be_hidden()
    cookie_policy(notice_text="We count visits and clicks.", change_summary="Clicks are counted too.")
    home.reload()
    expect(bar(home)).to_contain_text("Clicks are counted too.")
    bar(home).get_by_role("link", name="See every changed word").click()
    expect(home).to_have_url(f"{live_server.url}/cookie-policy/compare/1/2/")
    bar(home).get_by_role("button", name="Reject all").click()
    expect(bar(home)).to_be_hidden()
    home.get_by_role("link", name="Cookie settings").click()
    expect(bar(home).locator("[data-consent-changed]")).to_be_hidden()


def test_who_never_chose_is_told_of_no_changes(home: Page) -> None:
    expect(bar(home)).to_be_visible()
    expect(bar(home).locator("[data-consent-changed]")).to_be_hidden()
