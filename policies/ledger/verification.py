"""Recomputes the ledger and holds every record against its entry.

What it shows: each record is what it was when its entry was sealed, and none came or went unsaid; a sealed entry was
made between two heads. What it cannot show: that what was entered was true, and anything of entries not yet sealed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef

from policies.ledger import encoding, entries, merkle
from policies.models.ledger import LedgeredModel, LedgerEntry, LedgerHead, LedgerStatement

Type = LedgerStatement.Type
LATEST = timedelta(hours=1)  # by which an entry must be sealed; and by how much clocks may differ
_WRONG_TIME = timedelta(days=1)  # no clock of a server is wrong by so much
_CHUNK = 2000  # rows read from the database at once
# SQLite takes any value in any column; what cannot be read as what it should be ends in one of these.
UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, RecursionError, KeyError)
LEDGER = "ledger"
_Row = tuple[int | None, str, str, datetime]  # position, leaf hash, kind, time


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
    """Yield what is wrong with the ledger, and with each record that is entered in it."""
    said = list(LedgerStatement.objects.order_by("pk").select_related("ledger_entry"))
    yield from _heads(now, _taken_in(said))
    yield from _unsealed(now)
    for kind, model in entries.kinds().items():
        yield from _records(kind, model, on_read)
        yield from _missing(kind, model, [one.content for one in said if one.content.get("kind") == kind])


def _taken_in(said: Iterable[LedgerStatement]) -> dict[str, int]:
    """Return up to which position the entries of a kind were taken in, with times of before the ledger."""
    until: dict[str, int] = {}
    for one in said:
        if one.type == Type.TAKEN_IN and one.ledger_entry and one.ledger_entry.position:
            until |= dict.fromkeys(one.content["kinds"], one.ledger_entry.position)
    return until


def _heads(now: datetime, taken_in: dict[str, int]) -> Iterator[Finding]:
    """Recompute the chain of heads and the tree under each."""
    sealed = LedgerEntry.objects.exclude(position=None).order_by("position")
    rows = sealed.values_list("position", "leaf_sha256", "kind", "time").iterator(chunk_size=_CHUNK)
    previous: LedgerHead | None = None
    for head in LedgerHead.objects.order_by("number"):
        if words := _head_problem(head, previous, now):
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
    if next(rows, None):
        yield Finding(LEDGER, "there are sealed entries after the newest head: a head is missing")


def _batch_problem(head: LedgerHead, batch: list[_Row]) -> str:
    if [row[0] for row in batch] != list(range(head.first_position, head.last_position + 1)):
        return "an entry that it seals is missing"
    try:
        root = merkle.root([bytes.fromhex(row[1]) for row in batch]).hex()
    except UNREADABLE as error:
        return f"an entry that it seals cannot be read ({error})"
    return "" if root == head.root_sha256 else "an entry that it seals was changed, moved or exchanged"


def _wrong_times(
    batch: list[_Row], after: datetime, until: datetime, taken_in: dict[str, int]
) -> Iterator[Finding]:
    """Find entries that say another time than the heads around them."""
    for position, _leaf, kind, time in batch:
        wrong = max(after - time, time - until)
        if wrong > LATEST and (position or 0) > taken_in.get(kind, 0):
            words = (
                f"the {kind} at position {position} says {time}, but was entered between {after} and {until}"
            )
            yield Finding(LEDGER, words, Level.DAMAGE if wrong > _WRONG_TIME else Level.WARNING)


def _head_problem(head: LedgerHead, previous: LedgerHead | None, now: datetime) -> str:
    if head.number != (previous.number + 1 if previous else 0):
        return "the head before it is missing"
    if head.previous_sha256 != (previous.sha256 if previous else ""):
        return "it does not follow the head before"
    if encoding.sha256(encoding.encode(head.content)) != head.sha256:
        return "its hash is not that of its content"
    if previous and (head.first_position != previous.last_position + 1 or head.time < previous.time):
        return "it does not begin where the head before ends"
    if head.time > now + LATEST:
        return "it is dated in the future"
    return ""


def _unsealed(now: datetime) -> Iterator[Finding]:
    waiting = LedgerEntry.objects.filter(position=None)
    newest = LedgerHead.objects.order_by("-number").values_list("time", flat=True).first()
    if newest and newest < now - LATEST and waiting.filter(time__lt=now - LATEST).exists():
        words = f"{waiting.count()} entries wait to be sealed for more than an hour: does the worker run?"
        yield Finding(LEDGER, words, Level.WARNING)


def _records(kind: str, model: type[LedgeredModel], on_read: Callable[[], object]) -> Iterator[Finding]:
    """Hold the records of a kind against their entries."""
    records = model.ledger_records().select_related("ledger_entry").order_by("pk")
    for record in records.iterator(chunk_size=_CHUNK):
        on_read()
        try:
            words = _record_problem(kind, record)
        except UNREADABLE as error:
            words = f"it cannot be read ({type(error).__name__}: {error})"
        if words:
            yield Finding(f"{kind} {record.ledger_name}", words)


def _record_problem(kind: str, record: LedgeredModel) -> str:
    entry = record.ledger_entry
    if entry is None:
        return "it has no entry in the ledger: it was not made by the site"
    if entry.kind != kind or record.ledger_leaf_sha256(entry.time) != entry.leaf_sha256:
        return "it is not what was entered into the ledger"
    return ""


def _missing(kind: str, model: type[LedgeredModel], said: list[dict[str, Any]]) -> Iterator[Finding]:
    """Hold the entries of a kind without a record against what the ledger says of records that went."""
    there = model._base_manager.filter(ledger_entry=OuterRef("pk"))
    gone = LedgerEntry.objects.filter(~Exists(there), kind=kind).values_list("leaf_sha256", "time")
    removed = {content["leaf"] for content in said if "leaf" in content}
    until = max((content["before"] for content in said if "count" in content), default="")
    expired = 0
    for leaf, time in gone.iterator(chunk_size=_CHUNK):
        if leaf not in removed and encoding.timestamp(time) < until:
            expired += 1
        elif leaf not in removed:
            yield Finding(f"{kind} records", f"one of {time} is missing; its entry is {leaf[:16]}…")
    counted = sum(content["count"] for content in said if "count" in content)
    if expired != counted:
        words = (
            f"{expired} old ones are gone, but {counted} were removed at the end of their retention period"
        )
        yield Finding(f"{kind} records", words)
