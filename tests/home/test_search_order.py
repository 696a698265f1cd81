"""The search of pages and images in the admin: by relevance where few match, else the newest first."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from modelsearch.backends import get_search_backend

from home.models import ContentPage, HomePage, User
from home.search import backend

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

BEST, MIDDLE, NEWEST = "Lamp lamp lamp", "Lamp for a desk", "Lamp for a shelf"


@pytest.fixture(autouse=True)
def lamps(monkeypatch: pytest.MonkeyPatch) -> HomePage:
    monkeypatch.setattr(backend, "MOST_RANKED", 3)
    home = HomePage.objects.get()
    shelf = home.add_child(instance=ContentPage(title="Shelf", slug="shelf"))
    for number, title in enumerate((BEST, MIDDLE, NEWEST)):
        shelf.add_child(instance=ContentPage(title=title, slug=f"lamp-{number}"))
    return home


def chosen(query: str = "lamp") -> list[str]:
    """Return what the chooser of pages finds."""
    client = Client()
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    text = client.get("/admin/choose-page/search/", {"q": query}).content.decode()
    return list(dict.fromkeys(re.findall(r"Lamp[\w ]*\w", text)))


def test_few_matches_come_by_relevance() -> None:
    assert chosen()[0] == BEST


def test_many_matches_come_newest_first(lamps: HomePage) -> None:
    lamps.add_child(instance=ContentPage(title="Lamp four", slug="lamp-four"))
    assert chosen() == ["Lamp four", NEWEST, MIDDLE, BEST]


def test_what_is_left_by_a_filter_is_not_ranked_among_many(lamps: HomePage) -> None:
    lamps.add_child(instance=ContentPage(title="Lamp four", slug="lamp-four"))
    below_shelf = ContentPage.objects.filter(depth=4)
    with CaptureQueriesContext(connection) as queries:
        found = [page.title for page in below_shelf.search("lamp")]
    assert found == [NEWEST, MIDDLE, BEST]
    assert not re.search("bm25|ts_rank", queries[-1]["sql"])


def test_another_order_needs_no_further_query() -> None:
    index = get_search_backend()
    with CaptureQueriesContext(connection) as queries:
        found = index.autocomplete("lamp", ContentPage.objects.order_by("title"), order_by_relevance=False)
        assert [page.title for page in found] == [MIDDLE, NEWEST, BEST]
    assert len(queries) == 1


@pytest.mark.parametrize("query", ["nothing", '"', 'a"b', '" "', "%", "a" * 300])
def test_odd_words_find_nothing(query: str) -> None:
    assert chosen(query) == []


def test_few_matches_are_read_by_their_keys() -> None:
    few = sorted(ContentPage.objects.filter(title__startswith="Lamp").values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as queries:
        assert ContentPage.objects.live().search("lamp").count() == len(few) == 3
    keys = re.search(r"page_ptr_id\" IN \(([\d, ]+)\)", queries[-1]["sql"])
    assert keys
    assert sorted(map(int, keys[1].split(","))) == few


def test_the_worker_lets_sqlite_know_how_much_the_index_holds() -> None:
    backend.analyze()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT tbl FROM sqlite_stat1")
            assert cursor.fetchall() == [("wagtailsearch_indexentry",)]
