"""The editor and the lawyer: write a privacy policy, submit, approve, change it, return it, read the redline."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.mail import EmailMessage
from django.utils import timezone
from playwright.sync_api import Locator, Page, Request, Response, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.rich_text import RichText

from home.models import HomePage, User
from policies.models import PolicyPage
from tests.factories import policy_page, publish
from tests.journeys.windows import each_window

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_request_at_a_time")]

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


# Wagtail takes what a form holds two seconds after it was loaded for what is saved.
WATCHED = (
    'document.addEventListener("w-unsaved:watch-edits", () => document.documentElement.dataset.watched = "")'
)


def _sign_in(page: Page, live_server: LiveServer, user: User) -> None:
    page.add_init_script(WATCHED)
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/admin/")
    page.locator("#id_username").fill(user.email)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{live_server.url}/admin/")


class Actions:
    """What an editor does on a page, counted: each click, each field filled in."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.count += 1

    def fill(self, target: Locator, words: str) -> None:
        target.fill(words)
        self.count += 1

    def change_the_text(self, *, end: str, becomes: str) -> None:
        """Write another end of the text."""
        self.page.locator("html[data-watched]").wait_for(state="attached")
        text = self.page.locator(".Draftail-Editor [contenteditable=true]")
        text.click()
        self.page.keyboard.press("Control+End")
        for _ in end:
            self.page.keyboard.press("Backspace")
        with self.page.expect_response(_is_autosave):
            text.press_sequentially(becomes)
        _expect_text(self.page, becomes)
        self.count += 1

    def state_the_version(self, *, summary: str) -> None:
        self.fill(self.page.locator("#id_change_summary"), summary)
        self.click(self.page.get_by_text("Material: the meaning changes"))
        self.click(self.page.get_by_text("At once, when it is published"))

    def open_tab(self, name: str) -> None:
        self.click(self.page.get_by_role("tab", name=name))

    def submit(self) -> None:
        self.click(self.page.get_by_role("button", name="Submit to Legal review"))


def _is_autosave(response: Response) -> bool:
    return _sends_form(response.request) and _is_by_itself(response.request)


