"""A page is kept for each value of the parameters that it reads, and for nothing else in a query string."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, QueryDict

from config.wsgi import application
from home.models import ContentPage
from home.page_cache import reads
from home.page_cache.reads import ALL
from tests.home.page_cache.asking import get, is_kept

pytestmark = pytest.mark.django_db


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


# Each way to read a query, and what it must note. Whatever else Django's class has changes it, or reads nothing.
WAYS_TO_READ: dict[str, tuple[Callable[[Any], object], str]] = {
    "__contains__": (lambda query: "a" in query, "a"),
    "__getitem__": (lambda query: query["a"], "a"),
    "get": (lambda query: query.get("a"), "a"),
    "getlist": (lambda query: query.getlist("a"), "a"),
    "_getlist": (lambda query: query._getlist("a"), "a"),
    "__copy__": (copy.copy, ALL),
    "__deepcopy__": (copy.deepcopy, ALL),
    "__eq__": (lambda query: query == {}, ALL),
    "__ne__": (lambda query: query != {}, ALL),
    "__format__": (lambda query: f"{query}", ALL),
    "__iter__": (list, ALL),
    "__len__": (len, ALL),
    "__or__": (lambda query: query | {}, ALL),
    "__ror__": (lambda query: {} | query, ALL),
    "__reduce_ex__": (pickle.dumps, ALL),
    "__repr__": (repr, ALL),
    "__reversed__": (lambda query: [*reversed(query)], ALL),
    "__str__": (str, ALL),
    "copy": (lambda query: query.copy(), ALL),
    "dict": (lambda query: query.dict(), ALL),
    "items": (lambda query: [*query.items()], ALL),
    "keys": (lambda query: [*query.keys()], ALL),
    "lists": (lambda query: [*query.lists()], ALL),
    "urlencode": (lambda query: query.urlencode(), ALL),
    "values": (lambda query: [*query.values()], ALL),
}
CHANGES_OR_READS_NOTHING = {
    *("__delitem__", "__ior__", "__setitem__", "__setstate__", "appendlist", "clear", "pop", "popitem"),
    *("setdefault", "setlist", "setlistdefault", "update", "_assert_mutable", "_mutable", "_encoding"),
    *("encoding", "fromkeys", "__class_getitem__", "__dict__", "__module__", "__weakref__"),
}


@pytest.mark.parametrize(("read", "noted"), WAYS_TO_READ.values(), ids=WAYS_TO_READ)
def test_each_way_to_read_a_query_is_noted(read: Callable[[Any], object], noted: str) -> None:
    request = HttpRequest()
    request.META["QUERY_STRING"] = "a=1&b=2"
    with reads.recorded(request) as found:
        read(request.GET)
    assert noted in found.parameters


def test_django_has_no_other_way_to_read_a_query() -> None:
    of_every_object = set(dir(object)) - {
        "__eq__",
        "__ne__",
        "__format__",
        "__reduce_ex__",
        "__repr__",
        "__str__",
    }
    assert set(dir(QueryDict)) - of_every_object == WAYS_TO_READ.keys() | CHANGES_OR_READS_NOTHING
