"""What visitors find below a policy's URL, and what they get where there is nothing."""

import hashlib
import re
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test import Client

from home.models import ContentPage
from policies.models import Policy
from tests.factories import home_page, policy, policy_page, publish, version, withdraw
from tests.policies.public_pages import DAY, NOW, PATHS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


@pytest.fixture(scope="module")
def rules_of_module(database_of_module: None) -> int:
    """Three versions: past, in force, coming."""
    with time_machine.travel(NOW):
        rules = policy()
        version(
            rules,
            html="<h2 id='a'>Part</h2><p>Be kind.</p>",
            at=NOW - 60 * DAY,
            change_summary="The first words.",
        )
        version(rules, html="<p>Be very kind.</p>", at=NOW - 30 * DAY, change_summary="Stricter now.")
        version(rules, html="<p>Be kindest.</p>", at=NOW + 30 * DAY, change_summary="Strictest soon.")
    return rules.pk


@pytest.fixture
def rules(rules_of_module: int, db: None) -> Policy:
    return Policy.objects.get(pk=rules_of_module)


def page(client: Client, path: str, *, status: int = 200) -> str:
    response = client.get(f"/house-rules/{path}")
    assert response.status_code == status
    return response.content.decode()


def test_the_policy_shows_the_version_in_force_and_announces_the_next(client: Client, rules: Policy) -> None:
    shown = page(client, "")

    assert "<p>Be very kind.</p>" in shown
    assert "<p>Be kindest.</p>" not in shown
    assert "Stricter now." in shown
    assert "Strictest soon." in shown
    assert 'href="/house-rules/compare/1/2/"' in shown
    assert 'href="/house-rules/compare/2/3/"' in shown


def test_before_the_first_takes_effect_the_policy_shows_it_labelled(client: Client) -> None:
    version(policy(), at=NOW + DAY)

    shown = page(client, "")

    assert "Be kind." in shown
    assert "not in force yet" in shown


def test_a_policy_whose_only_version_was_withdrawn_is_not_found(client: Client) -> None:
    withdraw(version(policy(), at=NOW + DAY))

    page(client, "", status=404)
    assert "Withdrawn" in page(client, "versions/")


def test_the_list_has_all_versions_with_dates_and_summaries(client: Client, rules: Policy) -> None:
    shown = page(client, "versions/")

    for words in ("The first words.", "Stricter now.", "Strictest soon.", "Past", "In force", "Coming"):
        assert words in shown
    assert shown.index("Version 3") < shown.index("Version 2") < shown.index("Version 1")


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "This version no longer applies."), (3, "This version is not in force yet.")],
)
def test_a_version_says_where_it_stands(client: Client, rules: Policy, number: int, words: str) -> None:
    assert words in page(client, f"versions/{number}/")
    assert words not in page(client, "versions/2/")


def test_another_version_is_compared_with_that_in_force_in_the_order_in_which_they_hold(
    client: Client, rules: Policy
) -> None:
    for number, compared in ((1, "1/2"), (3, "2/3")):
        assert f'href="/house-rules/compare/{compared}/">See every changed word' in page(
            client, f"versions/{number}/"
        )


def test_a_withdrawn_version_stays_readable_and_says_so(client: Client, rules: Policy) -> None:
    withdraw(rules.versions.get(number=3))

    shown = page(client, "versions/3/")

    assert "Be kindest." in shown
    assert "never applied" in shown
    assert "Strictest soon." not in page(client, "")


def test_the_comparison_marks_every_changed_word(client: Client, rules: Policy) -> None:
    shown = page(client, "compare/2/3/")

    assert "<del" in shown
    assert "Strictest soon." in shown
    assert 'href="#change-1"' in shown
    assert 'id="change-1"' in shown


def test_a_version_compared_with_itself_leads_to_the_version(client: Client, rules: Policy) -> None:
    assert client.get("/house-rules/compare/2/2/").headers["Location"] == "/house-rules/versions/2/"
    page(client, "compare/9/9/", status=404)


def test_a_comparison_of_titles_and_facts_is_not_called_equal_without_naming_them(client: Client) -> None:
    rules = policy()
    long = "We count visits, " * 20
    version(rules, at=NOW - 2 * DAY, title="Old title", facts={"notice": {"text": f"{long}a"}})
    version(rules, at=NOW - DAY, title="New title", facts={"notice": {"text": f"{long}b"}})

    shown = page(client, "compare/1/2/")

    assert re.search(r"<del><span[^>]*> \[removed: </span>Old title<", shown)
    assert "Words of the consent bar" in shown
    assert f"“{long}a” became “{long}b”" in shown
    assert "Apart from the title" in shown


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "Version 2, from 8 Feb 2026: Be very kind."),
        ("versions/1/", "Part Be kind."),
        ("versions/", "every version"),
        ("compare/1/2/", "version 1 and version 2"),
    ],
)
def test_search_engines_are_given_a_description(client: Client, rules: Policy, path: str, words: str) -> None:
    description = page(client, path).partition('<meta name="description" content="')[2].partition('">')[0]
    assert words in description


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-02-07", "Be kind."),
        ("2026-02-08", "Be very kind."),  # the day it took effect, at noon
        ("2026-03-09", "Be very kind."),
        ("2026-04-09", "Be kindest."),
    ],
)
def test_any_day_shows_what_held_at_its_end(client: Client, rules: Policy, day: str, words: str) -> None:
    assert f"<p>{words}</p>" in client.get(f"/house-rules/on/{day}/", follow=True).content.decode()


