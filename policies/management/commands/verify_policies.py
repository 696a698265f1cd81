"""`manage.py verify_policies`: recomputes records and ledger, holds facts against them, and says what that shows."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from policies.facts import drift
from policies.facts.typed import TypedValue
from policies.ledger import daily_check, entries, heads
from policies.ledger.verification import Finding, Level
from policies.models import LedgerEntry, Policy

_AFTER_DAMAGE = (
    "Keep a copy of the database as it is, for finding out who changed it; then restore the record from a backup, "
    "or compare it with an earlier export (Policies → Policies in the admin)."
)
_MANY = 100  # rows, from which a progress bar is worth its line
_STANDARD = Path("-")  # input instead of a file
_UNUSABLE = 3  # exit code


class Command(BaseCommand):
    """Exit code 1: a fact in force is no longer true, or entries wait too long. 2: damage. 3: unusable heads."""

    help = "Check each record against the ledger (exit code 2), and facts that versions in force state (1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--heads",
            action="store_true",
            help="print the newest head, to be kept outside, if there is no damage",
        )
        parser.add_argument(
            "--expect",
            type=Path,
            metavar="FILE",
            help="fail unless the heads in this file (- reads them) are here",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        expected = _read(options["expect"]) if options["expect"] else []
        said = self.stderr if options["heads"] else self.stdout  # what is printed is the heads alone
        found = self._findings(expected)
        for finding in found:
            (said if finding.level is Level.NOTE else self.stderr).write(f"{finding.about}: {finding.words}")
        worst = max((finding.level for finding in found), default=Level.NOTE)
        if worst is not Level.DAMAGE:
            said.write(_shown())
        if options["heads"] and worst is not Level.DAMAGE:
            self.stdout.write(heads.encode([heads.newest()]), ending="")
        if worst is Level.DAMAGE:
            self.stderr.write(_AFTER_DAMAGE)
        if worst is not Level.NOTE:
            about = dict.fromkeys(finding.about for finding in found if finding.level is not Level.NOTE)
            raise CommandError(f"Not as recorded: {', '.join(about)}", returncode=int(worst))

    def _findings(self, expected: list[dict[str, Any]]) -> list[Finding]:
        now, count = timezone.now(), LedgerEntry.objects.count()
        is_quiet = count < _MANY or not sys.stderr.isatty()
        with tqdm(total=count, unit=" records", leave=False, disable=is_quiet) as progress:
            found = daily_check.findings(now=now, on_read=progress.update)
        system = drift.RunningSystem()
        for policy in Policy.objects.order_by("slug"):
            untrue = drift.outdated(policy.in_force(now), system, policy.versions.pending(now))
            words = [*map(_drifted, untrue.drifts), *map(_outdated, untrue.typed)]
            found += [Finding(policy.slug, one, Level.WARNING) for one in words]
        return [*found, *heads.findings(expected)]


def _shown() -> str:
    """Return what it means that nothing is damaged."""
    newest = heads.newest()
    unsealed = LedgerEntry.objects.filter(position=None).count()
    lines = [
        f"{newest.last_position} entries are sealed under {newest.number} head(s), and unchanged since.",
        f"The newest head is of {newest.time:%Y-%m-%d %H:%M} UTC, SHA-256 {newest.sha256}.",
        f"{unsealed} entries are not sealed yet: of those, nothing is shown.",
        *(f"{kind}: {model.ledger_records().count()} record(s)" for kind, model in entries.kinds().items()),
    ]
    return "\n".join(lines)


def _read(source: Path) -> list[dict[str, Any]]:
    try:
        return heads.read(Path("/dev/stdin") if source == _STANDARD else source)
    except heads.UnusableHeadsError as error:
        raise CommandError(f"--expect {source}: {error}", returncode=_UNUSABLE) from None


def _drifted(one: drift.Drift) -> str:
    advice = "Undo the change of the site, or publish a version (the dashboard of the admin offers a draft)."
    if one.announced:
        day = timezone.localdate(one.announced.effective_at)
        advice = f"Version {one.announced.number} says so from {day}."
    return f"the site has moved away from what it states: {one.key}: {'; '.join(one.changes)}. {advice}"


def _outdated(one: TypedValue) -> str:
    where = f"{one.value!r} ({one.section or one.passage}). Use the live fact, and publish a version."
    return f"it says by hand what {one.known.fact} does not state any more: {where}"
