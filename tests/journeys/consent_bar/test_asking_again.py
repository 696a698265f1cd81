"""Asking again: only after a material change of the text, and then with what changed."""

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from policies.models import ConsentRecord
from tests.factories import cookie_policy
from tests.journeys.consent_bar.bar import NOTHING, bar, click, expect_planted, kept, planted_runs


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
    expect_planted(home, is_running=True)
    expect(bar(home)).to_be_hidden()
    cookie_policy(notice_text="Something else.", change_kind="material")
    home.reload()
    expect(bar(home)).to_be_visible()
    assert planted_runs(home) == 0
    assert kept(home) == {"cookies": ["consent"], "storage": ["kept"]}


def test_going_back_does_not_bring_the_bar_back(home: Page, live_server: LiveServer) -> None:
    home.goto(f"{live_server.url}/cookie-policy/")
    click(home, "Reject all")
    home.go_back()
    home.wait_for_load_state()
    expect(bar(home)).to_be_hidden()


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
