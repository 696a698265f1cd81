"""The list of versions comes in pages, and its form leads to the comparison of any two."""

from datetime import UTC, datetime, timedelta

import lxml.html
import pytest
from django.test import Client

from policies.models import Policy
from tests.factories import policy, version, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

BEGIN = datetime(2020, 1, 1, 12, tzinfo=UTC)
LIST = "/house-rules/versions/"
SHORT_LIST = "/short-rules/versions/"
CHOOSE = "/house-rules/compare/"


@pytest.fixture(scope="module")
def rules(database_of_module: None) -> Policy:
    """Sixty versions, a day apart."""
    rules = policy()
    for number in range(60):
        version(rules, html=f"<p>Text {number}.</p>", at=BEGIN + timedelta(days=number))
    return rules


def numbers(client: Client, address: str) -> list[int]:
    """The numbers of the versions that a page lists."""
    response = client.get(address)
    assert response.status_code == 200
    shown = lxml.html.fromstring(response.content.decode())
    return [int(head.text_content().split()[-1]) for head in shown.find_class("timeline")[0].iter("h2")]


def test_a_page_holds_fifty_versions_the_newest_first(client: Client, rules: Policy) -> None:
    assert numbers(client, LIST) == list(range(60, 10, -1))
    assert numbers(client, f"{LIST}?page=2") == list(range(10, 0, -1))


def test_a_stored_first_page_does_not_stand_in_for_the_second(client: Client, rules: Policy) -> None:
    for _again in range(2):
        assert numbers(client, LIST)[0] == 60
        assert numbers(client, f"{LIST}?page=2")[0] == 10


@pytest.mark.both_databases
def test_pages_lead_to_their_neighbours(client: Client, rules: Policy) -> None:
    assert 'rel="next" href="?page=2"' in client.get(LIST).content.decode()
    assert f'rel="prev" href="{LIST}"' in client.get(f"{LIST}?page=2").content.decode()


def test_one_page_has_no_links_to_others(client: Client) -> None:
    version(policy("short-rules"))
    assert "?page=" not in client.get(SHORT_LIST).content.decode()


@pytest.mark.parametrize("page", ["0", "3", "-1", "x", "1.5", "9" * 5000, "²"])
def test_a_page_that_is_not_there_is_not_found(client: Client, rules: Policy, page: str) -> None:
    assert client.get(LIST, {"page": page}).status_code == 404


def test_the_first_on_the_second_page_names_the_one_it_took_over_from(client: Client, rules: Policy) -> None:
    assert 'href="/house-rules/compare/10/11/"' in client.get(LIST).content.decode()


def test_only_one_of_all_pages_has_the_version_in_force(client: Client, rules: Policy) -> None:
    assert "timeline__now" in client.get(LIST).content.decode()
    assert "timeline__now" not in client.get(f"{LIST}?page=2").content.decode()


def test_a_withdrawn_version_took_over_from_none(client: Client) -> None:
    rules = policy("short-rules")
    version(rules, html="<p>a</p>", at=BEGIN)
    withdraw(version(rules, html="<p>b</p>", at=datetime.now(UTC) + timedelta(days=1)))

    shown = client.get(SHORT_LIST).content.decode()
    assert "/short-rules/versions/2/" in shown
    assert "/short-rules/compare/1/2/" not in shown
    assert "and never took effect" in shown


def test_the_form_leads_to_the_comparison(client: Client, rules: Policy) -> None:
    response = client.get(CHOOSE, {"old": "1", "new": " 3 "})

    assert response.status_code == 302
    assert response.headers["Location"] == "/house-rules/compare/1/3/"


def test_the_form_stands_on_the_list_and_needs_no_script(client: Client, rules: Policy) -> None:
    shown = lxml.html.fromstring(client.get(LIST).content.decode())

    (form,) = shown.xpath(f"//form[@action='{CHOOSE}']")
    assert form.get("method") == "get"
    fields = list(form.iter("select"))
    assert [(field.get("name"), field.value) for field in fields] == [("old", "59"), ("new", "60")]
    assert all(shown.xpath(f"//label[@for='{field.get('id')}']") for field in fields)
    assert [len(field) for field in fields] == [60, 60]
    assert fields[0][-1].text == "Version 1, 1 Jan 2020"


