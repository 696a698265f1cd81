"""Go through what trips people on the first day with a key of Stripe's, and what is wrong with payments now."""

from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import ngettext

from store.payments import checklist, health
from store.payments.findings import Level, Line

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
        for line in _lines():
            self.stdout.write(styles[line.level](f"{MARKS[line.level]} {line.in_a_list}"))
            if line.to_do:
                self.stdout.write(f"    {line.to_do}")
            wrong += line.level == Level.WRONG
        if wrong:
            problems = ngettext("%(count)d problem.", "%(count)d problems.", wrong) % {"count": wrong}
            raise CommandError(f"{problems} Do what it says above, then run this again.")


def _lines() -> Iterator[Line]:
    yield from checklist.lines()
    yield from health.problems()  # only now: the check may have found that the clock is wrong
