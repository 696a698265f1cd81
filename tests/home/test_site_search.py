"""The search of the site: finds what anybody can see by the beginnings of words, and what is misspelt."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page, PageViewRestriction

from home.models import ContentPage
from home.page_cache import tokens
from home.search import site
from home.search.site import SearchQuery, best, find_pages
from policies.models import PolicyPage
from tests.factories import home_page, policy_page, publish

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture(scope="module")
def _pages(database_of_module: None) -> None:
    page("About travel")
    page("Delivery", intro="How parcels travel.", search_description="By post, to your door.")
    page("Café opening hours", body=[("paragraph", "<p>Cake on <b>Sundays</b>.</p>")])
    page("Delivery abroad")


@pytest.fixture(autouse=True)
def pages(_pages: None, db: None) -> None:
    tokens.reset()


def page(title: str, **fields: Any) -> ContentPage:
    made: ContentPage = home_page().add_child(
        instance=ContentPage(title=title, slug=f"page-{len(title)}", live=False, **fields)
    )
    made.save_revision().publish()
    return made


def found(words: str) -> list[str]:
    shown, _comes_close = best(SearchQuery.typed(words), lambda asked: [*filter(None, [find_pages(asked)])])
    titles = re.findall(r'<a href="/page-\d+/">([^<]+)</a>', "".join(one.markup for one in shown))
    assert sum(one.number for one in shown) == len(titles)
    return titles


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("DELIV", ["Delivery abroad", "Delivery"]),
        ("abr del", ["Delivery abroad"]),
        ("sundays", ["Café opening hours"]),
        ("parcel", ["Delivery"]),
        ("travel", ["About travel", "Delivery"]),  # older, but called so
        ("dleivery abroad", ["Delivery abroad"]),
        ("cafe", ["Café opening hours"]),
        ("Cafè", ["Café opening hours"]),
        ("abroad nonsense", ["Delivery abroad"]),
        ("elivery abrod", ["Delivery abroad"]),
        ("zzzzzz yyyyyy dleivery", ["Delivery abroad", "Delivery"]),
        ("zzzzzz yyyyyy xxxxxx dleivery", []),  # each is compared with all words: three at most
        ("elephant", []),
    ],
)
@pytest.mark.every_case
def test_pages_are_found_by_beginnings_of_words_and_by_what_comes_close(
    words: str, titles: list[str]
) -> None:
    assert found(words) == titles


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("sundays", "1 result for “<bdi>sundays</bdi>”"),
        ("deliv", "2 results for “<bdi>deliv</bdi>”"),
        ("elephant", "Nothing found for “<bdi>elephant</bdi>”"),
        ("travel<>", "2 results for “<bdi>travel&lt;&gt;</bdi>”"),
    ],
)
def test_it_is_told_how_many_results_there_are(client: Client, words: str, told: str) -> None:
    text = client.get("/search/", {"q": words}).content.decode()
    assert told in text
    assert text.count("<bdi>") == 1


def test_a_number_of_results_that_is_cut_off_is_told_to_be(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "MOST_FOUND", 2)
    assert "2 or more results for" in client.get("/search/", {"q": "deliv"}).content.decode()


def test_a_policy_is_found_by_its_words() -> None:
    rules = publish(policy_page(body="<p>Kangaroos are <b>welcome</b>.</p>")).policy.pages.get()
    assert site.find(SearchQuery.typed("welcome kangaroo"), PolicyPage) == [rules.pk]


def test_what_only_comes_close_is_said_to(client: Client) -> None:
    text = client.get("/search/", {"q": "dleivery"}).content.decode()
    assert "Nothing is called “<bdi>dleivery</bdi>”</h1>" in " ".join(text.split()).replace(" </h1>", "</h1>")
    assert "This comes close." in text
    assert "This comes close" not in client.get("/search/", {"q": "deliv"}).content.decode()


def test_what_not_everybody_can_see_is_not_found_and_gives_no_words() -> None:
    Page.objects.get(pk=page("Delivery of secrets").pk).unpublish()
    hidden = page("Delivery for staff only")
    PageViewRestriction.objects.create(page=hidden, restriction_type="login")
    assert found("delivery") == ["Delivery abroad", "Delivery"]
    assert not {"secrets", "staff"} & site._known_words().keys()


def test_the_index_is_asked_once_and_not_for_each_page() -> None:
    with CaptureQueriesContext(connection) as asked:
        found("delivery")
    search = next(query["sql"] for query in asked if "indexentry" in query["sql"])
    explain, each_page = {
        "postgresql": ("EXPLAIN", "SubPlan"),
        "sqlite": ("EXPLAIN QUERY PLAN", "VIRTUAL TABLE INDEX 0:="),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {search}")
        plan = str(cursor.fetchall())
    assert "wagtailcore_page" in plan
    assert each_page not in plan


ODD = (
    *('"', "'", "* NEAR(", "AND OR NOT", "-bb", "title:xx", "^ {xx} : yy", "& | ! <->", "\\ % '; --", "xx:*"),
    *("\U0001f600", "\u202egnp\u202c", "\ufffd", "ﷺ²", "a" * 10_000, "éa" * 300),
)


@pytest.mark.parametrize("words", ODD)
@pytest.mark.every_case
def test_what_is_syntax_elsewhere_is_plain_text_here(words: str) -> None:
    assert found(f"elephant {words}") == []
    assert found(words) == []


@pytest.mark.parametrize("query", ["q=%ED%A0%80%ff", "q=%E2%80%AE%3Cq%3E%22", "q=x&q=zz"])
def test_what_is_no_word_is_printed_as_it_was_typed(client: Client, query: str) -> None:
    response = client.get(f"/search/?{query}")
    assert response.status_code == 200
    assert "Nothing found for “<bdi>" in response.content.decode()
    assert "<q>" not in response.content.decode()


def test_nul_is_refused(client: Client) -> None:
    assert client.get("/search/?q=a%00").status_code == 400


@pytest.mark.also_without_shop
def test_without_words_there_is_the_form_and_no_copy_of_the_page_is_kept(client: Client) -> None:
    response = client.get("/search/")
    text = response.content.decode()
    assert 'name="q" value=""' in text
    assert "Nothing found" not in text
    assert '<meta name="robots" content="noindex">' in text
    assert "no-store" in response.headers["Cache-Control"]
    assert 'href="/search/"' in client.get("/").content.decode()


def test_too_many_searches_are_told_to_wait(client: Client) -> None:
    for _ in range(site.SEARCHES.most):
        site.SEARCHES.take("127.0.0.1")
    response = client.get("/search/", {"q": "delivery"})
    assert (response.status_code, "Retry-After" in response.headers) == (429, True)
    assert "too many searches" in response.content.decode()
    assert client.get("/search/").status_code == 200  # no search
