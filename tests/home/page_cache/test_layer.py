"""The layer before Django on its own: what it stores, closes, strips, and how many render at once."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings

from home.page_cache import layer, pages, tokens
from home.page_cache.layer import PageCache
from home.page_cache.middleware import MARK
from tests.wsgi_client import Answer, ask


class Body:
    """What an application returns: an iterable that wants to be closed."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            if part == b"!":
                raise OSError
            yield part

    def close(self) -> None:
        self.closed += 1


class Application:
    """Stands in for Django: a page that is marked as a test says, and says how often it was rendered."""

    def __init__(self, *, body: Callable[[int], Body] | None = None, **mark: Any) -> None:
        self.body = body or (lambda number: Body(b"rendering ", str(number).encode()))
        self.mark = {"until": time.time() + 300, "tokens": ["site"], "parameters": []} | mark
        self.headers = [("Content-Type", "text/html; charset=utf-8")]
        self.is_marked = True
        self.rendered: list[dict[str, Any]] = []
        self.bodies: list[Body] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Body:
        self.rendered.append(environ)
        body = self.body(len(self.rendered))
        self.bodies.append(body)
        mark = [(MARK, json.dumps(self.mark))] if self.is_marked else []
        start_response("200 OK", [*self.headers, *mark])
        return body


@pytest.fixture
def django() -> Application:
    return Application()


def get(cache: PageCache, url: str = "/", **options: str) -> Answer:
    answer = ask(cache, url, **options)
    assert MARK not in answer.headers
    return answer


# --- What goes in and out ------------------------------------------------------------------------------------
def test_a_marked_page_is_rendered_once(django: Application) -> None:
    cache = PageCache(django)
    assert {get(cache).body for _ in range(3)} == {b"rendering 1"}
    assert (cache.hits, cache.misses) == (2, 1)


def test_what_is_not_marked_is_rendered_each_time(django: Application) -> None:
    django.is_marked = False
    cache = PageCache(django)
    assert [get(cache).body for _ in range(2)] == [b"rendering 1", b"rendering 2"]
    assert cache.pages.bytes == 0


@pytest.mark.parametrize(
    "options", [{"method": "POST"}, {"host": "localhost"}, {"cookie": f"{settings.SESSION_COOKIE_NAME}=a"}]
)
def test_the_mark_goes_no_further_where_nothing_is_kept(django: Application, options: dict[str, str]) -> None:
    cache = PageCache(django)
    get(cache, **options)
    get(cache, "/admin/", **options)
    assert cache.pages.bytes == 0


def test_a_request_cannot_mark_its_own_answer(django: Application) -> None:
    django.is_marked = False
    cache = PageCache(django)
    get(cache, x_page_cache=json.dumps(django.mark))
    assert cache.pages.bytes == 0


@pytest.mark.parametrize("path", ["/admin/", "/static/css/base.css", "/media/a.png"])
def test_nothing_is_kept_below_a_private_path_nor_of_files(django: Application, path: str) -> None:
    cache = PageCache(django)
    get(cache, path)
    assert cache.pages.bytes == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("is_marked", [True, False])
def test_the_body_is_closed_once(django: Application, method: str, is_marked: bool) -> None:
    django.is_marked = is_marked
    answer = get(PageCache(django), method=method)
    assert [body.closed for body in django.bodies] == [1]
    assert bool(answer.body) == (method != "HEAD")


def test_the_body_is_closed_when_it_breaks_off(django: Application) -> None:
    django.body = lambda number: Body(b"half of a page", b"!" if number == 1 else b", whole")
    cache = PageCache(django)
    with pytest.raises(OSError, match=r"^$"):
        get(cache)
    assert django.bodies[0].closed == 1
    assert get(cache).body == b"half of a page, whole"


def test_the_server_gets_the_body_of_what_is_not_kept_as_it_is(django: Application) -> None:
    django.is_marked = False
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": "127.0.0.1:8000"}
    cache = PageCache(django)
    assert cache({**environ, "wsgi.url_scheme": "http"}, lambda *_: None) is django.bodies[0]


