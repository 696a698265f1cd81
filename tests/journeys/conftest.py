"""What journeys share: a site behind the page cache, as visitors meet it, what is in it, and what the editor needs."""

import threading
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from pytest_django.live_server_helper import LiveServer

from home.page_cache.layer import PageCache
from tests.journeys.shopping import plain, sandbox, shop
from tests.migrated_database import take_sqlite

__all__ = ["plain", "sandbox", "shop"]  # fixtures


@pytest.fixture(scope="session")
def live_server(live_server: LiveServer) -> LiveServer:
    """Put the page cache around Django, behind what serves static files and pictures; its port is not known before."""
    files = live_server.thread.httpd.get_app().application
    cache = PageCache(files.application)
    cache._host = live_server.url.removeprefix("http://")
    files.application = cache
    return live_server


@pytest.fixture(scope="session")
def _filled() -> dict[Callable[[], None], Callable[[], None]]:
    return {}


@pytest.fixture
def fill(
    live_server: LiveServer, _filled: dict[Callable[[], None], Callable[[], None]]
) -> Callable[[Callable[[], None]], None]:
    """Return a function that calls another one to fill the migrated database, and copies what it wrote from then on."""

    def fill(write: Callable[[], None]) -> None:
        if put_back := _filled.get(write):
            put_back()
            return
        write()
        _filled[write] = take_sqlite(connections["default"])

    return fill


@pytest.fixture
def demo(fill: Callable[[Callable[[], None]], None]) -> None:
    """Fill the site with the demo."""
    fill(_seed_demo)


def _seed_demo() -> None:
    call_command("seed_demo", stdout=StringIO())


@pytest.fixture
def one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer a page's requests one after the other: SQLite in memory refuses what comes while another one writes.

    The editor saves by itself, looks up what its panels show, and tells who else has the page open.
    """
    lock, get_response = threading.Lock(), WSGIHandler.get_response

    def get_one_response(handler: WSGIHandler, request: HttpRequest) -> HttpResponseBase:
        with lock:
            return get_response(handler, request)

    monkeypatch.setattr(WSGIHandler, "get_response", get_one_response)
