"""The registry of live facts: what the running system says of itself, for policies to print and to freeze.

A fact is a key, a label for the editor, and a function that returns plain data (JSON) as things stand now. Each app
registers its own at start-up. Facts never hold personal data of visitors.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Fact:
    """One live fact. `template` prints the data that `collect` returns, as `data`."""

    key: str
    label: str | Promise
    collect: Callable[[], Any]
    template: str


_facts: dict[str, Fact] = {}


def register(fact: Fact) -> None:
    """Add a fact, or replace the one with its key."""
    _facts[fact.key] = fact


def get(key: str) -> Fact | None:
    """Return the fact, or None when no app registers it any more."""
    return _facts.get(key)


def collect(key: str) -> Any:
    """Return the fact's data as it stands now, or None for an unknown fact."""
    fact = _facts.get(key)
    return fact.collect() if fact else None


def choices() -> list[tuple[str, str | Promise]]:
    """List the facts for the editor."""
    return [(fact.key, fact.label) for fact in sorted(_facts.values(), key=lambda fact: fact.key)]


def label(key: str) -> str:
    """Name a fact for people; by its key where no app registers it any more."""
    if key == "notice":
        return _("Words of the consent bar")
    fact = _facts.get(key)
    return str(fact.label) if fact else key


def changed_keys(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """List the facts that two collections (fact key → data) state differently."""
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Name the facts that two collections state differently, for people."""
    return [label(key) for key in changed_keys(before, after)]
