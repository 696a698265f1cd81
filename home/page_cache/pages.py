"""Finished pages in memory: as little as is needed to answer, and never more bytes than allowed."""

import gzip
import time
from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from threading import Lock
from typing import Any

import brotli
from django.http import QueryDict

from home.page_cache.reads import ALL
from home.page_cache.tokens import Tokens

Headers = list[tuple[str, str]]
# A path, and the parameters that its renderings read: (name, value, value…) for each that is given.
Key = tuple[str, tuple[tuple[str, ...], ...]]
MOST_OF_A_PATH = 100  # made-up values of one page's parameters push out none but each other
_LONGEST_QUERY = 2_000
_OVERHEAD = 2_000  # bytes of a page beside its copies: headers, names, and what Python adds
_REPLACED = frozenset({"cache-control", "content-length", "etag"})
_IN_304 = frozenset({"Cache-Control", "ETag", "Vary"})
_COMPRESS = {
    "br": lambda body: brotli.compress(body, quality=6),
    "gzip": lambda body: gzip.compress(body, compresslevel=6, mtime=0),
}
_LONGEST_REMEMBERED = 200


class StoredPage:
    """A page, its copies in each encoding that was asked for, and how long it is right."""

    def __init__(
        self, headers: Headers, body: bytes, *, names: tuple[str, ...], tokens: tuple[str, ...], until: float
    ) -> None:
        self.names, self.tokens, self.until = names, tokens, until
        self._seen: Tokens | None = None
        self.was_asked_for = False
        self._headers = [header for header in headers if header[0].lower() not in _REPLACED]
        # The headers too: a browser that is told that nothing changed goes on with those that it has.
        # Each process writes the directives of its security policy in an order of its own.
        named = [(name, sorted(value.split("; "))) for name, value in self._headers]
        digest = sha256(repr(named).encode() + body).hexdigest()[:32]
        self._bodies = {"identity": body}
        self._etags = {"identity": f'"{digest}"', **{name: f'"{digest}-{name}"' for name in _COMPRESS}}
        self._is_text = any(name.lower() == "content-type" and _is_text(value) for name, value in headers)
        self._ready: dict[str, tuple[int, Headers, Headers]] = {}

    @property
    def size(self) -> int:
        """Return the bytes that it may come to with every copy."""
        return _OVERHEAD + len(self._bodies["identity"]) * (2 if self._is_text else 1)

    def is_current(self, now: Tokens) -> bool:
        """Return whether nothing that it shows has changed since; most often the tokens are those of the last time."""
        if now is not self._seen:
            if now.of(*self.names) != self.tokens:
                return False
            self._seen = now
        return time.time() < self.until

    def answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer GET or HEAD, conditional or not; a range gets the whole page."""
        encoding = _best_encoding(environ.get("HTTP_ACCEPT_ENCODING", "")) if self._is_text else "identity"
        full, short = self._headers_now(encoding)
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known and _names_etag(known, self._etags[encoding]):
            start_response("304 Not Modified", list(short))
            return []
        start_response("200 OK", list(full))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self._body(encoding)]

    def _body(self, encoding: str) -> bytes:
        body = self._bodies.get(encoding)
        if body is None:
            body = self._bodies[encoding] = _COMPRESS[encoding](self._bodies["identity"])
        return body

    def _headers_now(self, encoding: str) -> tuple[Headers, Headers]:
        """Return the headers of 200 and of 304; a shared cache may keep the page as long as we do, and no longer."""
        left = max(0, int(self.until - time.time()))
        ready = self._ready.get(encoding)
        if ready is None or ready[0] != left:
            full = [
                *self._headers,
                ("Cache-Control", f"public, max-age=0, s-maxage={left}"),
                ("ETag", self._etags[encoding]),
                ("Content-Length", str(len(self._body(encoding)))),
            ]
            if encoding != "identity":
                full.append(("Content-Encoding", encoding))
            ready = left, full, [header for header in full if header[0] in _IN_304]
            self._ready[encoding] = ready
        return ready[1:]


class Pages:
    """The pages of a process; those that are not asked for go first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._pages: OrderedDict[Key, StoredPage] = OrderedDict()
        self._keys: dict[str, OrderedDict[Key, None]] = {}
        self._parameters: dict[str, frozenset[str]] = {}
        self._lock = Lock()
        self.bytes = 0

    def key(self, path: str, query: str) -> Key | None:
        """Return what tells a page from others, None if it must not be kept."""
        names = self._parameters.get(path)
        return _key(path, query, names) if names else (path, ())

    def get(self, key: Key) -> StoredPage | None:
        page = self._pages.get(key)
        if page is not None:
            page.was_asked_for = True
        return page

    def put(self, path: str, query: str, parameters: Iterable[str], page: StoredPage) -> None:
        """Keep a page whose rendering read these parameters of the query."""
        with self._lock:
            names = self._parameters.get(path, frozenset()).union(parameters)
            key = _key(path, query, names)
            if key is None or page.size > self._most_bytes // 8:
                return
            self._drop(key)
            self._parameters[path] = names
            self._pages[key] = page
            self._keys.setdefault(path, OrderedDict())[key] = None
            self.bytes += page.size
            if len(self._keys[path]) > MOST_OF_A_PATH:
                self._drop(self._next_to_go(self._keys[path]))
            while self.bytes > self._most_bytes:
                self._drop(self._next_to_go(self._pages))

    def drop(self, key: Key) -> None:
        with self._lock:
            self._drop(key)

    def _next_to_go(self, keys: OrderedDict[Key, Any]) -> Key:
        """Return the first that nobody asked for since the last time that it was its turn."""
        key = next(iter(keys))
        while self._pages[key].was_asked_for:
            self._pages[key].was_asked_for = False
            keys.move_to_end(key)
            key = next(iter(keys))
        return key

    def _drop(self, key: Key) -> None:
        page = self._pages.pop(key, None)
        if page is None:
            return
        self.bytes -= page.size
        del self._keys[key[0]][key]
        if not self._keys[key[0]]:
            del self._keys[key[0]], self._parameters[key[0]]


