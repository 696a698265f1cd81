"""What time it is for what the shop writes down: orders, their history, movements of stock.

It is now, unless somebody tells a story of the past: the demo does, so that its month of orders goes through the same
functions as any other. Nothing that answers a request ever sets it, and Stripe's time is not changed by it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_told: ContextVar[datetime | None] = ContextVar("told", default=None)


def now() -> datetime:
    """Return the time to write down."""
    return _told.get() or timezone.now()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Write down this time for everything that is done inside."""
    token = _told.set(moment)
    try:
        yield
    finally:
        _told.reset(token)
