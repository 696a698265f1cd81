"""Does what has to be done from time to time, whoever starts it: the worker every hour, or a scheduler.

Personal data whose time of keeping is over goes: exactly what the privacy policy prints (`policies.personal_data`).
Run twice, the second run finds nothing to do. One failing step does not stop the others. Pages with an hour are the
worker's own, every minute.
"""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand
from django.db import transaction

from policies.personal_data import register

logger = logging.getLogger(__name__)

Step = tuple[str, Callable[[], str]]


class Command(BaseCommand):
    """`manage.py housekeeping`."""

    help = "Remove what has been kept long enough."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every step, one line each; fail at the end if one failed."""
        failed = []
        for name, run in steps():
            try:
                outcome = run()
            except Exception as error:
                logger.exception("Housekeeping: %s failed.", name)
                failed.append(name)
                outcome = f"FAILED ({type(error).__name__}: {error})"
            self.stdout.write(f"{name}: {outcome}")
        if failed:
            message = f"Housekeeping is not complete: {', '.join(failed)}. The reasons are in the log."
            raise CommandError(message)


def steps() -> Iterator[Step]:
    for entry in register.registered():
        if entry.expire:
            yield entry.key, partial(_expire, entry)


def _expire(entry: register.PersonalData) -> str:
    with transaction.atomic():
        removed = register.expire_one(entry)
    keep = entry.keep()
    return "nothing expires" if keep is None else f"{removed} removed (kept for {keep.days} days)"
