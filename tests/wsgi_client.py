"""Asks a WSGI application as a server does, in the process of the test and on its database."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections


@dataclass
class Answer:
    status: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    was_closed: bool = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        assert not self.status
        self.status, self.headers = status, dict(headers)


def ask(
    application: Callable[..., Any], url: str, *, method: str = "GET", host: str | None = None, **headers: str
) -> Answer:
    """Return the answer to a request; headers are named as `accept_encoding`."""
    path, _, query = url.partition("?")
    site = urlsplit(settings.SITE_URL)
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(site.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": site.netloc if host is None else host,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    if content_type := environ.pop("HTTP_CONTENT_TYPE", ""):
        environ["CONTENT_TYPE"] = content_type
    answer = Answer()
    # As Django's test client does: a request must not close the connection that holds the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        body = application(environ, answer.start)
        answer.body = b"".join(body)
        if hasattr(body, "close"):
            body.close()
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
    return answer
