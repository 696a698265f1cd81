"""The editor's journey, in the admin and in public: write a privacy policy, publish it, change it, read the redline."""

import re

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from home.models import HomePage, User

PASSWORD = "a-long-password"


@pytest.fixture
def editor(transactional_db: None) -> User:
    """Create a member of the group Editors, who holds no other right."""
    user = User.objects.create_user("editor@example.com", PASSWORD, first_name="Editor")
    user.groups.add(Group.objects.get(name="Editors"))
    return user


def _sign_in(page: Page, live_server: LiveServer, user: User) -> None:
    page.goto(f"{live_server.url}/admin/")
    page.locator("#id_username").fill(user.email)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{live_server.url}/admin/")


def _publish(page: Page) -> None:
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".messages .success")).to_contain_text("published")


def _expect_text(page: Page, words: str) -> None:
    """Wait until the editor has handed what was typed over to the form, which it does a moment later."""
    expect(page.locator("input[name=body-0-value]")).to_have_value(re.compile(re.escape(words)))


def _write_first_version(page: Page, live_server: LiveServer) -> None:
    home = HomePage.objects.get()
    page.goto(f"{live_server.url}/admin/pages/add/policies/policypage/{home.pk}/")
    page.locator("#id_title").fill("Privacy policy")
    page.locator("#id_kind").select_option("privacy")
    page.get_by_role("button", name="Insert a block").first.click()
    page.locator("[role=listbox]").get_by_role("option", name="Text", exact=True).click()
    text = page.locator(".Draftail-Editor [contenteditable=true]")
    text.click()
    text.press_sequentially("We keep your messages for two years.")
    _expect_text(page, "two years.")
    page.locator("#id_change_summary").fill("The first version.")
    _publish(page)


def _write_second_version(page: Page) -> None:
    page.get_by_role("link", name="Privacy policy").first.click()
    expect(page.locator("#id_change_summary")).to_have_value("")
    text = page.locator(".Draftail-Editor [contenteditable=true]")
    text.click()
    page.keyboard.press("Control+End")
    for _ in "two years.":
        page.keyboard.press("Backspace")
    text.press_sequentially("one year.")
    _expect_text(page, "one year.")
    page.locator("#id_change_summary").fill("Messages are kept for a year less.")
    _publish(page)


def test_an_editor_publishes_a_policy_changes_it_and_sees_the_redline(
    page: Page, live_server: LiveServer, editor: User
) -> None:
    _sign_in(page, live_server, editor)
    _write_first_version(page, live_server)
    page.goto(f"{live_server.url}/privacy-policy/")
    expect(page.get_by_text("We keep your messages for two years.")).to_be_visible()

    page.goto(f"{live_server.url}/admin/pages/{HomePage.objects.get().pk}/")
    _write_second_version(page)

    page.goto(f"{live_server.url}/privacy-policy/")
    expect(page.get_by_text("We keep your messages for one year.")).to_be_visible()
    expect(page.get_by_text("Messages are kept for a year less.")).to_be_visible()

    page.goto(f"{live_server.url}/privacy-policy/versions/")
    expect(page.get_by_role("link", name=re.compile("Version [12]"))).to_have_count(2)
    page.goto(f"{live_server.url}/privacy-policy/versions/1/")
    expect(page.get_by_text("We keep your messages for two years.")).to_be_visible()

    page.goto(f"{live_server.url}/privacy-policy/compare/1/2/")
    expect(page.locator(".redline del").first).to_contain_text("two")
    expect(page.locator(".redline ins").first).to_contain_text("one")