def _key(path: str, query: str, names: frozenset[str]) -> Key | None:
    """Return the path and the parameters that its renderings read; None if they read all of a query, and there is one.

    Two requests that agree in these run the same code: they are the same up to the first parameter that is read, it has
    one value in both, so they are the same up to the next one, and so on. Nothing else of the query was read.
    """
    if not names or not query:
        return path, ()
    if ALL in names or len(query) > _LONGEST_QUERY:
        return None
    given = QueryDict(query.encode("latin-1"), encoding="utf-8")
    return path, tuple((name, *given.getlist(name)) for name in sorted(names) if name in given)


def _is_text(content_type: str) -> bool:
    return content_type.startswith("text/") or "json" in content_type or "xml" in content_type


def _names_etag(known: str, etag: str) -> bool:
    if known == etag:
        return True
    names = [name.strip().removeprefix("W/") for name in known.split(",")]
    return etag in names or "*" in names


def _best_encoding(accepted: str) -> str:
    """Return the encoding that the client prefers, ours where it does not mind; plain where it takes none of ours."""
    return (_known_best if len(accepted) <= _LONGEST_REMEMBERED else _known_best.__wrapped__)(accepted)


@lru_cache(maxsize=256)
def _known_best(accepted: str) -> str:
    weights = dict(_weight(part) for part in accepted.lower().split(","))
    any_other = weights.get("*", 0.0)
    ours = {name: weights.get(name, any_other) for name in _COMPRESS}
    best = max(ours, key=lambda name: ours[name])
    return best if ours[best] > 0 and ours[best] >= weights.get("identity", 0.0) else "identity"


def _weight(part: str) -> tuple[str, float]:
    name, _, parameters = part.partition(";")
    key, _, weight = parameters.partition("=")
    try:
        return name.strip(), float(weight) if key.strip() == "q" else 1.0
    except ValueError:
        return name.strip(), 0.0
