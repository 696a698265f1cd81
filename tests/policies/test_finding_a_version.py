"""From a policy to its other versions: beside the tag, before and after, and by the day on which one held."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import lxml.html
import pytest
import time_machine
from django.test import Client

from policies.models import Policy
from tests.factories import policy, version, withdraw

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def rules() -> Policy:
    rules = policy()
    for number, days in enumerate((-30, -20, -10, 30), start=1):
        version(rules, html=f"<p>Text {number}.</p>", at=NOW + timedelta(days=days))
    return rules


def tree(client: Client, path: str) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(client.get(path).content.decode())


def pager(client: Client, number: int) -> dict[str, str]:
    links = tree(client, f"/house-rules/versions/{number}/").xpath("//nav[@aria-label='Other versions']/a")
    return {link.get("rel"): link.get("href") for link in links}


@pytest.mark.parametrize("path", ["/house-rules/", "/house-rules/versions/1/"])
def test_all_versions_stands_beside_the_tag_of_the_version(client: Client, rules: Policy, path: str) -> None:
    [beside] = tree(client, path).xpath("//strong[contains(@class, 'tag')]/..")
    assert beside.xpath("./a/@href") == ["/house-rules/versions/"]


def test_a_version_leads_to_the_one_before_and_the_one_after(client: Client, rules: Policy) -> None:
    assert pager(client, 2) == {"prev": "/house-rules/versions/1/", "next": "/house-rules/versions/3/"}
    assert pager(client, 1) == {"next": "/house-rules/versions/2/"}
    assert pager(client, 4) == {"prev": "/house-rules/versions/3/"}


def test_the_text_in_force_leads_there_too_from_beside_its_tag(client: Client, rules: Policy) -> None:
    for path in ("/house-rules/", "/house-rules/versions/3/"):
        [head] = tree(client, path).find_class("page-head")
        links = head.xpath(".//nav[@aria-label='Other versions']/a")
        assert [link.get("href") for link in links] == [
            "/house-rules/versions/2/",
            "/house-rules/versions/4/",
        ]


def test_a_withdrawn_version_is_passed_over(client: Client, rules: Policy) -> None:
    withdraw(rules.versions.get(number=4))
    assert pager(client, 3) == {"prev": "/house-rules/versions/2/"}


def test_the_only_version_leads_to_no_other(client: Client) -> None:
    version(policy(), at=NOW - timedelta(days=1))
    assert pager(client, 1) == {}


def test_the_day_of_the_form_leads_to_what_held_on_it(client: Client, rules: Policy) -> None:
    [field] = tree(client, "/house-rules/versions/").xpath("//input[@name='day']")
    assert field.get("type") == "date"
    response = client.get("/house-rules/on/", {"day": "2026-02-20"})
    assert response["Location"] == "/house-rules/on/2026-02-20/"


@pytest.mark.parametrize("day", ["20.2.2026", "2026-02-30", "2026-2-1", "99999-01-01", "x" * 5_000, "\0"])
def test_a_day_that_is_none_is_explained(client: Client, rules: Policy, day: str) -> None:
    response = client.get("/house-rules/on/", {"day": day})
    assert response.status_code == 400
    if b"Enter a day" not in response.content:
        assert day == "\0"  # refused before any view


@pytest.mark.parametrize("day", ["2026-02-30", "2025-13-01", "0000-00-00", "0001-01-01"])
def test_the_url_of_a_day_that_is_none_says_so_and_offers_the_form(
    client: Client, rules: Policy, day: str
) -> None:
    response = client.get(f"/house-rules/on/{day}/")
    assert response.status_code == 404
    html = response.content.decode()
    assert "There is no such day. Enter a day as year-month-day, such as 2026-01-31." in html
    assert "<title>Error: All versions" in html
    [field] = lxml.html.fromstring(html).xpath("//input[@name='day']")
    assert field.get("autofocus") is not None  # low windows scroll to it and what is said above it


def test_without_a_day_the_form_is_shown(client: Client, rules: Policy) -> None:
    assert client.get("/house-rules/on/")["Location"] == "/house-rules/versions/"
