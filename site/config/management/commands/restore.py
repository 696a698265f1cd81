"""`manage.py restore FILE [--heads FILE]`: puts the site back as it was at a backup, all of it or nothing."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.backup import restoring
from config.backup.archive import BackupError
from config.backup.in_use import InUseError
from policies.ledger import heads

_DAMAGE, _UNFINISHED = 2, 3  # exit codes; the first as that of verify_policies


class Command(BaseCommand):
    """Exit code 1: nothing was changed. 2: the site was restored, and its record is damaged.

    3: the site was restored, and something after it failed.
    """

    help = (
        "Replace database, media and private files by those of a backup, while neither web nor worker runs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="made by manage.py backup")
        parser.add_argument(
            "--heads",
            type=Path,
            metavar="FILE",
            help="the newest head that was kept outside, on a new machine",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file, outside = options["file"], options["heads"]
        try:
            known = heads.read(outside) if outside else []
            made_at, last, failed = restoring.restore(file, outside=known, is_quiet=not sys.stderr.isatty())
        except heads.UnusableHeadsError as error:
            raise CommandError(f"{outside} cannot be used: {error}. Nothing was changed.") from None
        except BackupError as error:
            raise CommandError(str(error)) from None
        except InUseError as error:
            raise CommandError(
                f"Stop the web processes and the worker first: {error}. Nothing was changed."
            ) from None
        lost = "no head is known to be lost"
        if last:
            lost = f"what was sealed after head {last.number} is recorded as lost"
        self.stdout.write(f"Restored as of {made_at:%Y-%m-%d %H:%M} UTC; {lost}.")
        try:
            call_command("verify_policies", stdout=self.stdout, stderr=self.stderr)
        except CommandError as error:
            if error.returncode == _DAMAGE:
                raise
            self.stderr.write(str(error))
        self.stdout.write("Start the web processes and the worker again. Everybody has to sign in again.")
        if failed:
            raise CommandError(f"Restored, but: {'; '.join(failed)}.", returncode=_UNFINISHED)
