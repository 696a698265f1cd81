"""The three ways to see a comparison: in one text with what did not change folded, side by side, and as a list."""

import re
from datetime import UTC, datetime, timedelta

import lxml.html
import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from policies.models import Policy
from policies.redline import cached_comparison
from policies.versions import views
from tests.factories import policy, version, withdraw
from tests.policies.verifying import sql

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SAME = "".join(f"<p>Paragraph {number}.</p>" for number in range(12))
IN_ONE = "/house-rules/compare/1/2/"
SIDE_BY_SIDE = "/house-rules/compare/1/2/side-by-side/"
AS_A_LIST = "/house-rules/compare/1/2/list/"


@pytest.fixture
def rules() -> Policy:
    """Two versions that differ at both ends of a long text."""
    rules = policy()
    version(rules, html=f"<h2>Start</h2><p>Be kind.</p>{SAME}<p>Old end.</p>", at=NOON)
    version(rules, html=f"<h2>Start</h2><p>Be very kind.</p>{SAME}<p>New end.</p>", at=NOON + timedelta(1))
    return rules


def page(client: Client, url: str) -> lxml.html.HtmlElement:
    response = client.get(url)
    assert response.status_code == 200
    return lxml.html.fromstring(response.content.decode())


def test_a_comparison_is_made_once_and_kept_apart_from_the_pages(
    client: Client, rules: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(client, IN_ONE)
    monkeypatch.setattr(cached_comparison, "compare", None)  # whoever compares again fails
    caches["default"].clear()
    page(client, SIDE_BY_SIDE)


@pytest.mark.also_without_shop
def test_what_a_record_said_while_it_was_changed_past_the_site_is_not_kept(
    client: Client, rules: Policy
) -> None:
    record = rules.versions.get(number=2).record
    for stored in (record.replace("very", "never"), record):
        sql("UPDATE policies_policyversion SET record = %s WHERE number = 2", stored)
        caches["default"].clear()  # whole pages
        shown = page(client, AS_A_LIST).text_content()

    assert "never" not in shown
    assert "Added: “very”" in shown


@pytest.mark.parametrize("url", [IN_ONE, SIDE_BY_SIDE])
def test_unchanged_paragraphs_are_folded_and_counted(client: Client, rules: Policy, url: str) -> None:
    (fold,) = page(client, url).find_class("fold")

    assert fold.tag == "details"
    assert fold.get("open") is None
    assert fold.find("summary").text_content() == "10 unchanged paragraphs"
    assert "Paragraph 1." in fold.text_content()
    assert "Paragraph 0." not in fold.text_content()


@pytest.mark.parametrize("url", [IN_ONE, SIDE_BY_SIDE])
def test_the_list_leads_to_changes_that_are_open(client: Client, rules: Policy, url: str) -> None:
    shown = page(client, url)

    targets = [href.removeprefix("#") for href in shown.xpath("//*[@id='_changes']//a/@href")]
    assert len(targets) == 2
    for target in targets:
        (mark,) = shown.xpath(f"//*[@id='{target}']")
        assert not any(parent.tag == "details" for parent in mark.iterancestors())


@pytest.mark.parametrize("here", [IN_ONE, SIDE_BY_SIDE, AS_A_LIST])
def test_each_way_leads_to_the_others_and_marks_itself(client: Client, rules: Policy, here: str) -> None:
    ways = {
        link.get("href"): link.get("aria-current")
        for link in page(client, here).find_class("compare-views")[0].iter("a")
    }
    assert ways == {way: "page" if way == here else None for way in (IN_ONE, SIDE_BY_SIDE, AS_A_LIST)}


def test_side_by_side_is_a_table_with_a_column_for_each_version(client: Client, rules: Policy) -> None:
    (table,) = page(client, SIDE_BY_SIDE).find_class("side-by-side")

    assert [re.sub(r",.*", "", head.text_content()) for head in table.iter("th")] == [
        "Version 1",
        "Version 2",
    ]
    assert {head.get("scope") for head in table.iter("th")} == {"col"}
    old, new = table.find_class("side-by-side__changed")[0].findall("td")
    assert list(old.iter("ins")) == []
    assert list(new.iter("del")) == []
    assert "very" not in old.text_content()
    assert "very" in new.text_content()
    assert (old.get("data-label"), new.get("data-label")) == ("Version 1", "Version 2")


@pytest.mark.also_without_shop
def test_a_column_says_where_a_text_has_nothing(client: Client) -> None:
    rules = policy()
    version(rules, html="<p>One.</p>", at=NOON)
    version(rules, html="<p>One.</p><p>Quite another.</p>", at=NOON + timedelta(1))

    old, new = page(client, SIDE_BY_SIDE).find_class("side-by-side__changed")[0].findall("td")

    assert old.text_content().strip() == "Not in this version."
    assert "Quite another." in new.text_content()


def test_an_unknown_way_to_compare_is_not_found(client: Client, rules: Policy) -> None:
    assert client.get("/house-rules/compare/1/2/upside-down/").status_code == 404


def test_as_a_list_every_change_is_a_sentence_under_its_section(client: Client, rules: Policy) -> None:
    (shown,) = page(client, AS_A_LIST).find_class("change-list")

    assert [
        (head.text, [item.text_content() for item in section.iter("li")])
        for section in shown
        for head in section.iter("h2")
    ] == [
        (
            "Section “Start”",
            ["Added: “very”, in “Be very kind.”", "Changed: “Old” became “New”, in “New end.”"],
        )
    ]


@pytest.mark.parametrize("url", [IN_ONE, SIDE_BY_SIDE])
def test_the_list_of_changes_counts_them_by_section(client: Client, rules: Policy, url: str) -> None:
    (head,) = page(client, url).find_class("toc__section")

    assert " ".join(head.text_content().split()) == "Section “Start” 2 changes"


@pytest.mark.parametrize("url", [IN_ONE, SIDE_BY_SIDE, AS_A_LIST])
def test_equal_texts_are_said_to_be_equal(client: Client, url: str) -> None:
    rules = policy()
    version(rules, at=NOON)
    version(rules, at=NOON + timedelta(1), facts={"company": {"name": "Jomso"}})

    text = page(client, url).text_content()
    assert "The two texts say the same, word for word." in text
    assert "name: “Jomso” added" in text


@pytest.mark.also_without_shop
@pytest.mark.parametrize(
    ("url", "said"),
    [
        (IN_ONE, "[removed: House rules end of removed text] [added: Our rules end of added text]"),
        (SIDE_BY_SIDE, "[removed: House rules end of removed text] [added: Our rules end of added text]"),
        (AS_A_LIST, "The title: “House rules” became “Our rules”."),
    ],
)
def test_a_changed_title_is_told_in_words(client: Client, url: str, said: str) -> None:
    rules = policy()
    version(rules, at=NOON)
    version(rules, at=NOON + timedelta(1), title="Our rules")

    assert said in " ".join(page(client, url).text_content().split())


@pytest.mark.also_without_shop
@pytest.mark.parametrize("url", [IN_ONE, SIDE_BY_SIDE, AS_A_LIST])
def test_every_way_offers_two_other_versions(client: Client, rules: Policy, url: str) -> None:
    (form,) = page(client, url).find_class("compare-form")

    assert [(field.get("name"), field.value) for field in form.iter("select")] == [("old", "1"), ("new", "2")]
    assert [option.text for option in form.find(".//select").iter("option")] == [
        "Version 2, 11 Mar 2026",
        "Version 1, 10 Mar 2026",
    ]


@pytest.mark.parametrize("url", ["/house-rules/versions/", IN_ONE])
def test_of_more_versions_than_a_list_can_offer_the_numbers_are_typed(
    client: Client, rules: Policy, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(views, "MOST_OFFERED", 1)
    (form,) = page(client, url).find_class("compare-form")[-1:]
    assert form.findall(".//select") == []
    fields = {field.get("name"): field.get("value") for field in form.iter("input")}
    assert fields == {"old": "1", "new": "2"}


@pytest.mark.parametrize(
    ("url", "way"), [(IN_ONE, None), (SIDE_BY_SIDE, "side-by-side"), (AS_A_LIST, "list")]
)
def test_the_form_leads_to_the_same_way_to_compare(
    client: Client, rules: Policy, url: str, way: str | None
) -> None:
    fields = page(client, url).find_class("compare-form")[0].findall(".//input")
    assert [field.value for field in fields] == ([way] if way else [])

    response = client.get("/house-rules/compare/", {"old": "1", "new": "2", "way": way or ""})
    assert response.headers["Location"] == url


def test_a_way_that_is_not_there_leads_to_the_comparison_in_one_text(client: Client, rules: Policy) -> None:
    response = client.get("/house-rules/compare/", {"old": "1", "new": "2", "way": "//elsewhere"})
    assert response.headers["Location"] == IN_ONE


@pytest.mark.both_databases
def test_the_queries_do_not_grow_with_the_versions(client: Client, rules: Policy) -> None:
    counts = []
    page(client, IN_ONE)  # whatever is read once only
    for more in (0, 8):
        for number in range(more):
            version(rules, html=f"<p>Text {number}.</p>", at=NOON + timedelta(2 + number))
        caches["default"].clear()
        with CaptureQueriesContext(connection) as queries:
            page(client, IN_ONE)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_version_beside_itself_leads_to_the_version(client: Client, rules: Policy) -> None:
    response = client.get("/house-rules/compare/2/2/side-by-side/")
    assert response.headers["Location"] == "/house-rules/versions/2/"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (1, 2, ["Version 2: Second."]),
        (1, 4, ["Version 2: Second.", "Version 4: Fourth."]),
        (2, 3, []),
        (2, 1, []),
        (4, 1, []),
        (1, 5, []),  # 5 was withdrawn: what it changed, it changed against none of those that held
    ],
)
@pytest.mark.parametrize("way", ["", "side-by-side/", "list/"])
def test_what_changed_is_told_of_each_version_between(
    client: Client, old: int, new: int, told: list[str], way: str
) -> None:
    rules = policy()
    for day, summary in enumerate(["First.", "Second.", "", "Fourth.", "Fifth."]):
        version(rules, html=f"<p>{day}</p>", at=NOON + timedelta(day), change_summary=summary)
    withdraw(rules.versions.get(number=5))

    shown = page(client, f"/house-rules/compare/{old}/{new}/{way}")
    assert [line.text_content() for line in shown.xpath("//*[@aria-labelledby='_what-changed']/p")] == told
    assert len(shown.xpath("//h2[.='What changed']")) == bool(told)
