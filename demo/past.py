"""Lets the demo do something at a moment in the past, through the same functions as everybody else.

Everything of the site asks `timezone.now()` for the time, so that is what is told. A command does this alone in its
process; nothing else ever does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest import mock

from django.utils import timezone


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let it be this moment for everything that is done inside."""
    with mock.patch.object(timezone, "now", return_value=moment):
        yield
