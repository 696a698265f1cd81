"""Recomputes the ledger and holds every record against its entry.

What it shows: each record is what it was when its entry was sealed, and none came or went unsaid; a sealed entry was
made between two heads. What it cannot show: that what was entered was true, and anything of entries not yet sealed.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Exists, Max, OuterRef

from policies.ledger import encoding, entries, merkle
from policies.models.ledger import LedgeredModel, LedgerEntry, LedgerHead, LedgerStatement

Type = LedgerStatement.Type
LATEST = timedelta(hours=1)  # by which an entry must be sealed; and by how much clocks may differ
_WRONG_TIME = timedelta(days=1)  # no clock of a server is wrong by so much
_SAME_TIME = timedelta(minutes=1)  # what lies between two readings of the clock in one request
_SHORTEST_RETENTION = timedelta(days=7)  # of messages, see forms.FormPage.keep_days
_CHUNK = 2000  # rows read from the database at once
# SQLite takes any value in any column; what cannot be read as what it should be ends in one of these.
UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, RecursionError, KeyError)
LEDGER = "ledger"
_Row = tuple[int | None, str, str, datetime]
_ROW = ("position", "leaf_sha256", "kind", "time")
_SHOWN = 100  # findings about one thing: more of them tell nothing more


class Level(IntEnum):
    """How bad a finding is."""

    NOTE = 0
    WARNING = 1
    DAMAGE = 2


@dataclass(frozen=True)
class Finding:
    """What was found, and what it is about."""

    about: str
    words: str
    level: Level = Level.DAMAGE


def findings(*, now: datetime, on_read: Callable[[], object] = lambda: None) -> Iterator[Finding]:
    """Yield what is wrong with the ledger, and with each record that is entered in it.

    What is entered, sealed or removed while one reads can look like damage: look twice.
    """
    kinds = entries.kinds()
    yield from _readable(LEDGER, _heads(now))
    yield from _readable(LEDGER, _strangers(kinds))
    for kind, model in kinds.items():
        yield from _readable(f"{kind} records", _records(kind, model, on_read))
        yield from _readable(f"{kind} records", _missing(kind, model, now))


def statements(type_: Type | None = None) -> list[LedgerStatement]:
    """Return what the ledger says of itself, but for what is not what was entered."""
    found = LedgerStatement.objects.select_related("ledger_entry").order_by("pk")
    wanted = found.filter(type=type_) if type_ else found
    return [one for one in wanted if not _record_problem(LedgerStatement.ledger_kind, one)]


def _readable(about: str, found: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from islice(found, _SHOWN)
        if more := sum(1 for _ in found):
            yield Finding(about, f"and {more} more of these")
    except UNREADABLE as error:
        yield Finding(about, f"a row cannot be read ({type(error).__name__}: {error})")


def _taken_in() -> dict[str, float]:
    """Return up to which position the entries of a kind were taken in, with times of before the ledger.

    Only the first statement about a kind counts, and only if it was sealed when sealing began: otherwise later records
    could be dated back.
    """
    heads = LedgerHead.objects.filter(number__gt=0).order_by("number")
    begun = heads.values_list(
        "time", flat=True
    ).first()  # all batches that were sealed together have one time
    together = heads.filter(time=begun) if begun else heads
    first = together.aggregate(last=Max("last_position"))["last"] or math.inf
    until: dict[str, float] = {}
    for one in statements(Type.TAKEN_IN):
        position = one.ledger_entry.position or math.inf if one.ledger_entry else math.inf
        for kind in one.content["kinds"] if position <= first else ():
            until.setdefault(kind, position)
    return until


def _strangers(kinds: Iterable[str]) -> Iterator[Finding]:
    """Find entries to which no record can belong, or whose records belong to an app that was taken out."""
    migrated = {label for label, _name in MigrationRecorder(connection).applied_migrations()}
    level = Level.WARNING if migrated - apps.app_configs.keys() else Level.DAMAGE
    for kind in LedgerEntry.objects.exclude(kind__in=kinds).values_list("kind", flat=True).distinct():
        yield Finding(
            LEDGER, f"there are entries of the kind “{kind}”, which nothing on this site has", level
        )


def _heads(now: datetime) -> Iterator[Finding]:
    """Recompute the chain of heads and the tree under each; then look at what none of them seals."""
    taken_in = _taken_in()
    newest = LedgerHead.objects.aggregate(number=Max("number"))["number"]
    sealed = LedgerEntry.objects.exclude(position=None).order_by("position").values_list(*_ROW)
    rows = sealed.iterator(chunk_size=_CHUNK)
    previous: LedgerHead | None = None
    for head in LedgerHead.objects.filter(number__lte=newest or 0).order_by("number").iterator():
        if words := _head_problem(head, previous):
            yield Finding(LEDGER, f"head {head.number}: {words}")
            return  # whatever follows is wrong because of it
        if previous:
            batch = list(islice(rows, head.last_position - previous.last_position))
            if words := _batch_problem(head, batch):
                yield Finding(LEDGER, f"head {head.number}: {words}")
                return
            yield from _wrong_times(batch, previous.time, head.time, taken_in)
        previous = head
    if previous is None:
        yield Finding(LEDGER, "all heads are missing")
        return
    if next(rows, None):
        yield Finding(LEDGER, "there are sealed entries after the newest head: a head is missing")
    if previous.time > now + LATEST:
        yield Finding(LEDGER, f"head {previous.number} is dated in the future", _level(previous.time - now))
    yield from _unsealed(previous, now, taken_in)


def _batch_problem(head: LedgerHead, batch: list[_Row]) -> str:
    size = head.last_position - head.first_position + 1
    if size != len(batch) or any(row[0] != at for at, row in enumerate(batch, start=head.first_position)):
        return "an entry that it seals is missing"
    try:
        root = merkle.root([bytes.fromhex(row[1]) for row in batch]).hex()
    except UNREADABLE as error:
        return f"an entry that it seals cannot be read ({error})"
    return "" if root == head.root_sha256 else "an entry that it seals was changed, moved or exchanged"


def _wrong_times(
    batch: Iterable[_Row], after: datetime, until: datetime, taken_in: dict[str, float]
) -> Iterator[Finding]:
    """Find entries that say another time than the heads around them."""
    for position, _leaf, kind, time in batch:
        wrong = max(after - time, time - until)
        if wrong > LATEST and (position or math.inf) > taken_in.get(kind, 0):
            words = f"the {kind} at position {position or '–'} says {time}, but was entered from {after} to {until}"
            yield Finding(LEDGER, words, _level(wrong))


def _level(wrong: timedelta) -> Level:
    return Level.DAMAGE if wrong > _WRONG_TIME else Level.WARNING


def _head_problem(head: LedgerHead, previous: LedgerHead | None) -> str:
    if head.number != (previous.number + 1 if previous else 0):
        return "the head before it is missing"
    if head.previous_sha256 != (previous.sha256 if previous else ""):
        return "it does not follow the head before"
    if encoding.sha256(encoding.encode(head.content)) != head.sha256:
        return "its hash is not that of its content"
    if previous and (head.first_position != previous.last_position + 1 or head.time < previous.time):
        return "it does not begin where the head before ends"
    return ""


def _unsealed(newest: LedgerHead, now: datetime, taken_in: dict[str, float]) -> Iterator[Finding]:
    waiting = LedgerEntry.objects.filter(position=None)
    if newest.time < now - LATEST and waiting.filter(time__lt=now - LATEST).exists():
        words = "there are entries that wait to be sealed for more than an hour: does the worker run?"
        yield Finding(LEDGER, words, Level.WARNING)
    rows = waiting.order_by("pk").values_list(*_ROW)
    yield from _wrong_times(rows.iterator(chunk_size=_CHUNK), newest.time, max(now, newest.time), taken_in)


def _records(kind: str, model: type[LedgeredModel], on_read: Callable[[], object]) -> Iterator[Finding]:
    """Hold the records of a kind against their entries."""
    lost = model._base_manager.count()
    records = model.ledger_records().select_related("ledger_entry").order_by("pk")
    for record in records.iterator(chunk_size=_CHUNK):
        lost -= 1
        on_read()
        if words := _record_problem(kind, record):
            yield Finding(f"{kind} {record.ledger_name}", words)
    # What names a row that does not exist is left out by the joins above, as it is by the site.
    if lost > 0:
        yield Finding(f"{kind} records", f"{lost} of them name something that does not exist")


def _record_problem(kind: str, record: LedgeredModel) -> str:
    entry = record.ledger_entry
    try:
        if entry is None:
            return "it has no entry in the ledger: it was not made by the site"
        if entry.kind != kind or record.ledger_leaf_sha256(entry.time) != entry.leaf_sha256:
            return "it is not what was entered into the ledger"
        if abs(getattr(record, record.ledger_time) - entry.time) > _SAME_TIME:
            return "its time is not that of its entry in the ledger"
    except UNREADABLE as error:
        return f"it cannot be read ({type(error).__name__}: {error})"
    return ""


def _missing(kind: str, model: type[LedgeredModel], now: datetime) -> Iterator[Finding]:
    """Hold the entries of a kind without a record against what the ledger says of records that went."""
    there = model._base_manager.filter(ledger_entry=OuterRef("pk"))
    gone = LedgerEntry.objects.filter(~Exists(there), kind=kind).values_list("leaf_sha256", "time")
    went = [
        one.content
        for one in statements()
        if one.type in model.ledger_departures and one.content.get("kind") == kind
    ]
    removed = {content["leaf"] for content in went if "leaf" in content}
    cut_offs = [content for content in went if "count" in content and _is_possible(content, now)]
    until = max((content["before"] for content in cut_offs), default="")
    expired = 0
    for leaf, time in gone.iterator(chunk_size=_CHUNK):
        if leaf not in removed and encoding.timestamp(time) < until:
            expired += 1
        elif leaf not in removed:
            yield Finding(f"{kind} records", f"one of {time} is missing; its entry is {leaf[:16]}…")
    if expired != (counted := sum(content["count"] for content in cut_offs)):
        words = (
            f"{expired} old ones are gone, but {counted} were removed at the end of their retention period"
        )
        yield Finding(f"{kind} records", words)


def _is_possible(cut_off: dict[str, Any], now: datetime) -> bool:
    """Return whether a run of the retention can have said so: no period is shorter than a week."""
    count, before = cut_off["count"], datetime.fromisoformat(cut_off["before"])
    return type(count) is int and count > 0 and before <= now - _SHORTEST_RETENTION
