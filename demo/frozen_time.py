"""Freezes the time for the demo, so that what it makes is dated in the past."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest import mock

from django.utils import timezone


@contextmanager
def frozen_time(moment: datetime) -> Iterator[None]:
    """Make `timezone.now()` return this moment, in the whole process, for everything that is done inside."""
    with mock.patch.object(timezone, "now", return_value=moment):
        yield
