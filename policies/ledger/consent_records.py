"""Compares the records of consent with the versions that visitors were shown.

No hash covers a record. But one covers the version that it names, which limits what a choice can look like and when it
can have been made. So a changed record is found if it no longer fits its version. A record that was changed so that it
fits, made up, or removed is not found. Records and versions are read once: two queries.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef

from policies.consent import notices
from policies.models import ConsentRecord, PolicyVersion

_CHUNK = 2000  # records read from the database at once
_A_DAY = timedelta(days=1)
_A_SECOND = timedelta(seconds=1)  # records are as exact as the cookie
# Publishing takes its time between the hour that it notes and the moment that visitors see it.
_UNTIL_SEEN = timedelta(minutes=5)
_FIELDS = ("public_id", "notice_version_id", "created_at", "expires_at", "choices", "method")


@dataclass(frozen=True)
class _Shown:
    """A version of the cookie policy, as far as it limits the choices made under it."""

    number: int
    varnames: frozenset[str]
    begun: datetime | None  # None: withdrawn, so nobody ever saw it in force
    until: datetime | None

    def was_in_force(self, at: datetime) -> bool:
        """Return whether a visitor can have been shown this version then."""
        is_begun = self.begun is not None and self.begun < at + _A_SECOND
        return is_begun and (self.until is None or at < self.until + _UNTIL_SEEN)


def problems(*, now: datetime, on_read: Callable[[], object]) -> Iterator[str]:
    """Describe each record that does not fit the version that it names."""
    named = Exists(ConsentRecord.objects.filter(notice_version=OuterRef("pk")))
    versions = PolicyVersion.objects.filter(named).select_related("withdrawal").with_end()
    shown = {version.pk: _shown(version) for version in versions.iterator(chunk_size=_CHUNK)}
    records = ConsentRecord.objects.order_by("pk").values_list(*_FIELDS)
    for public_id, version_id, *written in records.iterator(chunk_size=_CHUNK):
        version = shown.get(version_id)
        what = _problem(version, now, *written) if version else "the text that was shown is missing"
        if what:
            yield f"record {public_id} is broken: {what}"
        on_read()


def _shown(version: PolicyVersion) -> _Shown:
    facts: Any = version.readable_content.get("facts")
    try:
        offered = [c.varname for c in notices.categories_of(facts) if c.is_offered] if facts["notice"] else []
    except (KeyError, TypeError, AttributeError):  # no cookie policy, or a record that is broken itself
        offered = []
    begun = version.effective_at if not version.is_withdrawn else None
    return _Shown(version.number, frozenset(offered), begun, version.valid_until)


def _problem(
    shown: _Shown, now: datetime, created_at: datetime, expires_at: datetime, choices: Any, method: str
) -> str:
    if not shown.varnames or not isinstance(choices, dict) or choices.keys() != shown.varnames:
        return f"its categories are not those that version {shown.number} offered"
    states = list(choices.values())
    if not all(isinstance(state, bool) for state in states):
        return "a choice is neither yes nor no"
    methods = ConsentRecord.Method
    fits: dict[str, bool] = {methods.ALL: all(states), methods.NONE: not any(states), methods.CHOSEN: True}
    if not fits.get(method):
        return "its choices are not what its way of choosing gives"
    if created_at > now or not shown.was_in_force(created_at):
        return f"version {shown.number} was not in force when it was made"
    kept = expires_at - created_at
    return "" if kept >= _A_DAY and not kept % _A_DAY else "it does not hold for whole days"
