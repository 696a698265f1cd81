"""The editor and the lawyer: write a privacy policy, submit, approve, change it, return it, read the redline."""

import re

import pytest
from django.contrib.auth.models import Group
from django.core.mail import EmailMessage
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from home.models import HomePage, User

PASSWORD = "a-long-password"


@pytest.fixture
def editor(transactional_db: None) -> User:
    """Create a member of the group Editors, who holds no other right."""
    return _member("editor@example.com", "Editor", "Editors")


@pytest.fixture
def lawyer(transactional_db: None) -> User:
    """Create a member of the group Legal reviewers, who holds no other right."""
    return _member("lawyer@example.com", "Lawyer", "Legal reviewers")


def _member(email: str, name: str, group: str) -> User:
    user = User.objects.create_user(email, PASSWORD, first_name=name)
    user.groups.add(Group.objects.get(name=group))
    return user


def _sign_in(page: Page, live_server: LiveServer, user: User) -> None:
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/admin/")
    page.locator("#id_username").fill(user.email)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{live_server.url}/admin/")


def _submit(page: Page, *, summary: str) -> None:
    """State what the version is, and hand it to the lawyer."""
    page.locator("#id_change_summary").fill(summary)
    page.get_by_text("Material: the meaning changes").click()
    page.get_by_text("At once, when it is published").click()
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".messages .success")).to_contain_text(re.compile("updated|created"))
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Submit to Legal review").click()
    expect(page.locator(".messages .success")).to_contain_text("submitted for moderation")


def _open_review(page: Page, live_server: LiveServer, mail: EmailMessage) -> None:
    """Follow the link in the reviewer's mail."""
    path = re.search(r"(/admin/policies/\d+/review/)", mail.body)[1]
    page.goto(f"{live_server.url}{path}")


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
    _submit(page, summary="The first version.")


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
    _submit(page, summary="Messages are kept for a year less.")


def test_an_editor_writes_a_lawyer_approves_and_visitors_read_the_redline(
    page: Page, live_server: LiveServer, editor: User, lawyer: User, mailoutbox: list[EmailMessage]
) -> None:
    _sign_in(page, live_server, editor)
    _write_first_version(page, live_server)
    assert page.request.get(f"{live_server.url}/privacy-policy/").status == 404

    _sign_in(page, live_server, lawyer)
    _open_review(page, live_server, next(mail for mail in mailoutbox if mail.to == [lawyer.email]))
    expect(page.get_by_text("Version 1 will be published and take effect at once.")).to_be_visible()
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.locator(".messages .success")).to_contain_text("Version 1 is in force")
    page.goto(f"{live_server.url}/privacy-policy/")
    expect(page.get_by_text("We keep your messages for two years.")).to_be_visible()

    _sign_in(page, live_server, editor)
    page.goto(f"{live_server.url}/admin/pages/{HomePage.objects.get().pk}/")
    _write_second_version(page)

    _sign_in(page, live_server, lawyer)
    _open_review(page, live_server, mailoutbox[-1])
    expect(page.locator(".publication-preview del").first).to_contain_text("two")
    page.get_by_role("button", name="Return to the author").click()
    expect(page.locator(".messages .error")).to_contain_text("Say what has to change")
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.locator(".messages .success")).to_contain_text("Version 2 is in force")

    page.goto(f"{live_server.url}/privacy-policy/")
    expect(page.get_by_text("We keep your messages for one year.")).to_be_visible()
    expect(page.get_by_text("Messages are kept for a year less.")).to_be_visible()

    page.goto(f"{live_server.url}/privacy-policy/versions/")
    expect(page.get_by_role("heading", name=re.compile("Version [12]"))).to_have_count(2)
    page.goto(f"{live_server.url}/privacy-policy/versions/1/")
    expect(page.get_by_text("We keep your messages for two years.")).to_be_visible()

    page.goto(f"{live_server.url}/privacy-policy/compare/1/2/")
    expect(page.locator(".redline del").first).to_contain_text("two")
    expect(page.locator(".redline ins").first).to_contain_text("one")
