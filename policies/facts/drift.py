"""Drift: where the running system has moved away from what a version in force says of it.

Only live facts can drift: what a version froze under the key of a fact that an app registers. It reads and compares;
the draft that states the new facts is made by `policies.versions.drafts`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from policies.facts import registry
from policies.facts.changes import describe
from policies.models import Policy, PolicyVersion
from policies.models.pages import LONGEST_SUMMARY


@dataclass(frozen=True)
class Drift:
    """One fact that a version in force states differently from the running system.

    `announced` is the next version to come that states it as it is now.
    """

    key: str
    stated: Any
    live: Any
    announced: PolicyVersion | None = None

    @property
    def label(self) -> str:
        """The fact's name, as the editor knows it."""
        return registry.label(self.key)

    @property
    def changes(self) -> list[str]:
        """What happened since, a sentence each, in the active language."""
        return describe(self.stated, self.live)


def find_drift_of_version(
    in_force: PolicyVersion | None,
    *,
    coming: Iterable[PolicyVersion] = (),
    state: Callable[[str], Any] = registry.state,
) -> list[Drift]:
    """Return the facts that have drifted from a version. `coming`: announced versions, the next first."""
    announced, stated = list(coming), facts_in(in_force) if in_force else {}
    return [
        Drift(
            key, stated[key], live, next((one for one in announced if facts_in(one).get(key) == live), None)
        )
        for key in sorted(stated)
        if registry.get(key) and stated[key] != (live := state(key))
    ]


def find_drift(policy: Policy, *, state: Callable[[str], Any] = registry.state) -> list[Drift]:
    """Return the facts that have drifted from a policy's version in force now."""
    now = timezone.now()
    return find_drift_of_version(policy.in_force(now), coming=policy.versions.pending(now), state=state)


def facts_in(version: PolicyVersion) -> dict[str, Any]:
    """Return the facts of a version; a record that cannot be read has none, and is `verify_policies`' to report."""
    found = version.readable_content.get("facts")
    return found if isinstance(found, dict) else {}


def changes_between(old: PolicyVersion, new: PolicyVersion) -> list[tuple[str, list[str]]]:
    """Return the facts that two versions state differently: the name of each, and a sentence for each change."""
    before, after = facts_in(old), facts_in(new)
    found = [
        (registry.label(key), describe(before.get(key), after.get(key))) for key in sorted(before | after)
    ]
    unreadable = [one.number for one in (old, new) if not isinstance(one.readable_content.get("facts"), dict)]
    if unreadable:
        words = _("The facts of version %(number)s cannot be read.")
        return [(_("Live facts"), [words % {"number": number} for number in unreadable])]
    return [(label, changes) for label, changes in found if changes]


def suggested_summary(drifts: Iterable[Drift]) -> str:
    """Summarise drift for readers of the policy, in its language; name only the facts if that gets too long."""
    found = list(drifts)
    with translation.override(settings.LANGUAGE_CODE):
        text = " ".join(f"{drift.label}: {'; '.join(drift.changes)}." for drift in found)
        if len(text) > LONGEST_SUMMARY:
            text = _("Brought up to date: %(facts)s.") % {"facts": ", ".join(drift.label for drift in found)}
    return Truncator(text).chars(LONGEST_SUMMARY)
