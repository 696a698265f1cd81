"""The register of personal data: where it is, why, how long it is kept, how to export it and how to erase it.

Every app that stores personal data contributes an entry for each of its tables by hook (the top layer does for
tables of third-party apps). The privacy policy prints this register; `housekeeping` enforces its periods; the
command `personal_data` answers a person's request with it. The policy, the deletion and the answer share one list.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from home.email_addresses import folded
from home.hooks import collect
from policies.facts import registry
from policies.facts.registry import Fact

Export = Callable[[str], Iterable[dict[str, Any]]]
Erase = Callable[[str], int]
Expire = Callable[[datetime], int]
Replace = Callable[[], object]


class People(models.TextChoices):
    """Whose data they are, for the record of processing."""

    VISITORS = "visitors", _("Visitors of the site")
    WRITERS = "writers", _("People who write to us")
    CUSTOMERS = "customers", _("Customers, and whoever they order for")
    STAFF = "staff", _("Staff")


@dataclass(frozen=True)
class PersonalData:
    """One kind of personal data.

    `keep` is how long it is kept after it was collected (None: until the account or the purpose ends); `expire`
    removes what has been kept that long now (UTC) and returns how many rows; `export` and `erase` take an e-mail
    address in any case, and erase returns how many rows it changed. Where nothing links the data to one (or the law
    requires it to stay), they are None, and `note` says why. `replace` leaves nothing real of anybody, for a staging
    site: it writes invented data over all of it, or deletes it. `people` is whose data they are.
    """

    key: str
    label: str | Promise
    what: str | Promise
    purpose: str | Promise
    keep: Callable[[], timedelta | None]
    export: Export | None = None
    erase: Erase | None = None
    expire: Expire | None = None
    replace: Replace | None = None
    people: tuple[People, ...] = ()
    note: str | Promise = ""


def nothing() -> None:
    """Leave what names nobody, or goes with the data of another entry: a `replace`."""


def registered() -> list[PersonalData]:
    """Return every kind of personal data that an app contributes, by key."""
    found: list[PersonalData] = collect("register_personal_data", key=lambda entry: entry.key)
    return sorted(found, key=lambda entry: entry.key)


def export(email: str) -> dict[str, list[dict[str, Any]]]:
    """Return what is held about an e-mail address: key → rows of plain data."""
    found = {entry.key: list(entry.export(email)) for entry in registered() if entry.export}
    return {key: rows for key, rows in found.items() if rows}


def erase(email: str) -> dict[str, int]:
    """Erase or anonymise what is held about an e-mail address; return key → rows changed."""
    return {entry.key: entry.erase(email) for entry in registered() if entry.erase}


def mentions(text: str, email: str) -> bool:
    """Return whether a text holds exactly this e-mail address (`home.email_addresses`): not as a part of another."""
    pattern = rf"(?<![\w.+%-]){re.escape(folded(email))}(?![\w-]|\.\w)"
    lowered = "".join(letter.lower() if letter.isascii() else letter for letter in text)
    return re.search(pattern, lowered if email.isascii() else text) is not None


def as_fact() -> list[dict[str, Any]]:
    """Describe the register for the privacy policy: plain data, periods in days (None: until the purpose ends)."""
    return [
        {
            "key": entry.key,
            "label": str(entry.label),
            "what": str(entry.what),
            "purpose": str(entry.purpose),
            "days": keep.days if (keep := entry.keep()) is not None else None,
        }
        for entry in registered()
    ]


# A period is one of keeping where its sentence speaks of that: "30 days" to send goods back are another thing.
_KEEPING = r"\b(?:keep|kept|stor|retain|hold|held|delet|eras|clear|anonym|aufbewahr|gespeichert|speicher|(?:ge)?lösch)"
_UNITS = ((1, "days?|Tage?n?"), (30.44, "months?|Monate?n?"), (365.25, "years?|Jahre?n?"))  # days in each
_LEAP_DAYS = 3  # 3650 and 3653 days are ten years
_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()


def known_periods(data: Any) -> dict[str, Any]:
    """Return how long each kind of data is kept, in words."""
    found = {str(entry.get("key")): entry.get("days") for entry in registry.entries(data)}
    kept = {name: days for name, days in found.items() if type(days) is int}
    return {name: ngettext("%(days)s day", "%(days)s days", n) % {"days": n} for name, n in kept.items()}


def period_pattern(value: str) -> str:
    """Return how a text speaks of keeping something that long, in days, months or years."""
    days = int(re.findall(r"-?\d+", value)[0])
    counts = [(round(days / length), length, unit) for length, unit in _UNITS]
    near = [(n, unit) for n, length, unit in counts if n and abs(n * length - days) <= _LEAP_DAYS]
    numbers = [("|".join([str(n), *_NUMBERS[n : n + 1]]), unit) for n, unit in near]
    said = "|".join(rf"(?:{number})\s+(?:{unit})" for number, unit in numbers)
    period = rf"(?<![\w.,-])(?:{said})\b"
    return rf"{_KEEPING}[^.!?]*{period}|{period}[^.!?]*{_KEEPING}"


FACT = Fact(
    "personal_data",
    _("Personal data held, and how long"),
    as_fact,
    "policies/facts/personal_data.html",
    known_values=known_periods,
    pattern=period_pattern,
)
