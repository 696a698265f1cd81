"""What journeys through the editor share."""

import threading

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


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
