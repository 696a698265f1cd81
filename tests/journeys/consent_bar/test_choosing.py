"""A choice in the bar: one click either way, saved once, and kept in every tab."""

import time
from contextlib import suppress
from typing import Any

import pytest
from django.http import HttpResponse
from playwright.sync_api import BrowserContext, Error, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from policies.consent import cookies, views
from policies.models import ConsentRecord
from tests.journeys.consent_bar.bar import NOTHING, THE_CHOICE, bar, click, expect_planted, kept, planted_runs


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
    expect_planted(home, is_running=True)
    record = ConsentRecord.objects.get()
    assert (record.method, record.choices) == ("all", {"analytics": True})
    for path in ("/", "/cookie-policy/"):
        home.goto(live_server.url + path)
        expect_planted(home, is_running=True)
        expect(bar(home)).to_be_hidden()
    assert ConsentRecord.objects.count() == 1


def test_saved_is_said_for_everybody_and_for_a_moment(home: Page) -> None:
    home.clock.install()
    click(home, "Reject all")
    said = home.get_by_role("status").get_by_text("Your choice is saved.")
    expect(said).to_be_in_viewport(ratio=1)
    home.clock.run_for(10_000)
    expect(said).to_have_count(0)
    assert kept(home) == THE_CHOICE


def test_saved_a_second_time_is_said_as_long_as_the_first_time(home: Page) -> None:
    home.clock.install()
    said = home.get_by_role("status").get_by_text("Your choice is saved.")
    for _ in range(2):
        home.locator("[data-consent-open]").first.click()
        click(home, "Reject all")
        home.clock.run_for(4_000)
        expect(said).to_be_in_viewport(ratio=1)
    home.clock.run_for(4_000)
    expect(said).to_have_count(0)


def test_saved_is_said_on_the_page_that_loads_anew_after_a_withdrawal(home: Page) -> None:
    click(home, "Accept all")
    expect_planted(home, is_running=True)
    with home.expect_navigation():
        home.get_by_role("button", name="Withdraw consent").click()
    expect(home.get_by_role("status").get_by_text("Your choice is saved.")).to_be_in_viewport(ratio=1)
    home.reload()
    expect(home.get_by_role("status")).to_have_text("")
    assert kept(home) == {**THE_CHOICE, "storage": ["kept"]}  # by the planted script, undeclared


def test_choosing_starts_with_everything_off(home: Page) -> None:
    bar(home).get_by_role("button", name="Choose").click()
    switch = bar(home).get_by_role("checkbox", name="Analytics")
    expect(switch).not_to_be_checked()
    switch.check()
    click(home, "Save my choice")
    expect_planted(home, is_running=True)
    record = ConsentRecord.objects.get()
    assert (record.method, record.choices) == ("chosen", {"analytics": True})


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
    expect_planted(home, is_running=True)


def test_a_choice_in_one_tab_holds_in_the_other(
    home: Page, context: BrowserContext, live_server: LiveServer
) -> None:
    other = context.new_page()
    other.goto(f"{live_server.url}/cookie-policy/")
    click(other, "Reject all")
    home.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(bar(home)).to_be_hidden()
