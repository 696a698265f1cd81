"""A policy's feed: valid Atom, ids that outlive a move, the hash of every record."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET  # our own feed, not somebody else's

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from policies.models import Policy
from tests.factories import policy, version, withdraw
from tests.policies.verifying import sql

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ATOM = "{http://www.w3.org/2005/Atom}"
# RFC 3339, as RFC 4287 (3.3) asks for it.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def rules(settings: Settings) -> Policy:
    """Three versions: past, in force, coming."""
    settings.SITE_URL = "https://www.example.com"
    rules = policy()
    version(rules, html="<p>Be kind.</p>", at=NOW - 60 * DAY, change_summary="The first words.")
    version(rules, html="<p>Be very kind.</p>", at=NOW - 30 * DAY, change_summary="Less & more <b>now</b>.")
    version(rules, html="<p>Be kindest.</p>", at=NOW + 30 * DAY, change_summary="Strictest soon.")
    return rules


def read(client: Client) -> ET.Element:
    response = client.get("/house-rules/feed/")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(response.content)  # noqa: S314 - our own


def entries(client: Client) -> list[ET.Element]:
    return read(client).findall(f"{ATOM}entry")


def text(element: ET.Element, name: str) -> str:
    (found,) = element.findall(f"{ATOM}{name}")  # exactly one, as the RFC wants of all that we read
    return found.text or ""


def links(element: ET.Element) -> dict[tuple[str, str], str]:
    return {
        (link.get("rel", ""), link.get("type", "")): link.get("href", "")
        for link in element.findall(f"{ATOM}link")
    }


def test_it_has_what_every_feed_must_have(client: Client, rules: Policy) -> None:
    feed = read(client)

    assert feed.tag == f"{ATOM}feed"
    assert text(feed, "title") == "House rules"
    assert text(feed, "id").startswith("urn:uuid:")
    assert MOMENT.fullmatch(text(feed, "updated"))
    assert text(feed.findall(f"{ATOM}author")[0], "name")
    assert links(feed) == {
        ("self", ""): "https://www.example.com/house-rules/feed/",
        ("alternate", ""): "https://www.example.com/house-rules/",
    }


def test_every_entry_has_what_it_must_have(client: Client, rules: Policy) -> None:
    found = entries(client)

    assert len(found) == 3
    for entry in found:
        assert text(entry, "title")
        assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text(entry, "id"))
        assert MOMENT.fullmatch(text(entry, "updated"))
        assert all(href.startswith("https://www.example.com/house-rules/") for href in links(entry).values())
        # One alternate a type: RFC 4287, 4.1.2.
        assert len(links(entry)) == len(entry.findall(f"{ATOM}link"))
    assert len({text(entry, "id") for entry in found} | {text(read(client), "id")}) == 4


def test_an_entry_leads_to_the_version_the_change_and_the_record(client: Client, rules: Policy) -> None:
    newest, *_others, first = entries(client)

    url = "https://www.example.com/house-rules"
    assert links(newest) == {
        ("alternate", ""): f"{url}/versions/3/",
        ("alternate", "application/json"): f"{url}/versions/3/record.json",
        ("related", "text/html"): f"{url}/compare/2/3/",
    }
    assert ("related", "text/html") not in links(first)


def test_an_entry_holds_the_summary_as_words_and_the_hash_of_the_record(
    client: Client, rules: Policy
) -> None:
    entry = entries(client)[1]
    record = client.get("/house-rules/versions/2/record.json").content

    assert (
        text(entry, "summary") == "Less &amp; more &lt;b&gt;now&lt;/b&gt;."
    )  # type="html": escaped once more
    assert hashlib.sha256(record).hexdigest() in text(entry, "content")


def test_ids_stay_when_the_site_moves_and_differ_between_policies(
    client: Client, rules: Policy, settings: Settings
) -> None:
    before = [text(entry, "id") for entry in entries(client)] + [text(read(client), "id")]
    settings.SITE_URL = "https://elsewhere.example"
    version(
        policy("other-rules"), html="<p>Be kind.</p>", at=NOW - 60 * DAY, change_summary="The first words."
    )

    assert [text(entry, "id") for entry in entries(client)] + [text(read(client), "id")] == before
    assert not set(before) & set(
        re.findall("urn:uuid:[^<]+", client.get("/other-rules/feed/").content.decode())
    )


def test_a_withdrawn_version_says_so_and_counts_as_news(client: Client, rules: Policy) -> None:
    with time_machine.travel(NOW + DAY):
        withdraw(rules.versions.get(number=3))
        entry = entries(client)[0]

    assert "withdrawn" in text(entry, "title")
    assert "withdrawn" in text(entry, "content")
    assert text(entry, "updated").startswith("2026-03-11")
    assert text(entry, "published").startswith("2026-03-10")
    assert ("related", "text/html") not in links(entry)


@pytest.mark.both_databases
def test_characters_that_xml_cannot_hold_do_not_break_it(client: Client, rules: Policy) -> None:
    kept = version(rules, html="<p>x</p>", at=NOW + 31 * DAY)
    change = "UPDATE policies_policyversion SET title = %s, change_summary = %s WHERE id = %s"
    sql(change, "A\x08B", "C\ufffe\x0bD", kept.pk)  # versions of before: today's rules refuse them

    assert "A B" in text(entries(client)[0], "title")
    assert text(entries(client)[0], "summary") == "C  D"


def test_a_version_without_a_summary_has_an_entry_all_the_same(client: Client) -> None:
    version(policy(), change_summary="")

    (entry,) = entries(client)
    assert entry.findall(f"{ATOM}summary") == []
    assert text(entry, "content")


def test_it_holds_the_newest_fifty(client: Client) -> None:
    rules = policy()
    for number in range(1, 53):
        version(rules, html=f"<p>{number}</p>", at=NOW - (100 - number) * DAY)

    found = entries(client)

    assert len(found) == 50
    assert "version 52" in text(found[0], "title")


def test_pages_of_the_policy_name_it(client: Client, rules: Policy) -> None:
    link = 'type="application/atom+xml"'
    for path in ("", "versions/", "versions/1/", "compare/1/2/"):
        page = client.get(f"/house-rules/{path}").content.decode()
        assert link in page
        assert 'href="/house-rules/feed/"' in page
    assert client.get("/house-rules/versions/").content.decode().count('href="/house-rules/feed/"') == 2