def test_head_is_rendered_as_get(django: Application) -> None:
    cache = PageCache(django)
    answer = get(cache, method="HEAD")
    assert django.rendered[0]["REQUEST_METHOD"] == "GET"
    assert answer.headers["Content-Length"] == str(len(b"rendering 1"))
    assert get(cache).body == b"rendering 1"


def test_the_same_page_has_the_same_tag_in_each_process(django: Application) -> None:
    etags = set()
    for policy in ("default-src 'none'; img-src 'self'", "img-src 'self'; default-src 'none'"):
        django.headers[1:] = [("Content-Security-Policy", policy)]
        django.rendered.clear()
        etags.add(get(PageCache(django)).headers["ETag"])
    assert len(etags) == 1


def test_a_page_with_other_headers_has_another_tag(django: Application) -> None:
    etags = set()
    for policy in ("img-src 'self'", "img-src 'none'"):
        django.headers[1:] = [("Content-Security-Policy", policy)]
        django.rendered.clear()
        etags.add(get(PageCache(django)).headers["ETag"])
    assert len(etags) == 2


def test_what_is_no_text_is_not_compressed(django: Application) -> None:
    django.headers = [("Content-Type", "image/png")]
    assert "Content-Encoding" not in get(PageCache(django), accept_encoding="br, gzip").headers


# --- Tokens ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "is_dropped"), [("site", True), ("shop", True), ("other", False)])
def test_a_change_drops_what_depends_on_it(name: str, is_dropped: bool) -> None:
    cache = PageCache(Application(tokens=["shop", "site"]))
    get(cache)
    tokens._change(lambda now: tokens._renewed(now, name=name))
    assert (get(cache).body == b"rendering 2") is is_dropped


def test_nothing_is_kept_while_a_change_is_on_its_way(django: Application) -> None:
    cache = PageCache(django)
    tokens._change(lambda now: tokens._renewed(now, name="site", add="a"))
    assert [get(cache).body for _ in range(2)] == [b"rendering 1", b"rendering 2"]
    tokens._change(lambda now: tokens._renewed(now, name="site", remove=["a"]))
    assert [get(cache).body for _ in range(2)] == [b"rendering 3", b"rendering 3"]


def test_a_change_during_the_rendering_drops_what_comes_of_it(django: Application) -> None:
    def body(number: int) -> Body:
        if number == 1:
            tokens.reset()
        return Body(str(number).encode())

    django.body = body
    cache = PageCache(django)
    assert [get(cache).body for _ in range(3)] == [b"1", b"2", b"2"]


def test_a_page_that_is_no_longer_for_everybody_leaves_the_memory(django: Application) -> None:
    cache = PageCache(django)
    get(cache)
    tokens.reset()
    django.is_marked = False
    get(cache)
    assert cache.pages.bytes == 0


