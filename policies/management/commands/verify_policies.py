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
            raise CommandError("Not as published: %(slugs)s" % {"slugs": ", ".join(failed)})

    def _verify(self, policy: Policy) -> bool:
        versions = policy.versions.select_related("policy").order_by("number")
        problem = next(records.problems(versions.iterator(chunk_size=50)), None)
        if problem is not None:
            values = {"slug": policy.slug, "number": problem.version.number, "what": problem.what}
            self.stderr.write("%(slug)s: version %(number)s is broken: %(what)s" % values)
            return False
        if changed := _changed_facts(policy):
            values = {"slug": policy.slug, "facts": ", ".join(changed)}
            self.stderr.write("%(slug)s: the site has moved away from what it states: %(facts)s" % values)
            return False
        values = {"slug": policy.slug, "count": versions.count()}
        self.stdout.write("%(slug)s: %(count)s version(s), as published" % values)
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
