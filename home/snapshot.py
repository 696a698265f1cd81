"""What all public pages share, read once: the site, its settings, the menus, the cookie notice, the next known change.

A snapshot lives in the process until the token of the site changes (`home.page_cache`), until the next moment at which
pages change by themselves, or for five minutes; then it goes as a whole. A public request has one all through it, also
while a change is being made. Apps put into it what they compute with `shared`. Nothing of one visitor's is in it.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.utils import timezone

from home.page_cache import schedule, tokens
from home.page_cache.reads import depends_on

T = TypeVar("T")


class Snapshot:
    """The shared values of one moment, each computed when it is first asked for. Threads may compute one twice."""

    def __init__(self, token: str, taken_at: datetime) -> None:
        self.token = token
        self.taken_at = taken_at
        self._values: dict[Hashable, Any] = {}

    def value(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return what was computed under this key; compute it the first time."""
        if key not in self._values:
            with fixed(self):  # what is read on the way is of the same moment
                self._values[key] = compute()
        return self._values[key]

    @property
    def next_change(self) -> datetime | None:
        """The next known moment at which pages change by themselves."""
        return self.value("next change", lambda: schedule.next_change(self.taken_at))

    def end_of_page(self, started: datetime) -> datetime:
        """Return until when a page may be kept that was begun to be rendered then."""
        latest = started + timedelta(seconds=settings.PAGE_CACHE_SECONDS)
        return min(latest, self.next_change) if self.next_change else latest

    def is_valid(self, token: str, now: datetime) -> bool:
        """Return whether pages rendered now may show it."""
        age = (now - self.taken_at).total_seconds()
        if token != self.token or not 0 <= age < settings.PAGE_CACHE_SECONDS:
            return False
        return self.next_change is None or now < self.next_change


_kept: Snapshot | None = None
_fixed: ContextVar[list[Snapshot] | None] = ContextVar("snapshot", default=None)


@contextmanager
def fixed(*given: Snapshot) -> Iterator[None]:
    """Let all that asks while this lasts get one snapshot: the given one, else the one taken when first asked for."""
    before = _fixed.set([*given])
    try:
        yield
    finally:
        _fixed.reset(before)


def current() -> Snapshot:
    """Return the snapshot of the request that is answered; outside of public requests, one that is right now."""
    found = _fixed.get()
    if found is None:
        return _valid()
    if not found:
        found.append(_valid())
    return found[0]


def containing(key: Hashable, value: Any) -> Snapshot:
    """Return one of this moment that nobody keeps, with a value that is not saved."""
    found = Snapshot("", timezone.now())
    found.value(key, lambda: value)
    return found


def last(key: Hashable) -> Any:
    """Return what was computed for the last snapshot that was kept, or None: for pages that ask no database."""
    return _kept and _kept._values.get(key)


def _valid() -> Snapshot:
    global _kept  # noqa: PLW0603 - one a process; whichever thread writes last, it is a valid one
    now, found = timezone.now(), tokens.current()
    kept, (token,) = _kept, found.of("site")
    if kept is not None and found.may_store("site") and kept.is_valid(token, now):
        return kept
    # The token was read before anything is computed: what is computed of an older state ends with it.
    fresh = Snapshot(token, now)
    if found.may_store("site") and fresh.is_valid(
        token, now
    ):  # which reads the next change, else the next request did
        _kept = fresh
    return fresh


def shared(compute: Callable[[], T]) -> Callable[[], T]:
    """Compute once a snapshot what a function returns. Whoever reads it must not change it."""

    @wraps(compute)
    def read() -> T:
        return current().value(compute, compute)

    return read


def kept_with(token: str, key: Hashable) -> dict[Any, Any]:
    """Return where to keep what is computed until the site changes, or what the token stands for.

    While that is being changed it is a place that nobody asks again.
    """
    depends_on(token)
    now = tokens.current()
    if not now.may_store(token):
        return {}
    kept: dict[tuple[str, ...], dict[Any, Any]] = current().value(("kept with", token, key), dict)
    if now.of(token) not in kept:
        kept.clear()
    return kept.setdefault(now.of(token), {})
