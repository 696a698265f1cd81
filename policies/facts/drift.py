"""Drift: where the running system has moved away from what a version in force says of it.

Only live facts can drift: what a version froze under the key of a fact that an app registers. It reads and compares;
the draft that states the new facts is made by `policies.versions.drafts`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from policies.facts import registry
from policies.facts.changes import describe
from policies.models import Policy, PolicyVersion
from policies.models.pages import LONGEST_SUMMARY
from policies.versions import records


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


@dataclass
class LiveFacts:
    """The facts as they stand now, as a version would freeze them; each is asked for once."""

    _known: dict[str, Any] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        """Collect a registered fact."""
        if key not in self._known:
            with translation.override(settings.LANGUAGE_CODE):
                self._known[key] = json.loads(records.encode(registry.collect(key)))
        return self._known[key]


def of_version(
    in_force: PolicyVersion | None, *, coming: Iterable[PolicyVersion] = (), live: LiveFacts | None = None
) -> list[Drift]:
    """Name what has drifted from a version. `coming`: those announced, the next first."""
    if in_force is None:
        return []
    now, announced = live or LiveFacts(), list(coming)
    stated = facts_in(in_force)
    return [
        Drift(key, stated[key], now.get(key), _first_stating(announced, key, now.get(key)))
        for key in sorted(stated)
        if registry.get(key) and stated[key] != now.get(key)
    ]


def of_policy(policy: Policy, *, at: datetime | None = None, live: LiveFacts | None = None) -> list[Drift]:
    """Name what has drifted from a policy's version in force."""
    moment = at or timezone.now()
    return of_version(policy.in_force(moment), coming=policy.versions.pending(moment), live=live)


def facts_in(version: PolicyVersion) -> dict[str, Any]:
    """Read the facts of a version; a record that cannot be read has none, and is `verify_policies`' to report."""
    found = version.readable_content.get("facts")
    return found if isinstance(found, dict) else {}


def suggested_summary(drifts: Iterable[Drift]) -> str:
    """Say for the readers of the policy what changed, in its language; the facts' names only where that is long."""
    found = list(drifts)
    with translation.override(settings.LANGUAGE_CODE):
        text = " ".join(f"{drift.label}: {'; '.join(drift.changes)}." for drift in found)
        if len(text) > LONGEST_SUMMARY:
            text = _("Brought up to date: %(facts)s.") % {"facts": ", ".join(drift.label for drift in found)}
    return Truncator(text).chars(LONGEST_SUMMARY)


def _first_stating(versions: list[PolicyVersion], key: str, data: Any) -> PolicyVersion | None:
    return next((version for version in versions if facts_in(version).get(key) == data), None)
