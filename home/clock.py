"""Our clock beside those of others. One that is wrong stops payments, and nothing else says why.

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
REMEMBERED = 24 * 60 * 60  # seconds
_KEY = f"clock-is-wrong:{socket.gethostname()}"


def compare(date: str | None, *, whose: str) -> None:
    """Compare our clock with the Date header of an answer, and log a difference."""
    try:
        ahead = timezone.now() - parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return
    if is_wrong := abs(ahead) > LARGEST_DIFFERENCE:
        seconds, side = abs(ahead).total_seconds(), "ahead of" if ahead > timedelta() else "behind"
        words = "The clock of this machine is wrong: it is %.0f seconds %s that of %s."
        logger.error(words, seconds, side, whose)
    if is_wrong or cache.get(_KEY):
        cache.set(_KEY, is_wrong, REMEMBERED)


def is_right() -> bool:
    """Return whether our clock is that of the database, and nobody said lately that it is not theirs."""
    return not cache.get(_KEY) and abs(_ahead_of_database()) <= LARGEST_DIFFERENCE


def _ahead_of_database() -> timedelta:
    if connection.vendor != "postgresql":  # it has no clock of its own
        return timedelta()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return timezone.now() - datetime.fromtimestamp(float(cursor.fetchone()[0]), UTC)
