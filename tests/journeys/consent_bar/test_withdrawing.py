"""Withdrawing consent: one click on any page, in every window, and what was kept is gone."""

from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from policies.models import ConsentRecord
from tests.journeys.consent_bar.bar import bar, click, expect_planted, kept, planted_runs


def test_withdrawing_removes_what_was_kept_and_stops_what_ran(home: Page) -> None:
    click(home, "Accept all")
    expect_planted(home, is_running=True)
    assert kept(home) == {
        "cookies": ["_visits_7", "_visits_8", "consent"],
        "storage": ["_visits_store", "kept"],
    }
    home.get_by_role("link", name="Cookie settings").click()
    expect(bar(home)).to_be_focused()
    expect(bar(home).get_by_role("checkbox", name="Analytics")).to_be_checked()
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
    expect_planted(home, is_running=True)
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


def test_withdrawing_takes_effect_in_every_window(
    home: Page, context: BrowserContext, live_server: LiveServer
) -> None:
    click(home, "Accept all")
    other = context.new_page()
    other.goto(f"{live_server.url}/cookie-policy/")
    expect_planted(other, is_running=True)
    home.get_by_role("button", name="Withdraw consent").click()
    expect_planted(other, is_running=False)
