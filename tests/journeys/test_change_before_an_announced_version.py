"""A version is announced, and the editor changes the policy: before it, instead of it, after it, and rebases it."""

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from home.models import User
from policies.models import Policy, PolicyPage, PolicyVersion
from tests.factories import policy_page, publish

pytestmark = pytest.mark.usefixtures("one_request_at_a_time")

PASSWORD = "a-long-password"
KIND, FAIR, BRAVE = (("paragraph", f"<p>Be {word}.</p>") for word in ("kind", "fair", "brave"))


@pytest.fixture
def soon() -> datetime:
    return (timezone.now() + timedelta(days=10)).replace(second=0, microsecond=0)


@pytest.fixture
def announced(transactional_db: None, soon: datetime) -> PolicyPage:
    """Publish “Be kind. Be fair.”, and announce “Be kind. Be brave.” as version 2."""
    page = policy_page(body=[KIND, FAIR])
    publish(page)
    publish(page, body=[KIND, BRAVE], effective_from=soon, summary="Braver.")
    for name, group in (("editor", "Editors"), ("lawyer", "Legal reviewers")):
        user = User.objects.create_user(f"{name}@example.com", PASSWORD, first_name=name.title())
        user.groups.add(Group.objects.get(name=group))
    return PolicyPage.objects.get()


