"""`manage.py verify_policies`: recomputes every hash and link of the published record, and holds facts against it."""

import sys
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.utils import timezone
from tqdm import tqdm

from policies import drift, records
from policies.models import Policy, PolicyVersion

_AFTER_DAMAGE = (
    "Keep a copy of the database as it is, for finding out who changed it; then restore the record from a back-up, "
    "or compare it with an earlier export (Policies → Policies in the admin)."
)
_MANY = 100  # versions, from which a progress bar is worth its line


class Found(IntEnum):
    """What is wrong with a policy, the worse the higher: the command's exit code is the worst of all."""

    NOTHING = 0
    DRIFT = 1
    DAMAGE = 2


class Command(BaseCommand):
    """Prints a line a policy. Exit code 1: a fact in force is no longer true. 2: a record is broken or missing."""

    help = "Check every published version (exit code 2), and the facts that the versions in force state (1)."

    def handle(self, *args: Any, **options: Any) -> None:
        count = PolicyVersion.objects.count()
        hides_progress = count < _MANY or not sys.stderr.isatty()
        live, found = drift.LiveFacts(), {}
        with tqdm(total=count, unit=" versions", leave=False, disable=hides_progress) as progress:
            for policy in Policy.objects.order_by("slug"):
                found[policy.slug] = self._verify(policy, live, progress)
        worst = max(found.values(), default=Found.NOTHING)
        if worst is not Found.NOTHING:
            names = ", ".join(slug for slug, what in found.items() if what is not Found.NOTHING)
            raise CommandError(f"Not as published: {names}", returncode=int(worst))

    def _verify(self, policy: Policy, live: drift.LiveFacts, progress: tqdm) -> Found:
        if damage := _damage(policy, progress):
            self._say(self.stderr, policy, f"{damage}. {_AFTER_DAMAGE}")
            return Found.DAMAGE
        if drifts := drift.of_policy(policy, live=live):
            for one in drifts:
                self._say(self.stderr, policy, _drifted(one))
            return Found.DRIFT
        self._say(self.stdout, policy, f"{policy.versions.count()} version(s), as published")
        return Found.NOTHING

    def _say(self, stream: OutputWrapper, policy: Policy, words: str) -> None:
        with tqdm.external_write_mode():  # the bar makes room
            stream.write(f"{policy.slug}: {words}")


def _damage(policy: Policy, progress: tqdm) -> str:
    """Name the first broken record of a policy, or what is missing; nothing where all is well."""
    versions = policy.versions.select_related("policy", "withdrawal").order_by("number")
    problem = next(records.problems(_counted(versions.iterator(chunk_size=50), progress)), None)
    if problem is not None:
        return f"version {problem.version.number} is broken: {problem.what}"
    if records.head_is_missing(policy):
        return "the newest version is missing"
    return "a withdrawal was added, changed or removed" if records.withdrawals_are_changed(policy) else ""


def _counted(versions: Iterator[PolicyVersion], progress: tqdm) -> Iterator[PolicyVersion]:
    for version in versions:
        yield version
        progress.update()


def _drifted(one: drift.Drift) -> str:
    if one.announced:
        advice = (
            f"Version {one.announced.number} says so from {timezone.localdate(one.announced.effective_at)}."
        )
    else:
        advice = (
            "Undo the change of the site, or publish a version (the dashboard of the admin offers a draft)."
        )
    return f"the site has moved away from what it states: {one.key}: {'; '.join(one.changes)}. {advice}"
