"""Django's backend for PostgreSQL, which waits for nothing without end, and after a failure for nobody.

A server that is gone, silent or full costs the first request some seconds. For the next ones the rest of an outage is
over at once, with the plain page that `home.views.server_error` shows; every two seconds one of them tries again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

current_patience: ContextVar[float | None] = ContextVar("patience with the database", default=None)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Let no query of this thread take longer, in the web server."""
    before = current_patience.set(min(seconds, current_patience.get() or seconds))
    try:
        yield
    finally:
        current_patience.reset(before)
