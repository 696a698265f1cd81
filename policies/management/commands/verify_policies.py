"""`manage.py verify_policies`: recomputes every hash and link of the published record, and holds facts against it."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from policies import facts, records
from policies.models import Policy


class Command(BaseCommand):
    """Prints one line a policy; fails when a record is broken or a fact in force is no longer true."""

    help = "Check every published version, and the facts that the versions in force state."

    def handle(self, *args: Any, **options: Any) -> None:
        policies = Policy.objects.order_by("slug")
        failed = [policy.slug for policy in policies if not self._verify(policy)]
        if failed:
            raise CommandError(f"Not as published: {', '.join(failed)}")

    def _verify(self, policy: Policy) -> bool:
        versions = policy.versions.select_related("policy", "withdrawal").order_by("number")
        problem = next(records.problems(versions.iterator(chunk_size=50)), None)
        if problem is not None:
            self.stderr.write(f"{policy.slug}: version {problem.version.number} is broken: {problem.what}")
            return False
        if records.head_is_missing(policy):
            self.stderr.write(f"{policy.slug}: the newest version is missing")
            return False
        if changed := _changed_facts(policy):
            names = ", ".join(changed)
            self.stderr.write(f"{policy.slug}: the site has moved away from what it states: {names}")
            return False
        self.stdout.write(f"{policy.slug}: {versions.count()} version(s), as published")
        return True


def _changed_facts(policy: Policy) -> list[str]:
    """Name the facts that the version in force states differently from the running system."""
    version = policy.in_force()
    if version is None:
        return []
    with translation.override(settings.LANGUAGE_CODE):
        live = {
            key: json.loads(records.encode(facts.collect(key))) for key in version.facts if facts.get(key)
        }
    return [key for key, data in sorted(live.items()) if data != version.facts[key]]
