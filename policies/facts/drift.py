"""Drift: where the running system has moved away from what a version says of it.

A live fact drifts when it is no longer as the version froze it; a value typed by hand, when a fact that said it once
says something else now. It reads and compares; the draft that states the new facts is made by
`policies.versions.drafts`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from home.models import services
from policies.facts import registry, typed
from policies.facts.changes import describe
from policies.facts.registry import KnownValue
from policies.facts.typed import TypedValue
from policies.models import PolicyVersion, StatedValue
from policies.models.pages import LONGEST_SUMMARY

Versions = Iterable[PolicyVersion]
UNUSED = gettext_lazy("It asks about “%(category)s”, which no service uses.")


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


class RunningSystem:
    """What the facts say now, and once said: each looked up once."""

    def __init__(self) -> None:
        self.facts = registry.facts()
        self.state: Callable[[str], Any] = cache(registry.state)

    @cached_property
    def values(self) -> list[KnownValue]:
        """What texts might repeat of the facts as they stand now."""
        return registry.stated_now(self.state)

    @cached_property
    def former_values(self) -> list[KnownValue]:
        """What facts stated once."""
        noted = StatedValue.objects.filter(fact__in=self.facts).order_by("pk")
        return [KnownValue(*row) for row in noted.values_list("fact", "name", "value")]

    def is_stated(self, known: KnownValue) -> bool:
        """Return whether its fact says so now, be it as a part of a longer value."""
        wanted = known.value.casefold()
        return any(known.fact == now.fact and wanted in now.value.casefold() for now in self.values)


@dataclass(frozen=True)
class Findings:
    """What a version says that is not so.

    `typed` are values in its text by hand; `unused` the categories and cookies that visitors are asked about though no
    service uses them; `gaps` what a fact in its text does not state yet.
    """

    drifts: list[Drift] = field(default_factory=list)
    typed: list[TypedValue] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.drifts) + len(self.typed) + len(self.unused) + len(self.gaps)


def examine(version: PolicyVersion | None, system: RunningSystem, coming: Versions = ()) -> Findings:
    """Return what a version says that is not so. `coming`: announced versions, the next first."""
    facts = facts_in(version) if version else {}
    gaps = registry.gaps({key: system.state(key) for key in facts})
    return replace(outdated(version, system, coming), unused=unused(facts, system), gaps=gaps)


def outdated(version: PolicyVersion | None, system: RunningSystem, coming: Versions = ()) -> Findings:
    """Return only what was so once: the facts that have drifted, and the values typed by hand."""
    if version is None:
        return Findings()
    drifts = find_drift_of_version(version, system, coming=coming)
    return Findings(drifts, _outdated_values(version, system))


def find_drift_of_version(
    version: PolicyVersion | None, system: RunningSystem | None = None, *, coming: Versions = ()
) -> list[Drift]:
    """Return the facts that have drifted from a version. `coming`: announced versions, the next first."""
    system, announced, stated = system or RunningSystem(), list(coming), facts_in(version) if version else {}
    return [
        Drift(
            key, stated[key], live, next((one for one in announced if facts_in(one).get(key) == live), None)
        )
        for key in sorted(stated.keys() & system.facts)
        if stated[key] != (live := system.state(key))
    ]


def _outdated_values(version: PolicyVersion, system: RunningSystem) -> list[TypedValue]:
    facts = facts_in(version)
    frozen = (known for key, data in facts.items() for known in registry.known_values(key, data))
    once = [known for known in (*system.former_values, *frozen) if not system.is_stated(known)]
    html = str(version.readable_content.get("html", ""))
    return typed.find(typed.with_notice(html, facts), once, now=system.values) if once else []


def unused(facts: dict[str, Any], system: RunningSystem) -> list[str]:
    """Return the names of what a cookie policy asks about for nobody: of categories and of cookies."""
    if "notice" not in facts:
        return []
    running = system.state("services")
    used, names = {one["category"] for one in running}, " ".join(one["name"] for one in running)
    idle = [name for name in services.NAMES if name not in names]
    groups = registry.entries(facts.get("cookies"))
    asked = [group for group in groups if group.get("cookies") and not group.get("is_required")]
    empty = [group for group in asked if group.get("varname") not in used]
    cookies = (one for group in asked if group not in empty for one in registry.entries(group["cookies"]))
    stray = [one for one in cookies if any(name in str(one.get("provider")) for name in idle)]
    return [str(one.get("name")) for one in (*empty, *stray)]


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
