"""A reader checks a version in the browser: what holds is said in a sentence, and what was forged is found."""

import json
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from policies.ledger import sealing
from policies.ledger.proof import Proofs
from policies.models import PolicyVersion
from tests.factories import policy, version
from tests.policies.forging import changes

pytestmark = pytest.mark.both_databases
BODY = "<h2>Kind</h2><p>Be kind: größer, 大きい, “quoted”.</p><table><tr><th>A</th></tr><tr><td>b</td></tr></table>"
HOLDS = "Checked in your browser: the text on this page is that of its record"


@pytest.fixture
def sealed(live_server: LiveServer) -> PolicyVersion:
    rules = policy()
    for text in ("<p>First.</p>", BODY, "<p>Third.</p>"):
        version(rules, html=text)
    sealing.seal(now=timezone.now())
    version(rules, html="<p>Fourth.</p>")
    sealing.seal(now=timezone.now())
    return rules.versions.get(number=2)


def opened(page: Page, live_server: LiveServer, number: int = 2) -> Page:
    page.goto(f"{live_server.url}/house-rules/versions/{number}/")
    page.get_by_text("Record and proof of this version").click()
    return page


def check(page: Page) -> Locator:
    """Press the button; return what is said when the check is done."""
    page.get_by_role("button", name="Check this version").click()
    result = page.locator("[data-proof-result]")
    expect(result).not_to_have_text("Checking…")
    return result


def test_a_reader_checks_a_version_by_keyboard(
    page: Page, live_server: LiveServer, sealed: PolicyVersion
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_server.url}{sealed.get_absolute_url()}")
    page.get_by_text("Record and proof of this version").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Check this version")).to_be_focused()
    assert not [url for url in asked if url.endswith(".json")]
    page.keyboard.press("Enter")
    result = page.get_by_role("status").filter(has_text="Checked in your browser")
    expect(result).to_contain_text(HOLDS)
    expect(result).to_contain_text("entry 2 of the ledger, whose heads follow each other to number 2")
    expect(page.get_by_role("button", name="Check this version")).to_be_focused()


def test_it_finds_every_part_of_a_proof_that_was_changed(
    page: Page, live_server: LiveServer, sealed: PolicyVersion
) -> None:
    forged: Any = None

    def answer(route: Route) -> None:
        route.fulfill(body=json.dumps(forged), content_type="application/json")

    page.route("**/proof.json", answer)
    opened(page, live_server)
    forged = honest = Proofs().of(sealed)
    expect(check(page)).to_contain_text(HOLDS)
    accepted = []
    for place, changed in changes(honest):
        forged = changed
        if not check(page).inner_text().startswith("The check failed: "):
            accepted.append(place)
    assert accepted == ["heads 1 left out"]  # a shorter proof
    for nonsense in (None, [], "x", 5, {}, {"heads": []}, [honest]):
        forged = nonsense
        expect(check(page)).to_contain_text("The check failed: the proof is not one of this version.")


def test_it_finds_a_record_that_was_changed(
    page: Page, live_server: LiveServer, sealed: PolicyVersion
) -> None:
    changed = sealed.record.replace("Be kind", "Be rude")
    page.route("**/record.json", lambda route: route.fulfill(body=changed, content_type="application/json"))
    opened(page, live_server)
    expect(check(page)).to_contain_text("the record is not the one that its proof or this page names")


def test_it_finds_that_the_page_shows_another_text(
    page: Page, live_server: LiveServer, sealed: PolicyVersion
) -> None:
    opened(page, live_server)
    page.get_by_text("Be kind").evaluate("place => { place.textContent = 'Be rude.' }")
    expect(check(page)).to_contain_text("the text on this page is not that of the record")


def test_it_finds_a_record_that_was_rewritten_in_the_database(
    page: Page, live_server: LiveServer, sealed: PolicyVersion
) -> None:
    rewrite = (
        "UPDATE policies_policyversion SET record = REPLACE(record, 'Be kind', 'Be rude') WHERE number = 2"
    )
    with connection.cursor() as cursor:
        cursor.execute(rewrite)
    opened(page, live_server)
    expect(check(page)).to_contain_text("The check failed: the record is not the one that its proof")


def test_it_says_that_a_version_is_not_sealed_yet_and_that_the_site_is_gone(
    page: Page, live_server: LiveServer, sealed: PolicyVersion
) -> None:
    version(sealed.policy, html="<p>Fifth.</p>")
    opened(page, live_server, 5)
    expect(check(page)).to_contain_text("once it is sealed")
    page.route("**/*.json", lambda route: route.abort())
    expect(check(page)).to_contain_text("could not be loaded")
    page.unroute("**/*.json")
    sealing.seal(now=timezone.now())
    expect(check(page)).to_contain_text(HOLDS)


def test_without_scripts_or_web_crypto_there_is_no_button_and_the_rest_works(
    browser: Browser, live_server: LiveServer, sealed: PolicyVersion
) -> None:
    no_crypto = browser.new_context()
    no_crypto.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    problems: list[str] = []
    for context in (browser.new_context(java_script_enabled=False), no_crypto):
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        opened(page, live_server)
        expect(page.get_by_text("Check this version")).to_be_hidden()
        expect(page.get_by_role("link", name="Its proof (JSON)")).to_be_visible()
        context.close()
    assert problems == []
