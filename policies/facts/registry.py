"""The registry of live facts: what the running system says of itself, for policies to print and to freeze.

A fact is a key, a label for the editor, and a function that returns plain data (JSON) as things stand now. Apps
contribute theirs by hook. Facts never hold personal data of visitors. A fact also says which of its values a text might
repeat by hand, and how they are written there.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from home import hooks
from policies.models.facts import LONGEST_VALUE

# Shorter values are not looked for (nor with less between two stars), nor numbers of less than five digits.
_CAN_BE_FOUND = re.compile(rf"(?s)(?=.{{3,{LONGEST_VALUE}}}\Z)(?=.*[^*]{{3}})(?:.*[^\W\d_]|(?:\D*\d){{5}})")

_BETWEEN_DIGITS = r"[\s().\-/]*"
# A country's, before a number that is long enough to be found without it, as it is written within the country.
_CODES = "[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3}"
_CALLING_CODE = re.compile(rf"\(?\+(?:{_CODES})(?=(?:\D*\d){{5}})")


class KnownValue(NamedTuple):
    """A value that a fact states, under a name of its own: ("company", "street", "1 Example Street")."""

    fact: str
    name: str
    value: str


def as_written(value: str) -> str:
    """Return the pattern of a value that stands in a text for itself, however it is spaced."""
    if not re.search(r"[^\W\d_]", value):  # a telephone or company number: however it is grouped
        code = _CALLING_CODE.match(value)
        before = rf"(?:(?:00)?{_grouped(code[0])}{_BETWEEN_DIGITS})?(?:0{_BETWEEN_DIGITS})?" if code else ""
        return rf"(?<!\d){before}{_grouped(value[code.end() if code else 0 :])}(?!\d)"
    return r"(?<![\w.+%-])" + r"\s+".join(map(re.escape, value.split())) + r"(?![\w-]|\.\w)"


def _grouped(number: str) -> str:
    return _BETWEEN_DIGITS.join(re.findall(r"\d", number))


@dataclass(frozen=True)
class Fact:
    """One live fact. `template` prints the data that `collect` returns, as `data`.

    Of such data (of earlier versions too, in whatever form), `known_values` returns what a text might repeat by hand,
    by name, and `gap` what is not stated yet, a sentence; `remedy` is what staff can do then. `pattern` is how one of
    the values is written in a text.
    """

    key: str
    label: str | Promise
    collect: Callable[[], Any]
    template: str
    known_values: Callable[[Any], Mapping[str, Any]] = lambda _data: {}
    pattern: Callable[[str], str] = as_written
    gap: Callable[[Any], str] = lambda _data: ""
    remedy: str | Promise = ""


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


def entries(data: Any) -> list[dict[str, Any]]:
    """Return the entries of a fact that is a list; none of data in another form."""
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []


def known_values(key: str, data: Any) -> list[KnownValue]:
    """Return the values in a fact's data that a text might repeat, in the site's language."""
    fact = get(key)
    with translation.override(settings.LANGUAGE_CODE):
        found = fact.known_values(data) if fact else {}
    spaced = {name: " ".join(value.split()) for name, value in found.items() if isinstance(value, str)}
    return [KnownValue(key, name, value) for name, value in spaced.items() if _CAN_BE_FOUND.match(value)]


def gaps(stated: Mapping[str, Any]) -> list[str]:
    """Return what facts (key → data) do not state yet, and where staff can state it, a sentence or two for each."""
    found = ((fact, fact.gap(stated[key])) for key, fact in facts().items() if key in stated)
    return [f"{words} {fact.remedy}" for fact, words in found if words]


def stated_now(state: Callable[[str], Any] = state) -> list[KnownValue]:
    """Return the values of all facts as they stand now."""
    return [known for key in facts() for known in known_values(key, state(key))]


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
