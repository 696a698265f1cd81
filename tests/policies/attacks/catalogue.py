"""Attacks on the record by raw SQL: each has a name, what it does, and a word of what the check says of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from policies.ledger import entries
from policies.models import PolicyVersion
from policies.models.ledger import LedgeredModel
from tests.policies.lived_site import LivedSite, version_of
from tests.policies.verifying import sql

Attack = Callable[[LivedSite], object]
NEVER_ENTERED = "no entry in the ledger"
CHANGED = "not what was entered"
IS_GONE = "is missing; its entry is"
DATED_BACK = "but was entered from"


@dataclass(frozen=True)
class Case:
    """An attack, and a word of what the check says of it.

    `again`: another one sends the same statements with other values, so it runs on SQLite only.
    """

    name: str
    attack: Attack
    said: str
    again: bool


class Attacks(list[Case]):
    """The attacks on one subject."""

    def add(self, said: str, *, again: bool = False) -> Callable[[Attack], Attack]:
        """Add a function, under its name."""

        def add(function: Attack) -> Attack:
            self.append(Case(function.__name__, function, said, again))
            return function

        return add

    def add_sql(self, name: str, said: str, *statements: str, again: bool = False) -> None:
        """Add an attack that is plain SQL."""

        def attack(_site: LivedSite) -> None:
            for statement in statements:
                must_change(statement)

        self.append(Case(name, attack, said, again))


def must_change(statement: str, *values: object) -> None:
    assert sql(statement, *values), "the attack changed nothing"


def moment(time: datetime) -> object:
    return connection.ops.adapt_datetimefield_value(time)


def inserted(row: LedgeredModel, *, at: datetime | None) -> None:
    if at is not None:
        entries.enter(row, at=at)
    type(row)._base_manager.bulk_create([row])


def in_force(site: LivedSite) -> PolicyVersion:
    version = site.rules.policy.in_force()
    assert version.number == 2
    return version


def newest(site: LivedSite) -> PolicyVersion:
    return version_of(site.rules, 4)


def entry_of(record: LedgeredModel) -> int:
    assert record.ledger_entry is not None
    return record.ledger_entry.pk
