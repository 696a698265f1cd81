"""From a policy to its other versions: beside the tag, before and after, and by the day on which one held."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import lxml.html
import pytest
import time_machine
from django.test import Client

from policies.models import Policy
from tests.factories import policy, version, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


@pytest.fixture(scope="module")
def rules_of_module(database_of_module: None) -> int:
    with time_machine.travel(NOW):
        rules = policy()
        for number, days in enumerate((-30, -20, -10, 30), start=1):
            version(rules, html=f"<p>Text {number}.</p>", at=NOW + timedelta(days=days))
    return rules.pk


@pytest.fixture
def rules(rules_of_module: int, db: None) -> Policy:
    return Policy.objects.get(pk=rules_of_module)


def tree(client: Client, path: str) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(client.get(path).content.decode())


def pager(client: Client, number: int, *, of: str = "house-rules") -> dict[str, str]:
    links = tree(client, f"/{of}/versions/{number}/").xpath("//nav[@aria-label='Other versions']/a")
    return {link.get("rel"): link.get("href") for link in links}


@pytest.mark.parametrize("path", ["/house-rules/", "/house-rules/versions/1/"])
def test_all_versions_stands_beside_the_tag_of_the_version(client: Client, rules: Policy, path: str) -> None:
    [beside] = tree(client, path).xpath("//strong[contains(@class, 'tag')]/..")
    assert beside.xpath("./a/@href") == ["/house-rules/versions/"]


def test_a_version_leads_to_the_one_before_and_the_one_after(client: Client, rules: Policy) -> None:
    assert pager(client, 2) == {"prev": "/house-rules/versions/1/", "next": "/house-rules/versions/3/"}
    assert pager(client, 1) == {"next": "/house-rules/versions/2/"}
    assert pager(client, 4) == {"prev": "/house-rules/versions/3/"}


def test_the_text_in_force_leads_there_too_from_its_end(client: Client, rules: Policy) -> None:
    for path in ("/house-rules/", "/house-rules/versions/3/"):
        links = tree(client, path).xpath("//article/following::nav[@aria-label='Other versions']/a")
        assert [link.get("href") for link in links] == [
            "/house-rules/versions/2/",
            "/house-rules/versions/4/",
        ]


def test_a_withdrawn_version_is_passed_over(client: Client, rules: Policy) -> None:
    withdraw(rules.versions.get(number=4))
    assert pager(client, 3) == {"prev": "/house-rules/versions/2/"}


def test_the_only_version_leads_to_no_other(client: Client) -> None:
    version(policy("other-rules"), at=NOW - timedelta(days=1))
    assert pager(client, 1, of="other-rules") == {}


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


def test_only_days_with_a_change_have_a_page_and_the_others_lead_to_the_version(
    client: Client, rules: Policy
) -> None:
    # 8 February, 18 February, 28 February; announced for 9 April.
    for day, number in (
        ("2026-02-09", 1),
        ("2026-02-17", 1),
        ("2026-03-09", 3),
        ("2026-03-10", 3),
        ("2026-04-08", 3),
        ("2026-04-10", 4),
        ("9998-12-31", 4),
    ):
        response = client.get(f"/house-rules/on/{day}/")
        assert response.status_code == 302, day
        assert response["Location"] == f"/house-rules/versions/{number}/", day
    for day, words in (
        ("2026-02-08", "version 1 was in force"),
        ("2026-02-18", "version 2 was in force"),
        ("2026-04-09", "version 4 will be in force"),
    ):
        response = client.get(f"/house-rules/on/{day}/")
        assert response.status_code == 200, day
        assert words in response.content.decode(), day


def test_a_day_with_a_change_that_was_withdrawn_leads_to_the_version_that_will_hold(
    client: Client, rules: Policy
) -> None:
    withdraw(rules.versions.get(number=4))
    for day in ("2026-04-09", "2026-04-10"):
        assert client.get(f"/house-rules/on/{day}/")["Location"] == "/house-rules/versions/3/"


@pytest.mark.parametrize(
    ("odd", "canonical"),
    [
        ("versions/007/", "versions/7/"),
        ("versions/02/record.json", "versions/2/record.json"),
        ("versions/0002/record.json.sha256", "versions/2/record.json.sha256"),
        ("versions/02/proof.json", "versions/2/proof.json"),
        ("compare/01/2/", "compare/1/2/"),
        ("compare/1/002/list/", "compare/1/2/list/"),
        ("on/2026-2-08/", "on/2026-02-08/"),
        ("on/2026-02-8/", "on/2026-02-08/"),
        ("on/2026-2-8/", "on/2026-02-08/"),
        ("versions/?page=1", "versions/"),
        ("versions/?page=01", "versions/"),
        ("versions/?page=%2B1", "versions/"),
        ("versions/?page=%EF%BC%91", "versions/"),
        ("versions/?page=9&page=1&a=b", "versions/"),
    ],
)
def test_another_spelling_of_a_number_or_a_day_leads_to_the_canonical_one(
    client: Client, rules: Policy, odd: str, canonical: str
) -> None:
    for method in (client.get, client.head):
        response = method(f"/house-rules/{odd}")
        assert (response.status_code, response["Location"]) == (301, f"/house-rules/{canonical}")


def test_a_slug_of_digits_is_no_number(client: Client) -> None:
    version(policy("007"), at=NOW - timedelta(days=1))
    assert client.get("/007/").status_code == 200
    assert client.get("/007/versions/1/").status_code == 200
    assert client.get("/007/versions/01/")["Location"] == "/007/versions/1/"


@pytest.mark.parametrize("page", ["0", "2", "-1", "x", "1.0", "9" * 30])
def test_a_made_up_page_of_the_list_is_not_found(client: Client, rules: Policy, page: str) -> None:
    assert client.get("/house-rules/versions/", {"page": page}).status_code == 404
