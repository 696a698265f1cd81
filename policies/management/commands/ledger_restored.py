"""`manage.py ledger_restored FILE`: says in the ledger that a backup was restored, and what was lost with it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from policies.ledger import heads

_STANDARD = Path("-")  # input instead of a file
_UNUSABLE = 3  # exit code, as that of verify_policies


class Command(BaseCommand):
    """Exit code 3: the file cannot be used, and nothing was changed."""

    help = "Record that the site was restored from a backup: the heads sealed since then are not missing, but lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="the newest head that was kept outside the database (- reads it)"
        )

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            outside = heads.read(Path("/dev/stdin") if file == _STANDARD else file)
            last = heads.restored(outside, now=timezone.now())
        except heads.UnusableHeadsError as error:
            raise CommandError(f"{file}: {error}", returncode=_UNUSABLE) from None
        self.stdout.write(
            f"Recorded and sealed: the backup ended with head {last.number}; the heads after it are lost."
        )