# --- One renders, the others wait a moment --------------------------------------------------------------------
class Gate:
    """Lets renderings wait until a test opens it."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.reached = threading.Semaphore(0)

    def body(self, number: int) -> Body:
        if number > 1:
            self.reached.release()
            assert self.opened.wait(10)
        return Body(str(number).encode())


def ask_at_once(cache: PageCache, gate: Gate, *, many: int, before_opening: float = 0.1) -> list[bytes]:
    """Make a page old that was rendered, ask for it at once, and open the gate when one of those renders."""
    get(cache)
    tokens.reset()
    with ThreadPoolExecutor(many) as pool:
        asked = [pool.submit(get, cache) for _ in range(many)]
        assert gate.reached.acquire(timeout=10)
        time.sleep(before_opening)
        gate.opened.set()
        return [one.result().body for one in asked]


def test_one_renders_a_known_page_and_the_others_wait_for_it() -> None:
    gate = Gate()
    django = Application(body=gate.body)
    assert set(ask_at_once(PageCache(django), gate, many=6)) == {b"2"}
    assert len(django.rendered) == 2


def test_without_waiting_each_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    """The race of the test above, with its guard off."""
    monkeypatch.setattr(layer, "LONGEST_WAIT", 0)
    gate = Gate()
    django = Application(body=gate.body)
    ask_at_once(PageCache(django), gate, many=6)
    assert len(django.rendered) == 7


def test_nobody_waits_longer_than_a_second() -> None:
    assert layer.LONGEST_WAIT == 1
    gate = Gate()
    django = Application(body=gate.body)
    ask_at_once(PageCache(django), gate, many=3, before_opening=1.5)
    assert len(django.rendered) == 4


def test_whoever_waited_for_a_rendering_that_fails_renders() -> None:
    gate = Gate()

    def body(number: int) -> Body:
        gate.body(number)
        return Body(b"!" if number == 2 else b"page")

    django = Application(body=body)
    cache = PageCache(django)
    get(cache)
    tokens.reset()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(get, cache)
        assert gate.reached.acquire(timeout=10)
        second = pool.submit(get, cache)
        time.sleep(0.1)
        gate.opened.set()
        with pytest.raises(OSError, match=r"^$"):
            first.result()
        assert second.result().body == b"page"
    assert get(cache).body == b"page"
    assert len(django.rendered) == 3


def test_nobody_waits_for_what_may_not_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer, "LONGEST_WAIT", 60)
    gate = Gate()
    django = Application(body=gate.body)
    cache = PageCache(django)
    get(cache)
    tokens._change(lambda now: tokens._renewed(now, name="site", add="a"))
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(get, cache) for _ in range(3)]
        for _ in range(3):
            assert gate.reached.acquire(timeout=10)
        gate.opened.set()
        assert {one.result().body for one in asked} == {b"2", b"3", b"4"}


# --- Memory ---------------------------------------------------------------------------------------------------
def test_a_process_holds_sixteen_megabytes_at_most() -> None:
    assert settings.PAGE_CACHE_BYTES == 16_000_000
    cache = PageCache(Application(body=lambda number: Body(bytes(300_000))))
    for number in range(60):
        get(cache, f"/{number}/")
    assert 15_000_000 < cache.pages.bytes <= 16_000_000


def test_what_was_not_asked_for_longest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PAGE_CACHE_BYTES", 40_000)
    django = Application()
    cache = PageCache(django)
    for number in range(30):
        get(cache, f"/{number}/")
        get(cache, "/0/")
    hits = cache.hits
    get(cache, "/0/")
    get(cache, "/29/")
    assert cache.hits == hits + 2
    get(cache, "/1/")
    assert cache.hits == hits + 2
    assert cache.pages.bytes <= 40_000
    assert len(cache.pages._parameters) == len(cache.pages._keys) < 25


def test_made_up_values_of_a_parameter_push_out_no_other_page() -> None:
    django = Application(parameters=["colour"])
    cache = PageCache(django)
    get(cache)
    for number in range(pages.MOST_OF_A_PATH):
        get(cache, f"/shop/?colour={number}")
    full = cache.pages.bytes
    for number in range(200, 400):
        get(cache, f"/shop/?colour={number}")
    assert cache.pages.bytes <= full + 1_000
    rendered = len(django.rendered)
    get(cache)
    get(cache, "/shop/?colour=399")
    assert len(django.rendered) == rendered


def test_a_page_that_is_asked_for_outlives_those_of_made_up_values() -> None:
    django = Application(parameters=["colour"])
    cache = PageCache(django)
    for number in range(pages.MOST_OF_A_PATH + 50):
        get(cache, "/shop/")
        get(cache, f"/shop/?colour={number}")
    assert len(django.rendered) == 1 + pages.MOST_OF_A_PATH + 50


def test_a_long_query_is_not_kept_where_one_is_read() -> None:
    django = Application(parameters=["q"])
    cache = PageCache(django)
    for _ in range(2):
        get(cache, f"/?q={'a' * 3_000}")
    assert len(django.rendered) == 2
    assert cache.pages.bytes == 0


def test_a_page_as_large_as_much_of_the_memory_is_not_kept() -> None:
    cache = PageCache(Application(body=lambda number: Body(bytes(2_000_000))))
    assert len(get(cache).body) == 2_000_000
    assert cache.pages.bytes == 0
    assert cache.pages._parameters == {}


def test_long_headers_of_encodings_are_not_remembered(django: Application) -> None:
    pages._known_best.cache_clear()
    get(PageCache(django), accept_encoding="gzip" + ", x" * 1_000)
    assert pages._known_best.cache_info().currsize == 0
