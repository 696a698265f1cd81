"""`manage.py import_policy FILE… --page SLUG [--title TITLE] [--allow-future] [--dry-run]`.

Markdown files become frozen versions of a policy.
"""

import re
import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from policies.importing.files import STEPS_OF_A_FILE, Outcome, Result, import_files


class Command(BaseCommand):
    """Reports what became of every file; fails if any was refused."""

    help = "Import Markdown files as versions of a policy, each effective on its own date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a Markdown file")
        parser.add_argument("--page", required=True, metavar="SLUG", help="the policy's permanent slug")
        parser.add_argument("--title", default="", help="the title of texts that name none")
        parser.add_argument(
            "--allow-future", action="store_true", help="announce the versions of files dated in the future"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["page"]
        if not re.fullmatch(r"[-a-z0-9_]{1,100}", slug):
            raise CommandError(f"--page takes lower-case letters, digits and hyphens: {slug}")
        files: list[Path] = options["files"]
        hides_progress = len(files) == 1 or not sys.stderr.isatty()
        steps = STEPS_OF_A_FILE * len(files)
        with tqdm(total=steps, unit=" steps", leave=False, disable=hides_progress) as bar:
            found = import_files(
                files,
                slug=slug,
                title=options["title"],
                allow_future=options["allow_future"],
                is_dry_run=options["dry_run"],
                on_step=bar.update,
            )
            outcomes = list(found)
        for outcome in outcomes:
            self._report(outcome)
        self._sum_up(outcomes, is_dry_run=options["dry_run"])

    def _report(self, outcome: Outcome) -> None:
        stream = self.stderr if outcome.result is Result.REFUSED else self.stdout
        name = outcome.path.name
        # A terminal would act on what cannot be printed.
        stream.write(f"{name if name.isprintable() else ascii(name)}: {outcome.result}: {outcome.reason}")

    def _sum_up(self, outcomes: list[Outcome], *, is_dry_run: bool) -> None:
        counts = Counter(outcome.result for outcome in outcomes)
        self.stdout.write(", ".join(f"{result}: {counts[result]}" for result in Result))
        if is_dry_run:
            self.stdout.write("Dry run: nothing was changed.")
        if counts[Result.REFUSED]:
            raise CommandError(f"{counts[Result.REFUSED]} file(s) refused, see above.")
