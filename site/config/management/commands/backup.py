"""`manage.py backup FILE`: one encrypted file with database, media, private files and the newest head of the ledger."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from config.backup import archive


class Command(BaseCommand):
    """May run while the site does. Fails without leaving half a file."""

    help = "Back up database, media and private files into one file, encrypted under BACKUP_PASSPHRASE."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="replaced, if it exists, when the new one is complete")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            size, remarks = archive.write(file, now=timezone.now(), is_quiet=not sys.stderr.isatty())
        except archive.BackupError as error:
            raise CommandError(str(error)) from None
        for remark in remarks:
            self.stderr.write(remark)
        self.stdout.write(
            f"{file}: {filesizeformat(size)}. Keep the passphrase elsewhere: nothing opens it without."
        )