def test_a_day_with_two_versions_names_the_other(client: Client, rules: Policy) -> None:
    assert 'href="/house-rules/versions/1/"' in page(client, "on/2026-02-08/")
    page(client, "on/2026-02-09/", status=302)


def test_a_day_to_come_is_labelled(client: Client, rules: Policy) -> None:
    assert "As far as is known today, version 3 will be in force" in page(client, "on/2026-04-09/")
    assert "As far as is known today" not in page(client, "on/2026-02-08/")
    page(client, "on/9999-12-31/", status=302)


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_a_day_before_the_first_version_is_not_found_and_says_so(client: Client, rules: Policy) -> None:
    shown = page(client, "on/2025-12-31/", status=404)

    assert "Nothing was in force yet" in shown
    assert 'href="/house-rules/versions/1/"' in shown
    assert "Version 1, the first, in force from 9 Jan 2026" in shown
    assert "bundles/policies.css" in shown


@pytest.mark.parametrize(
    "path",
    [
        "on/2026-02-30/",
        "on/20260310/",
        "on/2026-W10-2/",
        "on/0001-01-01/",
        "on/today/",
        "versions/0/",
        "versions/4/",
        "versions/99999999999999999999999999/",
        "versions/-1/",
        "versions/x/",
        "versions/9/record.json",
        "compare/1/9/",
        "compare/1/9/side-by-side/",
        "compare/1/99999999999999999999999999/",
        "nothing/",
    ],
)
def test_what_does_not_exist_is_not_found(client: Client, rules: Policy, path: str) -> None:
    page(client, path, status=404)


@pytest.mark.also_without_shop
def test_the_record_is_handed_out_byte_for_byte_with_its_hash(client: Client, rules: Policy) -> None:
    stored = rules.versions.get(number=2)

    record = client.get("/house-rules/versions/2/record.json")
    line = client.get("/house-rules/versions/2/record.json.sha256")

    assert record.content == stored.record.encode()
    assert record.headers["Content-Type"] == "application/json; charset=utf-8"
    assert line.content.decode() == f"{hashlib.sha256(record.content).hexdigest()}  record.json\n"
    assert stored.sha256 in page(client, "versions/2/")


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_the_same_for_all_and_may_be_cached(client: Client, rules: Policy, path: str) -> None:
    response = client.get(f"/house-rules/{path}")

    assert response.status_code == 200
    assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")
    assert "s-maxage" in response.headers["Cache-Control"]
    assert b"csrf" not in response.content


@pytest.mark.parametrize("path", ["", "versions/1/"])
def test_a_policy_page_takes_no_post(client: Client, rules: Policy, path: str) -> None:
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert client.post(f"/house-rules/{path}", headers=headers).status_code == 405


def test_other_pages_keep_their_urls(client: Client, rules: Policy) -> None:
    about = home_page().add_child(instance=ContentPage(title="About us", slug="about"))
    about.add_child(instance=ContentPage(title="Our versions", slug="versions"))
    home_page().add_child(instance=ContentPage(title="Über uns", slug="über-uns"))

    assert "About us" in client.get("/about/").content.decode()
    assert "Our versions" in client.get("/about/versions/").content.decode()
    assert client.get("/über-uns/").status_code == 200
    assert client.get("/about/versions/1/").status_code == 404


def test_a_policy_without_versions_has_no_url(client: Client) -> None:
    policy()

    for path in PATHS:
        page(client, path, status=404)


def test_on_paper_a_version_names_its_hash_and_its_url(client: Client, rules: Policy) -> None:
    stored = rules.versions.get(number=2)

    printed = page(client, "").partition('class="print-only"')[2]

    assert stored.sha256 in printed
    assert "/house-rules/versions/2/" in printed


def test_a_version_without_a_summary_still_leads_to_its_changes(client: Client) -> None:
    rules = policy()
    version(rules, html="<p>a</p>", at=NOW - 2 * DAY, change_summary="")
    version(rules, html="<p>b</p>", at=NOW - DAY, change_summary="")

    assert 'href="/house-rules/compare/1/2/"' in page(client, "")


def test_a_script_in_a_stored_text_is_not_served(client: Client) -> None:
    made = version(policy("house-rules"), html="<p>Be kind.</p>")
    record = made.record.replace("<p>Be kind.</p>", "<p>Be kind.<script>alert(1)</script></p>")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policies_policyversion SET record = %s", [record])
    page = client.get("/house-rules/").content.decode()
    assert "Be kind." in page
    assert "alert(1)" not in page


def test_visitors_read_beside_the_text_whether_its_meaning_changed(client: Client) -> None:
    page = policy_page()
    publish(page)
    publish(page, body="<p>Be kinder.</p>")
    publish(page, body="<p>Be kind, please.</p>", kind="editorial")
    for number, said in ((1, []), (2, ["The meaning changed"]), (3, ["Wording only"])):
        shown = client.get(f"/house-rules/versions/{number}/").content.decode()
        assert [words for words in ("The meaning changed", "Wording only") if words in shown] == said
    assert "Wording only" in client.get("/house-rules/").content.decode()


def test_visitors_read_of_an_announced_version_whether_the_meaning_changes(client: Client) -> None:
    page = policy_page()
    publish(page)
    publish(page, body="<p>Be wise.</p>", effective_from=NOW + 9 * DAY)
    assert "The meaning changed" in client.get("/house-rules/").content.decode()
