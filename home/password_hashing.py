"""Password hashing: only so many hashes at once, so that many who sign in leave the site to its visitors.

A hash takes a processor for half a second on purpose. Whoever comes when all places are taken is told to try again.
One more place is kept for those who signed in from their network before: strangers cannot keep them out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import BoundedSemaphore

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin

MOST_AT_ONCE = 2  # in each process
MOST_WAITING = 2  # each keeps one of eight threads (manage.py web) from visitors
LONGEST_WAIT = 5.0  # seconds
RETRY_AFTER = 10  # seconds

_places = BoundedSemaphore(MOST_AT_ONCE + MOST_WAITING)
_kept_place = BoundedSemaphore(1)
_processors = BoundedSemaphore(MOST_AT_ONCE)
_is_known: ContextVar[bool] = ContextVar("is_known", default=False)


class HashingBusyError(Exception):
    """There are more passwords to hash than is good for the site."""


class BoundedPBKDF2PasswordHasher(PBKDF2PasswordHasher):
    """Django's hasher, which raises HashingBusyError when too many hashes are made at once."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with _taken(*_open_places()), _taken(_processors, wait=LONGEST_WAIT):
            return super().encode(password, salt, iterations)


def refuse_while_busy(*, is_known: bool) -> None:
    """Raise HashingBusyError where a hash would: for what must not be counted unless the password is checked.

    `is_known`: this request may take the place that is kept, here and for its hash.
    """
    _is_known.set(is_known)
    with _taken(*_open_places()):
        pass


def _open_places() -> tuple[BoundedSemaphore, ...]:
    return (_places, _kept_place) if _is_known.get() else (_places,)


@contextmanager
def _taken(*semaphores: BoundedSemaphore, wait: float = 0) -> Iterator[None]:
    """Take the first one that is free."""
    taken = next((one for one in semaphores if one.acquire(blocking=bool(wait), timeout=wait or None)), None)
    if taken is None:
        raise HashingBusyError
    try:
        yield
    finally:
        taken.release()


class HashingBusyMiddleware(MiddlewareMixin):
    """Tells to try again, on whichever page a password was sent."""

    def process_request(self, _request: HttpRequest) -> None:
        _is_known.set(False)  # the thread remembers who was there before

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, HashingBusyError):
            return None
        headers = {"Retry-After": str(RETRY_AFTER)}
        page = render_to_string("home/hashing_busy.html", {"form_url": request.get_full_path()})
        return HttpResponse(page, status=503, headers=headers)
