"""The visitor's journey through the demo shop: refuse, change one's mind, read an old policy, write to the shop."""

import re
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from forms.models import Submission
from policies.models import ConsentRecord, Policy
from tests.journeys.outside import Outside

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(live_server: LiveServer, demo: None) -> str:
    """Return the address of the site with the demo, all invented activity removed."""
    Submission.objects.all().delete()
    return live_server.url


def _cookies(page: Page) -> set[str]:
    return {cookie["name"] for cookie in page.context.cookies()}


def _choose(page: Page, button: str) -> None:
    bar = page.locator("#_consent-bar")
    bar.get_by_role("button", name=button).click()
    expect(bar).to_be_hidden()


def _write_to_the_shop(page: Page, shop: str) -> None:
    page.goto(f"{shop}/contact/")
    page.get_by_label("Your name").fill("Demo visitor")
    page.get_by_label("Your e-mail address").fill("visitor@example.com")
    page.get_by_label("Subject").fill("Kettles")
    page.get_by_label("Message").fill("Do you sell kettles?")
    page.get_by_label("I have read the privacy policy").check()
    page.wait_for_timeout(2_100)  # the spam guard refuses what no person could have typed
    page.get_by_role("button", name="Send").click()
    expect(page).to_have_url(re.compile(f"{shop}/contact/thanks/"))
    expect(page.get_by_text("Your reference is")).to_be_visible()


def test_a_visitor_refuses_accepts_reads_an_old_policy_and_writes_to_the_shop(page: Page, shop: str) -> None:
    outside = Outside(shop).watch(page)
    before = ConsentRecord.objects.count()

    page.goto(f"{shop}/")
    assert _cookies(page) == set()
    _choose(page, "Reject all")
    assert _cookies(page) == {"consent"}
    assert ConsentRecord.objects.count() == before + 1
    assert ConsentRecord.objects.latest("pk").choices == {"media": False}

    page.goto(f"{shop}/about/")
    expect(page.locator("#_consent-bar")).to_be_hidden()
    assert outside.asked == []
    page.get_by_role("link", name="Cookie settings").click()
    _choose(page, "Accept all")
    record = ConsentRecord.objects.latest("pk")
    assert record.choices == {"media": True}
    assert record.notice_version.policy.kind == Policy.Kind.COOKIES

    page.goto(f"{shop}/privacy-policy/")
    page.get_by_role("link", name="All versions").click()
    page.get_by_role("link", name="Version 1", exact=True).click()
    expect(page).to_have_url(f"{shop}/privacy-policy/versions/1/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Privacy")

    _write_to_the_shop(page, shop)
    page.reload()
    submission = Submission.objects.get()
    assert submission.policy_version == Policy.objects.get(slug="privacy-policy").in_force()
    call_command("worker", "--once", stdout=StringIO())
    # The review of the demo's coming policy has sent mails, too, to other people.
    [message] = [sent for sent in mail.outbox if sent.to == ["hello@jomso.example"]]
    assert "Do you sell kettles?" in message.body
    assert all(address.startswith("https://www.openstreetmap.org/") for address in outside.asked)
