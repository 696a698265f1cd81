"""The registry of live facts: what the running system says of itself, for policies to print and to freeze.

A fact is a key, a label for the editor, and a function that returns plain data (JSON) as things stand now. Apps
contribute theirs by hook. Facts never hold personal data of visitors.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from home import hooks


@dataclass(frozen=True)
class Fact:
    """One live fact. `template` prints the data that `collect` returns, as `data`."""

    key: str
    label: str | Promise
    collect: Callable[[], Any]
    template: str


def facts() -> dict[str, Fact]:
    """Return every fact that an app contributes, by key."""
    found: list[Fact] = hooks.collect("register_policy_facts", key=lambda fact: fact.key)
    return {fact.key: fact for fact in sorted(found, key=lambda fact: fact.key)}


def get(key: str) -> Fact | None:
    """Return the fact, or None when no app contributes it any more."""
    return facts().get(key)


def collect(key: str) -> Any:
    """Return the fact's data as it stands now, or None for an unknown fact."""
    fact = get(key)
    return fact.collect() if fact else None


def state(key: str) -> Any:
    """Return the fact's data as a version freezes it now: in the site's language, as it comes back from JSON."""
    with translation.override(settings.LANGUAGE_CODE):
        return json.loads(json.dumps(collect(key), sort_keys=True, allow_nan=False))


def choices() -> list[tuple[str, str | Promise]]:
    """Return the facts as an editor chooses among them."""
    return [(fact.key, fact.label) for fact in facts().values()]


def label(key: str) -> str:
    """Return a fact's name for people, also where no app contributes it any more."""
    if key == "notice":
        return _("Words of the consent bar")
    fact = get(key)
    return str(fact.label) if fact else _("%(key)s (no longer stated by this site)") % {"key": key}


def changed_keys(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the keys of the facts that two collections (fact key → data) state differently."""
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
