"""Deletes personal data at the end of its retention period, as the privacy policy prints it.

The worker starts it every hour, or a scheduler does. One failing step does not stop the others. Scheduled pages are
the worker's own job, every minute.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from policies.personal_data import register

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """`manage.py housekeeping`."""

    help = "Remove what has been kept long enough."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every step, one line each; fail at the end if one failed."""
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
        if failed:
            message = f"Housekeeping is not complete: {', '.join(failed)}. The reasons are in the log."
            raise CommandError(message)


def _expire(expire: register.Expire, keep: Callable[[], timedelta | None]) -> str:
    with transaction.atomic():
        removed = expire(timezone.now())
    period = keep()
    return "nothing expires" if period is None else f"{removed} removed (kept for {period.days} days)"