def sign_in(page: Page, live_server: LiveServer, name: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/admin/")
    page.locator("#id_username").fill(f"{name}@example.com")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{live_server.url}/admin/")


def begin(page: Page, live_server: LiveServer, of: PolicyPage, what: str) -> None:
    """Open the page, and choose by keyboard what the draft changes."""
    page.goto(f"{live_server.url}/admin/pages/{of.pk}/edit/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("What do you want to change?")
    button = page.get_by_role("button", name=re.compile(f"^Start: {what}"))
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/edit/$"))


def expect_in_editor(page: Page, words: str) -> None:
    expect(page.locator(".Draftail-Editor").filter(has_text=words)).to_be_visible()


def write(page: Page, block: int, words: str) -> None:
    """Replace what a block says."""
    text = page.locator(".Draftail-Editor [contenteditable=true]").nth(block)
    text.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Backspace")
    text.press_sequentially(words)
    expect(page.locator(f"input[name=body-{block}-value]")).to_have_value(re.compile(re.escape(words)))


def open_publish_tab(page: Page) -> None:
    page.get_by_role("tab", name="Publish").click()


def state(page: Page, *, summary: str, kind: str = "Material", when: str = "At once") -> None:
    open_publish_tab(page)
    page.locator("#id_change_summary").fill(summary)
    page.get_by_text(re.compile(f"^\\s*{kind}:")).click()
    page.get_by_text(re.compile(f"^\\s*{when}")).click()


def submit(page: Page) -> None:
    # Wagtail's calendar stays open over the buttons where the date was filled in and not typed.
    page.evaluate("document.querySelectorAll('.xdsoft_datetimepicker').forEach((one) => one.remove())")
    page.get_by_role("button", name="Submit to Legal review").click()


def approve(page: Page, live_server: LiveServer, of: PolicyPage, outcome: str) -> None:
    """Read it as the lawyer, and approve it."""
    sign_in(page, live_server, "lawyer")
    page.goto(f"{live_server.url}/admin/policies/{of.pk}/review/")
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.locator(".messages .success")).to_contain_text(outcome)


def test_before_it_needs_a_tick_and_then_a_rebase(
    page: Page, live_server: LiveServer, announced: PolicyPage, soon: datetime
) -> None:
    sign_in(page, live_server, "editor")
    begin(page, live_server, announced, "Before version 2")
    expect_in_editor(page, "Be fair.")
    write(page, 0, "Be kinder.")
    state(page, summary="A warmer word.", kind="Editorial")
    submit(page)
    expect(page.locator(".messages")).to_contain_text("could not be")
    expect(page.get_by_text("does not have this change and will undo it on that day").first).to_be_visible()
    tick = page.get_by_role("checkbox", name=re.compile("Version 2 on"))
    tick.focus()
    page.keyboard.press("Space")
    expect(tick).to_be_checked()
    submit(page)
    expect(page.locator(".messages .success")).to_contain_text("was submitted. Asked to review it: ")
    approve(page, live_server, announced, "Version 3 is in force")
    page.goto(f"{live_server.url}/house-rules/")
    expect(page.get_by_text("Be fair.")).to_be_visible()  # the announced change has not come in with it
    expect(page.get_by_text("Be kinder.")).to_be_visible()

    sign_in(page, live_server, "editor")
    expect(page.get_by_text("version 2 will undo what version 3 changed")).to_be_visible()
    page.get_by_role("button", name="Bring the change over to version 2").press("Enter")
    expect(page.locator(".messages .success")).to_contain_text("version 2 with what was changed since")
    expect(page.locator("#id_change_summary")).to_have_value("Braver.")
    submit(page)
    expect(page.locator(".messages .success")).to_contain_text("was submitted. Asked to review it: ")
    approve(page, live_server, announced, "Version 4 is announced for")
    page.goto(f"{live_server.url}/admin/")
    expect(page.get_by_text("will undo")).to_have_count(0)
    fourth = PolicyVersion.objects.get(number=4)
    assert (fourth.text, fourth.effective_at) == ("Be kinder.\nBe brave.", soon)
    assert PolicyVersion.objects.get(number=2).is_withdrawn


def test_instead_of_it_withdraws_it(
    page: Page, live_server: LiveServer, announced: PolicyPage, soon: datetime
) -> None:
    sign_in(page, live_server, "editor")
    begin(page, live_server, announced, "Instead of version 2")
    expect_in_editor(page, "Be brave.")
    write(page, 1, "Be braver.")
    open_publish_tab(page)
    page.locator("#id_change_summary").fill("Braver still.")
    page.get_by_text(re.compile(r"^\s*Material:")).click()
    submit(page)
    expect(page.locator(".messages .success")).to_contain_text("was submitted. Asked to review it: ")
    sign_in(page, live_server, "lawyer")
    page.goto(f"{live_server.url}/admin/policies/{announced.pk}/review/")
    expect(page.get_by_text(re.compile("Version 2, announced for .*, is withdrawn"))).to_be_visible()
    approve(page, live_server, announced, "Version 3 is announced for")
    assert PolicyVersion.objects.get(number=2).is_withdrawn
    assert [one.number for one in Policy.objects.get().versions.pending(timezone.now())] == [3]
    assert PolicyVersion.objects.get(number=3).effective_at == soon


def test_after_it_takes_effect_later(
    page: Page, live_server: LiveServer, announced: PolicyPage, soon: datetime
) -> None:
    sign_in(page, live_server, "editor")
    begin(page, live_server, announced, "After version 2")
    expect_in_editor(page, "Be brave.")
    write(page, 0, "Be calm.")
    state(page, summary="Calmer.")
    submit(page)
    expect(
        page.get_by_text("starts from version 2, but when it takes effect version 1 will be in force").first
    ).to_be_visible()
    page.get_by_text(re.compile(r"^\s*At a time ahead")).click()
    later = timezone.localtime(soon + timedelta(days=5))
    page.locator("#id_effective_from").fill(later.strftime("%Y-%m-%dT%H:%M"))
    page.keyboard.press("Tab")  # closes the calendar
    submit(page)
    expect(page.locator(".messages .success")).to_contain_text("was submitted. Asked to review it: ")
    approve(page, live_server, announced, "Version 3 is announced for")
    assert [one.text for one in Policy.objects.get().versions.pending(timezone.now())] == [
        "Be kind.\nBe brave.",
        "Be calm.\nBe brave.",
    ]
