"""A kept page answers each client: in an encoding that it takes, with 304 and to HEAD."""

import gzip

import brotli
import pytest

from home.models import ContentPage
from tests.home.page_cache.asking import change_unseen, get

pytestmark = pytest.mark.django_db


DECODE = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("BR;Q=1.0", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.000,gzip;q=0", None),
        ("gzip;q=0.1, identity;q=0.9", None),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0, *", "gzip"),
        ("identity", None),
        ("", None),
        ("deflate, zstd", None),
        ("br;q=nonsense", None),
        ("gzip;level=9", "gzip"),
        (",,;;=,", None),
        ("br" * 5_000, None),
        ("x, " * 5_000 + "gzip", "gzip"),
        ("é\x00\x7f", None),
    ],
)
def test_each_client_gets_the_page_in_an_encoding_that_it_takes(
    about: ContentPage, accepted: str, encoding: str | None
) -> None:
    for _ in range(2):
        answer = get("/about/", accept_encoding=accepted)
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        assert b"First words" in DECODE[encoding](answer.body)


@pytest.mark.parametrize(
    ("condition", "is_known"),
    [
        ("{}", True),
        ("W/{}", True),
        ('"a", {}, "b"', True),
        ("*", True),
        ('"other"', False),
        ("nonsense", False),
        ("", False),
        (",,W/,", False),
        ('"' * 5_000, False),
    ],
)
def test_a_browser_that_has_the_page_gets_304(about: ContentPage, condition: str, is_known: bool) -> None:
    etag = get("/about/").headers["ETag"]
    answer = get("/about/", if_none_match=condition.format(etag))
    assert answer.status == ("304 Not Modified" if is_known else "200 OK")
    assert bool(answer.body) != is_known
    if is_known:
        assert answer.headers.keys() == {"ETag", "Cache-Control", "Vary"}


def test_each_encoding_has_its_own_tag(about: ContentPage) -> None:
    etags = {get("/about/", accept_encoding=name).headers["ETag"] for name in ("br", "gzip", "")}
    assert len(etags) == 3


def test_a_date_is_no_condition(about: ContentPage) -> None:
    for date in ("Fri, 27 Nov 2099 00:00:00 GMT", "nonsense"):
        assert get("/about/", if_modified_since=date, if_unmodified_since=date).status == "200 OK"


def test_a_range_gets_the_whole_page(about: ContentPage) -> None:
    whole = get("/about/").body
    for wanted in ("bytes=0-9", "bytes=-1", "bytes=5-2", "lines=1"):
        answer = get("/about/", range=wanted, if_range=get("/about/").headers["ETag"])
        assert (answer.status, answer.body) == ("200 OK", whole)


def test_head_is_answered_like_get_without_a_body(about: ContentPage) -> None:
    first = get("/about/", method="HEAD")
    change_unseen(about)
    page, again = get("/about/"), get("/about/", method="HEAD")
    assert b"First words" in page.body
    assert first.body == again.body == b""
    assert again.headers == page.headers
    assert get("/nothing/", method="HEAD").body == b""
    assert get("/about/", method="HEAD", if_none_match=page.headers["ETag"]).status == "304 Not Modified"
