"""What journeys share: a site behind the page cache, as visitors meet it, and what the editor needs."""

import threading

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from pytest_django.live_server_helper import LiveServer

from home.page_cache.layer import PageCache


@pytest.fixture(scope="session")
def live_server(live_server: LiveServer) -> LiveServer:
    """Put the page cache around Django, behind what serves static files and pictures; its port is not known before."""
    files = live_server.thread.httpd.get_app().application
    cache = PageCache(files.application)
    cache._host = live_server.url.removeprefix("http://")
    files.application = cache
    return live_server


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
