"""The two ways to see a comparison: in one text with what did not change folded, and side by side."""

import re
from datetime import UTC, datetime, timedelta

import lxml.html
import pytest
from django.core.cache import caches
from django.test import Client

from policies.models import Policy
from policies.redline import versions
from tests.factories import policy, version

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SAME = "".join(f"<p>Paragraph {number}.</p>" for number in range(12))
IN_ONE = "/house-rules/compare/1/2/"
SIDE_BY_SIDE = "/house-rules/compare/1/2/side-by-side/"


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
    monkeypatch.setattr(versions, "compare", None)  # whoever compares again fails
    caches["default"].clear()
    page(client, SIDE_BY_SIDE)


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


def test_each_way_leads_to_the_other_and_marks_itself(client: Client, rules: Policy) -> None:
    for here, there in ((IN_ONE, SIDE_BY_SIDE), (SIDE_BY_SIDE, IN_ONE)):
        ways = {
            link.get("href"): link.get("aria-current")
            for link in page(client, here).find_class("compare-views")[0].iter("a")
        }
        assert ways == {here: "page", there: None}


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


def test_a_column_says_where_a_text_has_nothing(client: Client) -> None:
    rules = policy()
    version(rules, html="<p>One.</p>", at=NOON)
    version(rules, html="<p>One.</p><p>Quite another.</p>", at=NOON + timedelta(1))

    old, new = page(client, SIDE_BY_SIDE).find_class("side-by-side__changed")[0].findall("td")

    assert old.text_content().strip() == "Not in this version."
    assert "Quite another." in new.text_content()


def test_a_version_beside_itself_leads_to_the_version(client: Client, rules: Policy) -> None:
    response = client.get("/house-rules/compare/2/2/side-by-side/")
    assert response.headers["Location"] == "/house-rules/versions/2/"
