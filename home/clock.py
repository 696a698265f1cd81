"""Our clock beside those of others: by how much it differs, which nothing else says.

What others say of it is kept for the machine, whichever of its processes heard it.
"""

import logging
import socket
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

logger = logging.getLogger(__name__)

LARGEST_DIFFERENCE = timedelta(minutes=1)
SMALLEST_DIFFERENCE = timedelta(seconds=2)  # a Date header has whole seconds, and comes a moment later
REMEMBERED = timedelta(days=1)
LOGGED_EVERY = timedelta(hours=1)
_KEY = f"clock-compared:{socket.gethostname()}"


def compare(date: str | None, *, whose: str) -> None:
    """Compare our clock with the Date header of an answer, keep the difference, and log a large one once an hour."""
    now = timezone.now()
    try:
        ahead = now - parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return
    if abs(ahead) > LARGEST_DIFFERENCE and cache.add(f"{_KEY}:logged", 1, LOGGED_EVERY.total_seconds()):
        seconds, side = abs(ahead).total_seconds(), "ahead of" if ahead > timedelta() else "behind"
        words = "The clock of this machine is wrong: it is %.0f seconds %s that of %s."
        logger.error(words, seconds, side, whose)
    cache.set(_KEY, (ahead, now), REMEMBERED.total_seconds())


def ahead() -> timedelta:
    """Return by how much our clock was ahead when it was last compared; nothing if it was not, or hardly."""
    found, _at = cache.get(_KEY) or (timedelta(), None)
    return found if abs(found) >= SMALLEST_DIFFERENCE else timedelta()


def was_compared(*, within: timedelta) -> bool:
    """Return whether our clock was compared so lately, as it says itself."""
    _ahead, at = cache.get(_KEY) or (None, None)
    return at is not None and abs(timezone.now() - at) <= within


def is_right() -> bool:
    """Return whether our clock is that of the database, and nobody said lately that it is not theirs."""
    return max(abs(ahead()), abs(_ahead_of_database())) <= LARGEST_DIFFERENCE


def _ahead_of_database() -> timedelta:
    if connection.vendor != "postgresql":  # it has no clock of its own
        return timedelta()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return timezone.now() - datetime.fromtimestamp(float(cursor.fetchone()[0]), UTC)
