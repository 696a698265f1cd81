"""When something is due again: the daily check, its reminder, a timestamp, the weekly mail."""

from datetime import datetime, timedelta

from policies.ledger.verification import MAX_DELAY


def is_due(last: datetime | None, *, every: timedelta, now: datetime) -> bool:
    """Return whether something is to be done again. A last time in the future, by a wrong clock, does not count."""
    return last is None or not now - every < last <= now + MAX_DELAY