def _sends_form(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/edit/")


def _is_by_itself(request: Request) -> bool:
    return "json" in request.headers.get("accept", "")


def _submit(page: Page, *, summary: str) -> None:
    """State what the version is, and hand it to the lawyer."""
    editor = Actions(page)
    editor.open_tab("Publish")
    editor.state_the_version(summary=summary)
    editor.submit()
    _expect_submitted(page)


def _expect_submitted(page: Page) -> None:
    expect(page.locator(".messages .success")).to_contain_text(
        "was submitted. Asked to review it: ", timeout=20_000
    )


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
    page.get_by_role("button", name="Save draft").click()  # which a new page needs once
    expect(page.locator(".messages .success")).to_contain_text(re.compile("updated|created"))
    _submit(page, summary="The first version.")


def _write_second_version(page: Page) -> None:
    page.get_by_role("link", name="Privacy policy").first.click()
    expect(page.locator("#id_change_summary")).to_have_value("")
    Actions(page).change_the_text(end="two years.", becomes="one year.")
    _submit(page, summary="Messages are kept for a year less.")


def test_an_editor_writes_a_lawyer_approves_and_visitors_read_the_redline(
    page: Page, live_server: LiveServer, editor: User, lawyer: User, mailoutbox: list[EmailMessage]
) -> None:
    _sign_in(page, live_server, editor)
    _write_first_version(page, live_server)
    assert page.request.get(f"{live_server.url}/privacy-policy/").status == 404

    _sign_in(page, live_server, lawyer)
    _open_review(page, live_server, next(mail for mail in mailoutbox if mail.to == [lawyer.email]))
    expect(page).to_have_title(re.compile("“Privacy policy”.*Version 1 will be published"))
    expect(
        page.get_by_text("Version 1 will be published and take effect at once.", exact=True)
    ).to_be_visible()
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


@pytest.fixture
def opened(page: Page, live_server: LiveServer, editor: User, lawyer: User) -> Iterator[Page]:
    """Open a published policy in the editor."""
    publish(policy_page(body=[("paragraph", RichText("<p>We keep your messages for two years.</p>"))]))
    _sign_in(page, live_server, editor)
    page.goto(f"{live_server.url}/admin/pages/{PolicyPage.objects.get().pk}/edit/")
    yield page
    page.goto("about:blank")
    page.wait_for_timeout(1000)  # what the editor has under way would outlive the test


def _expect_in_sight(target: Locator) -> None:
    expect(target).to_be_in_viewport(timeout=20_000)  # the editor saves by itself first


def test_an_editor_submits_a_change_in_six_actions_with_the_redline_in_sight(opened: Page) -> None:
    editor = Actions(opened)
    editor.change_the_text(end="two years.", becomes="one year.")
    editor.open_tab("Publish")
    _expect_in_sight(opened.locator(".publication-preview ins").first)
    editor.state_the_version(summary="A year less.")
    _expect_in_sight(opened.locator(".publication-preview ins").first)
    # Told in a line, not the whole text anew after every saving.
    expect(opened.get_by_role("status").filter(has_text="1 change in the text")).to_have_count(1)
    assert not opened.locator("[aria-live] ins, [role=status] ins").count()
    editor.submit()
    _expect_submitted(opened)
    assert editor.count <= 6


def test_a_version_for_a_later_day_needs_no_more_actions(opened: Page) -> None:
    editor = Actions(opened)
    editor.change_the_text(end="two years.", becomes="one year.")
    editor.open_tab("Publish")
    editor.fill(opened.locator("#id_change_summary"), "A year less.")
    editor.click(opened.get_by_text("Material: the meaning changes"))
    editor.click(opened.get_by_role("button", name="30 days' notice"))
    expect(opened.get_by_role("radio", name="At a time ahead")).to_be_checked()
    editor.submit()
    _expect_submitted(opened)
    assert editor.count <= 6
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    assert draft.announced_for.date() == (timezone.localtime() + timedelta(days=30)).date()


def test_what_is_no_time_stays_in_its_field_and_is_not_sent(opened: Page) -> None:
    editor = Actions(opened)
    editor.open_tab("Publish")
    time = opened.locator("#id_effective_from")
    time.click()
    opened.keyboard.type("3102")  # or 02/31: no such day
    editor.open_tab("Content")
    editor.submit()
    expect(time).to_be_focused()
    assert time.evaluate("time => time.validity.badInput")
    assert not PolicyPage.objects.get().workflow_in_progress


def test_a_version_that_takes_effect_at_once_asks_for_no_time(opened: Page) -> None:
    editor = Actions(opened)
    editor.change_the_text(end="two years.", becomes="one year.")
    editor.open_tab("Publish")
    time = opened.locator("#id_effective_from")
    time.fill("2027-01-05T12:00")
    expect(opened.get_by_role("radio", name="At a time ahead")).to_be_checked()
    editor.state_the_version(summary="A year less.")
    expect(time).to_be_hidden()
    editor.submit()
    _expect_submitted(opened)
    assert PolicyPage.objects.get().get_latest_revision_as_object().effective_from is None


def test_the_form_is_sent_after_it_has_saved_itself(opened: Page) -> None:
    opened.locator("html[data-watched]").wait_for(state="attached")
    sent: list[bool] = []
    opened.on("request", lambda request: _sends_form(request) and sent.append(_is_by_itself(request)))
    editor = Actions(opened)
    editor.open_tab("Publish")
    begins = "document.addEventListener('w-autosave:save', () => (document.body.dataset.saving = ''))"
    opened.evaluate(begins)
    editor.fill(opened.locator("#id_change_summary"), "A year less.")
    opened.locator("body[data-saving]").wait_for(state="attached")
    editor.submit()
    _expect_in_sight(opened.locator(".policy-publish .error-message").first)
    assert sent[:2] == [True, False]


def test_the_form_saves_itself_after_an_error_too(opened: Page) -> None:
    opened.locator("html[data-watched]").wait_for(state="attached")
    editor = Actions(opened)
    with opened.expect_response(_is_autosave):  # once, what was sent
        editor.submit()
        _expect_in_sight(opened.locator("#id_change_summary"))
    with opened.expect_response(_is_autosave) as saved:
        editor.fill(opened.locator("#id_change_summary"), "A year less.")
    assert saved.value.status == 200
    assert PolicyPage.objects.get().get_latest_revision_as_object().change_summary == "A year less."


def test_an_editor_who_submits_too_early_is_led_to_the_field_and_needs_no_more_actions(opened: Page) -> None:
    editor = Actions(opened)
    editor.change_the_text(end="two years.", becomes="one year.")
    editor.submit()
    expect(opened.get_by_role("tab", name="Publish")).to_contain_text("3 errors")
    expect(opened.locator("#id_change_summary")).to_be_focused()
    editor.state_the_version(summary="A year less.")
    editor.submit()
    _expect_submitted(opened)
    assert editor.count <= 6


def test_a_wide_table_scrolls_within_the_redline_of_a_narrow_window(opened: Page) -> None:
    cells = "".join(f"<td>{'unbreakable' * 3}</td>" for _ in range(4))
    draft = PolicyPage.objects.get()
    draft.body = [("imported", f"<table><tbody><tr>{cells}</tr></tbody></table>")]
    draft.save_revision(clean=False)
    opened.set_viewport_size({"width": 390, "height": 844})
    opened.reload()
    Actions(opened).open_tab("Publish")
    opened.locator("publication-preview").first.scroll_into_view_if_needed()
    redline = opened.locator(".publication-preview__redline")
    expect(redline.locator("table").first).to_be_visible(timeout=20_000)
    box = redline.bounding_box()
    assert box["x"] + box["width"] <= 390
    assert redline.evaluate("box => box.scrollWidth > box.clientWidth")


def test_an_error_that_belongs_to_no_field_is_shown_in_the_tab_too(opened: Page) -> None:
    publish(PolicyPage.objects.get(), body="<p>Another text.</p>")
    editor = Actions(opened)
    editor.open_tab("Publish")
    editor.state_the_version(summary="A year less.")
    editor.open_tab("Content")
    editor.submit()
    expect(opened.locator(".policy-publish .error-message")).to_be_focused()
    expect(opened.locator(".policy-publish .error-message")).to_contain_text(
        "Somebody else changed this page"
    )


def test_an_editor_submits_with_the_keyboard_alone(opened: Page) -> None:
    Actions(opened).change_the_text(end="two years.", becomes="one year.")
    submit = opened.get_by_role("button", name="Submit to Legal review")
    submit.press("Enter")
    expect(opened.locator("#id_change_summary")).to_be_focused()
    opened.keyboard.type("A year less.")
    for key in ("Tab", "Space", "Tab", "Tab", "Space"):  # kind of change, why wording only, takes effect
        opened.keyboard.press(key)
    expect(opened.get_by_role("radio", name="At once")).to_be_checked()
    submit.press("Enter")
    _expect_submitted(opened)


def test_the_enter_key_in_a_field_saves_a_draft_and_submits_nothing(opened: Page) -> None:
    opened.locator("#id_title").press("Enter")
    expect(opened.locator(".messages .success")).to_contain_text("updated")
    assert not PolicyPage.objects.get().workflow_in_progress


def test_submit_is_the_visible_main_button_in_every_window(opened: Page) -> None:
    button = opened.get_by_role("button", name="Submit to Legal review")
    for _width in each_window(opened):
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport()
        expect(opened.get_by_role("button", name="Save draft")).to_be_hidden()
