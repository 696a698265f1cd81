"""Answers finished public pages from the memory of the process, as WSGI application in front of Django.

It keeps only what `home.page_cache.middleware` marked, and asks nothing but the tokens before it answers. Everything
else passes through unchanged, less the mark.
"""

import json
import logging
from collections.abc import Iterable
from threading import Event
from typing import Any

from django.conf import settings

from home.page_cache import tokens
from home.page_cache.middleware import MARK, canonical_host
from home.page_cache.pages import Headers, Key, Pages, StoredPage

Environ = dict[str, Any]
LONGEST_WAIT = 1.0  # seconds for which a request waits for another one that renders the same page
_logger = logging.getLogger("home.page_cache")


class PageCache:
    """WSGI application around Django's."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.pages = Pages(settings.PAGE_CACHE_BYTES)
        self.hits = self.misses = 0
        self._flights: dict[Key, Event] = {}
        self._host = canonical_host()
        self._scheme = settings.SITE_URL.partition(":")[0].lower()
        self._proxy_header, self._https = settings.SECURE_PROXY_SSL_HEADER or ("", "")
        self._session_cookie = f"{settings.SESSION_COOKIE_NAME}="
        self._private = (settings.STATIC_URL, settings.MEDIA_URL, *settings.PRIVATE_PATHS)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer from memory, or let Django answer."""
        if not self._is_for_everybody(environ):
            return self._pass_through(environ, start_response)
        key = self.pages.key(environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
        page = self.pages.get(key) if key else None
        now = tokens.current()
        if page is not None and page.is_current(now):
            return self._hit(page, environ, start_response)
        if key is None or key[0].startswith(self._private):
            return self._pass_through(environ, start_response)
        if page is not None and now.may_store(*page.names):
            return self._render_once(key, environ, start_response, now)
        return self._render(key, environ, start_response, now)

    def _is_for_everybody(self, environ: Environ) -> bool:
        return (
            environ["REQUEST_METHOD"] in {"GET", "HEAD"}
            and environ.get("HTTP_HOST") == self._host
            and self._scheme_of(environ) == self._scheme
            and self._session_cookie not in environ.get("HTTP_COOKIE", "")
        )

    def _scheme_of(self, environ: Environ) -> str:
        forwarded = environ.get(self._proxy_header)
        if forwarded is None:
            return environ["wsgi.url_scheme"]
        return "https" if forwarded.partition(",")[0].strip() == self._https else "http"

    def _pass_through(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: Headers, *exc_info: Any) -> Any:
            return start_response(status, [header for header in headers if header[0] != MARK], *exc_info)

        return self.application(environ, start)

    def _hit(self, page: StoredPage, environ: Environ, start_response: Any) -> Iterable[bytes]:
        self.hits += 1
        if _logger.isEnabledFor(logging.INFO):
            _logger.info("From the page cache: %s %r", environ["REQUEST_METHOD"], environ["PATH_INFO"])
        return page.answer(environ, start_response)

    def _render_once(
        self, key: Key, environ: Environ, start_response: Any, now: tokens.Tokens
    ) -> Iterable[bytes]:
        """Let one request render a page that is known and no longer current, and the others wait a moment for it."""
        flight = Event()
        running = self._flights.setdefault(key, flight)
        if running is flight:
            try:
                return self._render(key, environ, start_response, now)
            finally:
                del self._flights[key]
                flight.set()
        running.wait(LONGEST_WAIT)
        now = tokens.current()
        page = self.pages.get(key)
        if page and page.is_current(now):
            return self._hit(page, environ, start_response)
        return self._render(key, environ, start_response, now)

    def _render(self, key: Key, environ: Environ, start_response: Any, now: tokens.Tokens) -> Iterable[bytes]:
        """Let Django render, and keep what it marks under the tokens of before, so that no change is missed."""
        self.misses += 1
        answer: list[Any] = []
        # As GET also where only the headers are asked for: what is kept answers both.
        body = self.application({**environ, "REQUEST_METHOD": "GET"}, lambda *given: answer.extend(given))
        status, headers, *exc_info = answer
        mark = next((json.loads(value) for name, value in headers if name == MARK), None)
        headers = [header for header in headers if header[0] != MARK]
        if mark is None:
            self.pages.drop(key)
            start_response(status, headers, *exc_info)
            if environ["REQUEST_METHOD"] == "GET":
                return body
            _close(body)
            return []
        try:
            whole = b"".join(body)
        finally:
            _close(body)
        names = tuple(mark["tokens"])
        page = StoredPage(headers, whole, names=names, tokens=now.of(*names), until=mark["until"])
        if now.may_store(*names):
            self.pages.put(key[0], environ.get("QUERY_STRING", ""), mark["parameters"], page)
        return page.answer(environ, start_response)


def _close(body: Iterable[bytes]) -> None:
    if hasattr(body, "close"):
        body.close()