@pytest.mark.parametrize(
    "query",
    [
        {"old": "1", "new": "61"},
        {"old": "0", "new": "1"},
        {"old": "1"},
        {"old": "", "new": ""},
        {"old": "one", "new": "two"},
        {"old": "1", "new": "9" * 30},
        {"old": "x", "new": "//elsewhere"},
        {"old": "-1", "new": "1"},
        {"old": "1", "new": "²"},
        {"old": "61", "new": "61"},
    ],
)
def test_numbers_that_are_not_there_get_the_list_and_the_reason(
    client: Client, rules: Policy, query: dict[str, str]
) -> None:
    response = client.get(CHOOSE, query)

    assert response.status_code == 400
    assert 'role="alert">There is no version with this number.' in response.content.decode()
    assert "numbered from 1 to 60" in response.content.decode()


@pytest.mark.both_databases
def test_what_a_made_up_address_asks_for_is_not_shown_again(client: Client, rules: Policy) -> None:
    shown = client.get(CHOOSE, {"old": '"><script>', "new": "2", "way": '"><script>'}).content.decode()

    assert "<script>" not in shown.replace("<script type=", "")


def test_without_numbers_the_form_is_shown(client: Client, rules: Policy) -> None:
    assert client.get(CHOOSE).headers["Location"] == LIST


def test_one_version_is_compared_with_nothing(client: Client) -> None:
    version(policy("short-rules"))
    assert CHOOSE.replace("house", "short") not in client.get(SHORT_LIST).content.decode()


@pytest.mark.also_without_shop
@pytest.mark.parametrize(("others", "said"), [(0, "The only version is number 1."), (1, "from 1 to 2.")])
def test_a_version_that_is_not_there_is_explained(client: Client, others: int, said: str) -> None:
    rules = policy("short-rules")
    for number in range(1 + others):
        version(rules, html=f"<p>{number}</p>", at=BEGIN + timedelta(days=number))

    response = client.get("/short-rules/compare/", {"old": "9", "new": "1"})
    assert response.status_code == 400
    shown = lxml.html.fromstring(response.content.decode())
    (words,) = shown.xpath("//*[@role='alert']")
    assert "There is no version with this number." in words.text_content()
    assert said in words.text_content()


@pytest.fixture
def far_ahead() -> Policy:
    """The third version was published last, and is in force before the second, which is announced."""
    rules, now = policy("short-rules"), datetime.now(UTC)
    version(rules, html="<p>a</p>", at=BEGIN, change_kind="material")
    version(rules, html="<p>b</p>", at=now + timedelta(days=30), change_kind="material")
    version(rules, html="<p>c</p>", at=now - timedelta(days=1), change_kind="editorial")
    return rules


def test_versions_stand_in_the_order_in_which_they_take_effect(client: Client, far_ahead: Policy) -> None:
    assert numbers(client, SHORT_LIST) == [2, 3, 1]

    shown = lxml.html.fromstring(client.get(SHORT_LIST).content.decode())
    old, new = shown.iter("select")
    assert [option.get("value") for option in new] == ["2", "3", "1"]
    assert (old.value, new.value) == ("3", "2")


def test_the_screen_of_staff_has_the_same_order(admin_client: Client, far_ahead: Policy) -> None:
    html = admin_client.get(f"/admin/policies/inspect/{far_ahead.pk}/").content.decode()
    shown = lxml.html.fromstring(html)

    assert [row.text_content() for row in shown.xpath("//tbody//th/a")] == ["2", "3", "1"]
    assert shown.xpath("//select[@id='compare-new']/option/@value") == ["2", "3", "1"]
    assert shown.get_element_by_id("compare-old").value == "3"


def told(client: Client) -> list[str]:
    """What the list says of each version in the line of its tag."""
    shown = lxml.html.fromstring(client.get(SHORT_LIST).content.decode())
    return [" ".join(line.text_content().split()) for line in shown.xpath("//li//p[@class='policy-meta']")]


@pytest.mark.both_databases
def test_each_version_says_until_when_it_holds_and_all_but_the_first_what_they_changed(
    client: Client, far_ahead: Policy
) -> None:
    (second, third, first) = far_ahead.versions.order_by("-effective_at")
    day, ahead = third.effective_day, second.effective_day

    assert told(client) == [
        f"Coming from {ahead} The meaning changed",
        f"In force from {day} until {ahead} Wording only",
        f"Past from {first.effective_day} until {day}",
    ]


def test_a_withdrawn_version_says_what_it_would_have_changed(client: Client, far_ahead: Policy) -> None:
    withdraw(far_ahead.versions.get(number=2))

    assert told(client)[0].endswith("and never took effect The meaning changed")


def test_a_version_compared_with_itself_gets_a_word(client: Client, far_ahead: Policy) -> None:
    response = client.get("/short-rules/compare/", {"old": "2", "new": "2"})

    assert response.status_code == 400
    assert 'role="alert">A version is the same as itself. Choose two.' in response.content.decode()
