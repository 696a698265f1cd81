"""A message, from the first try with an error to the last answer: written, replied to, answered by the link, closed."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from post_office.models import Email
from pytest_django.live_server_helper import LiveServer

from forms.models import SavedReply, Submission
from home import spam
from home.models import User
from tests.forms.building import form_page

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_request_at_a_time")]
PASSWORD = "a-long-password"


def _fill() -> None:
    form_page()
    SavedReply.objects.create(title="Greeting", text="Hello {name},")
    User.objects.create_superuser("owner@example.com", PASSWORD)


def _write(page: Page, url: str) -> None:
    page.goto(f"{url}/contact/")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("E-mail", exact=True).fill("ada")
    page.get_by_label("Message").fill("Do you sell kettles?")
    page.get_by_role("button", name="Send the message").click()
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Message")).to_have_value("Do you sell kettles?")
    page.get_by_label("E-mail", exact=True).fill("ada@example.com")
    page.get_by_role("button", name="Send the message").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def _open_first(page: Page, url: str) -> None:
    page.goto(f"{url}/admin/")
    page.get_by_role("link", name=re.compile("Messages to answer")).click()
    page.get_by_role("link", name="Ada").click()
    expect(page.get_by_text("Do you sell kettles?", exact=True)).to_be_visible()


def _fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_message_is_written_answered_answered_back_and_closed(
    browser: Browser,
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    fill: Callable[[Callable[[], None]], None],
) -> None:
    monkeypatch.setattr(spam, "FASTEST", timedelta(0))
    fill(_fill)
    url = live_server.url
    with (
        browser.new_context() as visitor,
        browser.new_context(viewport={"width": 390, "height": 844}) as staff,
    ):
        page, desk = visitor.new_page(), staff.new_page()
        _write(page, url)

        desk.goto(f"{url}/admin/")
        desk.locator("#id_username").fill("owner@example.com")
        desk.locator("#id_password").fill(PASSWORD)
        desk.get_by_role("button", name="Sign in").click()
        _open_first(desk, url)
        desk.get_by_label("Saved reply").select_option("Greeting")
        desk.get_by_role("button", name="Insert").click()
        reply = desk.get_by_role("textbox", name="Reply")
        expect(reply).to_have_value("Hello Ada,")
        reply.press("End")
        reply.press_sequentially(" we do.")
        assert _fits(desk)
        desk.get_by_role("button", name="Send the reply").click()
        expect(desk.get_by_text("The reply is on its way.")).to_be_visible()

        link = re.search(r"https?://[^/]+(/messages/answer/\S+)", Email.objects.latest("pk").message)
        assert link
        page.goto(f"{url}{link[1]}")
        expect(page.get_by_text("Hello Ada, we do.")).to_be_visible()
        page.get_by_role("button", name="Send the answer").click()
        expect(page.get_by_role("link", name="Write your answer.")).to_be_visible()
        page.get_by_label("Your answer").fill("Then I take two.")
        page.get_by_role("button", name="Send the answer").click()
        expect(page.get_by_text("Your answer has arrived.")).to_be_visible()

        _open_first(desk, url)
        expect(desk.get_by_text("Then I take two.")).to_be_visible()
        desk.get_by_role("button", name="Mark as done").click()
        expect(desk.get_by_text("The status was changed.")).to_be_visible()
        desk.goto(f"{url}/admin/messages/")
        expect(desk.get_by_text("No message waits for an answer.")).to_be_visible()
        assert _fits(desk)
    assert Submission.objects.get().status == Submission.Status.DONE
