"""A page is kept for each value of the parameters that it reads, and for nothing else in a query string."""

import json

import pytest
from django.http import HttpRequest, HttpResponse

from config.wsgi import application
from home.models import ContentPage
from tests.home.page_cache.asking import get, is_kept

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def _read(*names: str) -> object:
    def read(response: HttpResponse, request: HttpRequest) -> None:
        response.context_data["page"].intro = " ".join(str(request.GET.getlist(name)) for name in names)

    return read


def test_a_page_is_kept_for_each_value_of_what_it_reads_and_only_that(
    about: ContentPage, changing_answers: list
) -> None:
    changing_answers.append(_read("colour"))
    for query, shown in (
        ("", b"[]"),
        ("?colour=red", b"red"),
        ("?colour=", b"[&#x27;&#x27;]"),
        ("?colour=red&colour=blue", b"blue"),
        ("?Colour=green", b"[]"),
        ("?x=1&colour=blue", b"blue"),
    ):
        assert shown in get(f"/about/{query}").body, query
        hits = application.hits
        assert shown in get(f"/about/{query}").body, query
        assert application.hits == hits + 1, query
    hits = application.hits
    assert b"red" in get("/about/?utm=2&colour=red&size=9").body
    assert application.hits == hits + 1


def test_a_parameter_that_only_some_renderings_read_counts_for_all(
    about: ContentPage, changing_answers: list
) -> None:
    def read(response: HttpResponse, request: HttpRequest) -> None:
        more = request.GET.get("more") and request.GET.get("which", "none")
        response.context_data["page"].intro = f"<{more}>"

    changing_answers.append(read)
    for query, shown in (
        ("?which=a", b"None"),
        ("?more=1&which=a", b"a"),
        ("?more=1&which=b", b"b"),
        ("?more=1", b"none"),
        ("?which=b", b"None"),
    ):
        for _ in range(2):
            assert b"&lt;" + shown + b"&gt;" in get(f"/about/{query}").body, query


@pytest.mark.parametrize(
    "read",
    [
        list,
        len,
        bool,
        dict,
        lambda query: query.copy(),
        lambda query: query.dict(),
        lambda query: query.urlencode(),
        lambda query: [*query.items()],
        lambda query: [*query.keys()],
        lambda query: [*query.values()],
        lambda query: [*query.lists()],
        lambda query: {**query},
        lambda query: query == {},
        str,
        lambda query: json.dumps(query.dict()),
    ],
)
def test_a_page_that_reads_the_whole_query_is_kept_without_one_only(
    about: ContentPage, changing_answers: list, read: object
) -> None:
    changing_answers.append(lambda response, request: read(request.GET))
    assert not is_kept("/about/?a=1", about)
    ContentPage.objects.update(intro="First words")
    assert is_kept("/about/", about)
    assert b"First words" not in get("/about/?a=1").body
