"""Go through what trips people on the first day with a key of Stripe's, and what is wrong with payments now."""

from collections.abc import Callable
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from store.payments import checklist, health
from store.payments.findings import Level

MARKS = {Level.RIGHT: "✓", Level.NOTE: "·", Level.WRONG: "✗"}


class Command(BaseCommand):
    """`manage.py check_payments`."""

    help = "Check the key, its permissions, the webhook and the payment page with Stripe. Nobody is charged."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Say each line as it is found; fail if something is wrong."""
        wrong = 0
        styles: dict[Level, Callable[[str], str]] = {
            Level.RIGHT: self.style.SUCCESS,
            Level.NOTE: str,
            Level.WRONG: self.style.ERROR,
        }
        for line in chain(checklist.lines(), health.problems()):
            self.stdout.write(styles[line.level](f"{MARKS[line.level]} {line.words}"))
            if line.to_do:
                self.stdout.write(f"    {line.to_do}")
            wrong += line.level == Level.WRONG
        if wrong:
            raise CommandError(
                f"{wrong} of these keep the shop from being paid. Fix them, then run this again."
            )
