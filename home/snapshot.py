"""What all public pages share, read once: the site, its settings, the menus, the cookie notice, the next known change.

A snapshot lives in the process until the token of the site changes (`home.page_cache`), until the next moment at which
pages change by themselves, or for five minutes; then it goes as a whole. While a change is being made it lives for one
request. Apps put into it what they compute with `shared`. Nothing of one visitor's is in it.
"""

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from home.page_cache import schedule, tokens

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


Reader = HttpRequest | Snapshot | None


def current(reader: Reader = None) -> Snapshot:
    """Return the snapshot for a request, the same all through it; for what is computed in one, itself; else for now."""
    if isinstance(reader, Snapshot):
        return reader
    found = getattr(reader, "_snapshot", None)
    if found is None:
        found = _valid()
        if reader is not None:
            reader._snapshot = found  # type: ignore[attr-defined]  # kept with the request
    return found


def _valid() -> Snapshot:
    global _kept  # noqa: PLW0603 - one a process; whichever thread writes last, it is a valid one
    now, found = timezone.now(), tokens.current()
    kept, (token,) = _kept, found.of("site")
    if kept is not None and found.may_store("site") and kept.is_valid(token, now):
        return kept
    # The token was read before anything is computed: what is computed of an older state ends with it.
    fresh = Snapshot(token, now)
    if found.may_store("site"):
        _kept = fresh
    return fresh


def shared(compute: Callable[[Snapshot], T]) -> Callable[..., T]:
    """Compute once a snapshot what a function returns. Whoever reads it must not change it.

    The function gets the snapshot, to read from it what else is shared: never the request, which is one visitor's.
    """

    @wraps(compute)
    def read(reader: Reader = None) -> T:
        snapshot = current(reader)
        return snapshot.value(compute, lambda: compute(snapshot))

    return read
