"""`manage.py verify_policies`: recomputes every hash and link of the published record, and holds facts against it."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.utils import timezone
from tqdm import tqdm

from policies.facts import drift, registry
from policies.ledger import heads, verification
from policies.models import ConsentRecord, Policy, PolicyVersion

_AFTER_DAMAGE = (
    "Keep a copy of the database as it is, for finding out who changed it; then restore the record from a backup, "
    "or compare it with an earlier export (Policies → Policies in the admin)."
)
_MANY = 100  # rows, from which a progress bar is worth its line
_STANDARD = Path("-")  # output or input instead of a file
_CONSENTS = "consent records"


class Found(IntEnum):
    """What is wrong, the worse the higher: the command's exit code is the worst of all."""

    NOTHING = 0
    DRIFT = 1
    DAMAGE = 2
    NO_LIST = 3  # of heads: one that cannot be read or written


class Command(BaseCommand):
    """Prints a line a policy. Exit code 1: a fact in force is no longer true. 2: a record is broken or missing.

    3: a list of heads cannot be read or written.
    """

    help = "Check every published version (exit code 2), and the facts that the versions in force state (1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--heads",
            type=Path,
            metavar="FILE",
            help="write the newest version of each policy to a file (- prints it), if there is no damage",
        )
        parser.add_argument(
            "--expect",
            type=Path,
            metavar="FILE",
            help="fail (exit code 2) unless everything in such an earlier file (- reads it) is still there",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        target, source = options["heads"], options["expect"]
        said = self.stderr if target == _STANDARD else self.stdout  # what is printed is the list alone
        expected = _read(source) if source else []
        found: dict[str, Found] = {}
        for name, what, words in self._verify(expected):
            found[name] = max(what, found.get(name, what))
            with tqdm.external_write_mode():  # the bar makes room
                (said if what is Found.NOTHING else self.stderr).write(f"{name}: {words}")
        worst = max(found.values(), default=Found.NOTHING)
        if source and worst is not Found.DAMAGE:
            said.write(f"{source}: {len(expected)} head(s) listed, all found")
        if target and worst is not Found.DAMAGE:
            self._write(target, said)
        if worst is not Found.NOTHING:
            names = ", ".join(name for name, what in found.items() if what is not Found.NOTHING)
            unwritten = f" ({target} was not written)" if target and worst is Found.DAMAGE else ""
            raise CommandError(f"Not as published: {names}{unwritten}", returncode=int(worst))

    def _verify(self, expected: list[heads.Head]) -> Iterator[tuple[str, Found, str]]:
        """Yield what was found, each with the name of what it is about."""
        consents = ConsentRecord.objects.count()
        count = PolicyVersion.objects.count() + consents
        hides_progress = count < _MANY or not sys.stderr.isatty()
        state = cache(registry.state)
        with tqdm(total=count, unit=" records", leave=False, disable=hides_progress) as progress:
            for policy in Policy.objects.order_by("slug"):
                for what, words in _problems_of(policy, state, progress.update):
                    yield policy.slug, what, words
            if damage := verification.first_damaged_consent(on_read=progress.update):
                yield _CONSENTS, Found.DAMAGE, f"{damage}. {_AFTER_DAMAGE}"
            elif consents:
                yield _CONSENTS, Found.NOTHING, f"{consents}, each fits the text that was shown"
        for slug, damage in heads.lost(expected):
            yield slug, Found.DAMAGE, f"{damage}, says the list of heads. {_AFTER_DAMAGE}"

    def _write(self, target: Path, said: OutputWrapper) -> None:
        current = list(heads.current())
        if target == _STANDARD:
            self.stdout.write(heads.encode(current), ending="")
            return
        try:
            heads.write(current, target)
        except heads.UnusableListError as error:
            raise CommandError(f"--heads {target}: {error}", returncode=int(Found.NO_LIST)) from None
        said.write(f"{target}: {len(current)} head(s) written, SHA-256 {heads.digest(current)}")


def _problems_of(
    policy: Policy, state: Callable[[str], Any], on_read: Callable[[], object]
) -> Iterator[tuple[Found, str]]:
    if damage := verification.first_damage(policy, on_read=on_read):
        yield Found.DAMAGE, f"{damage}. {_AFTER_DAMAGE}"
        return
    doubts = [*map(_drifted, drift.find_drift(policy, state=state)), *verification.doubts(policy)]
    yield from ((Found.DRIFT, doubt) for doubt in doubts)
    if not doubts:
        yield Found.NOTHING, f"{policy.versions.count()} version(s), as published"


def _read(source: Path) -> list[heads.Head]:
    try:
        return heads.read(Path("/dev/stdin") if source == _STANDARD else source)
    except heads.UnusableListError as error:
        raise CommandError(f"--expect {source}: {error}", returncode=int(Found.NO_LIST)) from None


def _drifted(one: drift.Drift) -> str:
    advice = "Undo the change of the site, or publish a version (the dashboard of the admin offers a draft)."
    if one.announced:
        day = timezone.localdate(one.announced.effective_at)
        advice = f"Version {one.announced.number} says so from {day}."
    return f"the site has moved away from what it states: {one.key}: {'; '.join(one.changes)}. {advice}"
