"""Moments at which public pages change although nobody does anything: a policy takes effect, a page expires.

Apps register a function that names their next such moment; no stored page outlives it.
"""

from collections.abc import Callable
from datetime import datetime

NextChange = Callable[[datetime], datetime | None]

_sources: list[NextChange] = []


def register(source: NextChange) -> NextChange:
    """Register a function from now (UTC) to the next moment of change, or None. Usable as a decorator."""
    if source not in _sources:
        _sources.append(source)
    return source


def seconds_to_next_change(now: datetime) -> int | None:
    """Say how many whole seconds remain until the next known change (0: less than one), None if none is known."""
    moments = [moment for source in _sources if (moment := source(now)) is not None and moment > now]
    return int((min(moments) - now).total_seconds()) if moments else None
