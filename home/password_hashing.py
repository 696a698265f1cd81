"""Password hashing: only so many hashes at once, so that many who sign in leave the site to its visitors.

A hash takes a processor for half a second on purpose. Whoever comes when all places are taken is told to try again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin

MOST_AT_ONCE = 2  # in each process
MOST_WAITING = 2  # each keeps a thread from visitors: `--blocking-threads` is 8
LONGEST_WAIT = 5.0  # seconds
RETRY_AFTER = 10  # seconds

_places = BoundedSemaphore(MOST_AT_ONCE + MOST_WAITING)
_processors = BoundedSemaphore(MOST_AT_ONCE)


class HashingBusyError(Exception):
    """There are more passwords to hash than is good for the site."""


class BoundedPBKDF2PasswordHasher(PBKDF2PasswordHasher):
    """Django's hasher, which raises HashingBusyError when too many hashes are made at once."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with _taken(_places, wait=0), _taken(_processors, wait=LONGEST_WAIT):
            return super().encode(password, salt, iterations)


def refuse_while_busy() -> None:
    """Raise HashingBusyError where a hash would: for what must not be counted unless the password is checked."""
    with _taken(_places, wait=0):
        pass


@contextmanager
def _taken(semaphore: BoundedSemaphore, *, wait: float) -> Iterator[None]:
    if not semaphore.acquire(blocking=bool(wait), timeout=wait or None):
        raise HashingBusyError
    try:
        yield
    finally:
        semaphore.release()


class HashingBusyMiddleware(MiddlewareMixin):
    """Tells to try again, on whichever page a password was sent."""

    def process_exception(self, _request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, HashingBusyError):
            return None
        headers = {"Retry-After": str(RETRY_AFTER)}
        return HttpResponse(render_to_string("home/hashing_busy.html"), status=503, headers=headers)
