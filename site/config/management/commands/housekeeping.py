"""Deletes personal data at the end of its retention period, as the privacy policy prints it.

The worker starts it every hour, or a scheduler does; of several at once, on one machine or more, one does it. Each step
is a transaction, so a run that is killed leaves nothing half done, and the next one goes on. One failing step does not
stop the others. Scheduled pages are the worker's own job, every minute.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from home import locks
from policies.personal_data import register

LOCK = "housekeeping"
logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """`manage.py housekeeping`."""

    help = "Remove what has been kept long enough."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every step, one line each, unless another process does; fail at the end if one failed."""
        try:
            with locks.alone(LOCK, seconds=0, file=LOCK):
                failed = self._run_steps()
        except TimeoutError:
            self.stdout.write("Another process is doing it: nothing was done here.")
            return
        if failed:
            message = f"Housekeeping is not complete: {', '.join(failed)}. The reasons are in the log."
            raise CommandError(message)

    def _run_steps(self) -> list[str]:
        """Return the keys of the steps that failed."""
        failed = []
        for entry in register.registered():
            if entry.expire is None:
                continue
            try:
                outcome = _expire(entry.expire, entry.keep)
            except Exception as error:
                logger.exception("Housekeeping: %s failed.", entry.key)
                failed.append(entry.key)
                outcome = f"FAILED ({type(error).__name__}: {error})"
            self.stdout.write(f"{entry.key}: {outcome}")
        return failed


def _expire(expire: register.Expire, keep: Callable[[], timedelta | None]) -> str:
    with transaction.atomic():
        removed = expire(timezone.now())
    period = keep()
    return f"{removed} removed ({'nothing expires' if period is None else f'kept for {period.days} days'})"
