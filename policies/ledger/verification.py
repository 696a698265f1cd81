"""Recomputes the ledger and holds every record against its entry.

What it shows: each record is what it was when its entry was sealed, and none came or went unsaid; a sealed entry was
made between two heads. What it cannot show: that what was entered was true, and anything of entries not yet sealed.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import islice

from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from policies.ledger import encoding, entries, merkle
from policies.models.ledger import LedgeredModel, LedgerEntry, LedgerHead, LedgerStatement

Type = LedgerStatement.Type
MAX_DELAY = timedelta(hours=1)  # by which an entry must be sealed; and by how much clocks may differ
_WRONG_TIME = timedelta(days=1)  # no clock of a server is wrong by so much
_SAME_TIME = timedelta(minutes=1)  # what lies between two readings of the clock in one request
_SHORTEST_RETENTION = timedelta(days=7)  # of messages, see forms.FormPage.keep_days
_APPS = {"acceptance": "store", "message": "forms"}  # whose records stay behind when the app is taken out
_CHUNK = 2000  # rows read from the database at once
# SQLite takes any value in any column; what cannot be read as what it should be ends in one of these.
UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, RecursionError, KeyError)
_Row = tuple[int | None, str, str, datetime]
_ROW = ("position", "leaf_sha256", "kind", "time")
_MAX_SHOWN = 100  # findings about one thing: more of them tell nothing more


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
    is_mailed: bool = False  # although it is no damage


def about_ledger(words: str, level: Level = Level.DAMAGE) -> Finding:
    return Finding(_("ledger"), words, level)


def in_words(moment: datetime) -> str:
    """Return a moment as findings name it: in the site's time zone."""
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _about(kind: str) -> str:
    return _("%(kind)s records") % {"kind": kind}


def findings(*, now: datetime, on_read: Callable[[], object] = lambda: None) -> Iterator[Finding]:
    """Yield what is wrong with the ledger, and with each record that is entered in it.

    What is entered, sealed or removed while one reads can look like damage: look twice.
    """
    kinds = entries.kinds()
    yield from _readable(_("ledger"), _heads(now))
    yield from _readable(_("ledger"), _unknown_kinds(kinds))
    for kind, model in kinds.items():
        yield from _readable(_about(kind), _records(kind, model, on_read))
        yield from _readable(_about(kind), _missing(kind, model))


def statements(type_: Type | None = None) -> list[LedgerStatement]:
    """Return what the ledger says of itself, but for what is not what was entered."""
    found = LedgerStatement.objects.select_related("ledger_entry").order_by("pk")
    wanted = found.filter(type=type_) if type_ else found
    return [one for one in wanted if not _record_problem(LedgerStatement.ledger_kind, one)]


def _readable(about: str, found: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from islice(found, _MAX_SHOWN)
        if more := sum(1 for _more in found):
            yield Finding(about, _("and %(number)s more of these") % {"number": more})
    except UNREADABLE as error:
        yield Finding(about, unreadable(error))


def unreadable(error: Exception) -> str:
    return _("a row cannot be read (%(error)s)") % {"error": f"{type(error).__name__}: {error}"}


def _taken_in() -> dict[str, float]:
    """Return up to which position the entries of a kind were taken in, with times of before the ledger.

    Only the first statement about a kind counts, and only if it was sealed when sealing began: otherwise later records
    could be dated back.
    """
    heads = LedgerHead.objects.filter(number__gt=0).order_by("number")
    begun = heads.values_list("time", flat=True).first()  # that of all batches which were sealed together
    together = heads.filter(time=begun) if begun else heads
    first = together.aggregate(last=Max("last_position"))["last"] or math.inf
    until: dict[str, float] = {}
    for one in statements(Type.TAKEN_IN):
        position = one.ledger_entry.position or math.inf if one.ledger_entry else math.inf
        for kind in one.content["kinds"] if position <= first else ():
            until.setdefault(kind, position)
    return until


def _unknown_kinds(kinds: Iterable[str]) -> Iterator[Finding]:
    """Find entries to which no record can belong, or whose records belong to an app that was taken out."""
    migrated = {label for label, _migration in MigrationRecorder(connection).applied_migrations()}
    taken_out = migrated - apps.app_configs.keys()
    for kind in LedgerEntry.objects.exclude(kind__in=kinds).values_list("kind", flat=True).distinct():
        words = _("there are entries of the kind “%(kind)s”, which nothing on this site has")
        level = Level.WARNING if _APPS.get(kind) in taken_out else Level.DAMAGE
        yield about_ledger(words % {"kind": kind}, level)


def _heads(now: datetime) -> Iterator[Finding]:
    """Recompute the chain of heads and the tree under each; then look at what none of them seals."""
    taken_in = _taken_in()
    newest = LedgerHead.objects.aggregate(number=Max("number"))["number"]
    sealed = LedgerEntry.objects.exclude(position=None).order_by("position").values_list(*_ROW)
    rows = sealed.iterator(chunk_size=_CHUNK)
    previous: LedgerHead | None = None
    stated = hashlib.sha256()
    for head in LedgerHead.objects.filter(number__lte=newest or 0).order_by("number").iterator():
        if words := _head_problem(head, previous):
            yield _about_head(head, words)
            return  # whatever follows is wrong because of it
        if previous:
            batch = list(islice(rows, head.last_position - previous.last_position))
            if words := _batch_problem(head, batch, stated):
                yield _about_head(head, words)
                return
            if head.stated_sha256:
                stated = hashlib.sha256()
            yield from _wrong_times(batch, previous.time, head.time, taken_in)
        previous = head
    if previous is None:
        yield about_ledger(_("all heads are missing"))
        return
    if next(rows, None):
        yield about_ledger(_("there are sealed entries after the newest head: a head is missing"))
    if previous.time > now + MAX_DELAY:
        yield _about_head(previous, _("it is dated in the future"), _level(previous.time - now))
    yield from _unsealed(previous, now, taken_in)


def _about_head(head: LedgerHead, words: str, level: Level = Level.DAMAGE) -> Finding:
    words = _("head %(number)s: %(problem)s") % {"number": head.number, "problem": words}
    return about_ledger(words, level)


def _batch_problem(head: LedgerHead, batch: list[_Row], stated: "hashlib._Hash") -> str:
    size = head.last_position - head.first_position + 1
    if size != len(batch) or any(row[0] != at for at, row in enumerate(batch, start=head.first_position)):
        return _("an entry that it seals is missing")
    try:
        root = merkle.root([bytes.fromhex(row[1]) for row in batch]).hex()
        for position, _leaf, kind, time in batch:
            stated.update(encoding.stated(position, kind, time))
    except UNREADABLE as error:
        return _("an entry that it seals cannot be read (%(error)s)") % {"error": error}
    if root != head.root_sha256:
        return _("an entry that it seals was changed, moved or exchanged")
    if head.stated_sha256 not in {"", stated.hexdigest()}:
        return _("an entry that it seals, or a head before it, has another kind or time now")
    return ""


def _wrong_times(
    batch: Iterable[_Row], after: datetime, until: datetime, taken_in: dict[str, float]
) -> Iterator[Finding]:
    """Find entries that say another time than the heads around them."""
    for position, _leaf, kind, time in batch:
        wrong = max(after - time, time - until)
        if wrong > MAX_DELAY and (position or math.inf) > taken_in.get(kind, 0):
            words = _(
                "the %(kind)s at position %(at)s says %(time)s, but was entered from %(after)s to %(until)s"
            )
            moments = {"time": in_words(time), "after": in_words(after), "until": in_words(until)}
            yield about_ledger(words % {"kind": kind, "at": position or "–", **moments}, _level(wrong))


def _level(wrong: timedelta) -> Level:
    return Level.DAMAGE if wrong > _WRONG_TIME else Level.WARNING


def _head_problem(head: LedgerHead, previous: LedgerHead | None) -> str:
    if head.number != (previous.number + 1 if previous else 0):
        return _("the head before it is missing")
    if head.previous_sha256 != (previous.sha256 if previous else ""):
        return _("it does not follow the head before")
    if encoding.sha256(encoding.encode(head.content)) != head.sha256:
        return _("its hash is not that of its content")
    if previous and (head.first_position != previous.last_position + 1 or head.time < previous.time):
        return _("it does not begin where the head before ends")
    return ""


def _unsealed(newest: LedgerHead, now: datetime, taken_in: dict[str, float]) -> Iterator[Finding]:
    waiting = LedgerEntry.objects.filter(position=None)
    if newest.time < now - MAX_DELAY and waiting.filter(time__lt=now - MAX_DELAY).exists():
        words = _("there are entries that wait to be sealed for more than an hour: does the worker run?")
        yield about_ledger(words, Level.WARNING)
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
        words = _("%(number)s of them name something that does not exist")
        yield Finding(_about(kind), words % {"number": lost})


def _record_problem(kind: str, record: LedgeredModel) -> str:
    entry = record.ledger_entry
    try:
        if entry is None:
            return _("it has no entry in the ledger: it was not made by the site")
        if entry.kind != kind or record.ledger_leaf_sha256(entry.time) != entry.leaf_sha256:
            return _("it is not what was entered into the ledger")
        if abs(getattr(record, record.ledger_time) - entry.time) > _SAME_TIME:
            return _("its time is not that of its entry in the ledger")
    except UNREADABLE as error:
        return unreadable(error)
    return ""


def _missing(kind: str, model: type[LedgeredModel]) -> Iterator[Finding]:
    """Hold the entries of a kind against what the ledger says of records that went."""
    there = Exists(model._base_manager.filter(ledger_entry=OuterRef("pk")))
    entered = LedgerEntry.objects.filter(kind=kind).values_list("leaf_sha256", "time")
    said = [one for one in statements() if one.type in model.ledger_departures]
    went = [one for one in said if one.content.get("kind") == kind]
    removed = {one.content["leaf"] for one in went if "leaf" in one.content}
    cut_offs = [one.content for one in went if "count" in one.content and _is_possible(one)]
    for leaf, time in entered.filter(there, leaf_sha256__in=removed):
        words = _("one of %(time)s is here, but was removed; its entry is %(leaf)s…")
        yield Finding(_about(kind), words % {"time": in_words(time), "leaf": leaf[:16]})
    until = max((content["before"] for content in cut_offs), default="")
    expired = 0
    for leaf, time in entered.filter(~there).iterator(chunk_size=_CHUNK):
        if leaf not in removed and encoding.timestamp(time) < until:
            expired += 1
        elif leaf not in removed:
            words = _("one of %(time)s is missing; its entry is %(leaf)s…")
            yield Finding(_about(kind), words % {"time": in_words(time), "leaf": leaf[:16]})
    if expired != (counted := sum(content["count"] for content in cut_offs)):
        words = _("%(gone)s old ones are gone, but %(removed)s were removed at the end of their retention")
        yield Finding(_about(kind), words % {"gone": expired, "removed": counted})


def _is_possible(cut_off: LedgerStatement) -> bool:
    """Return whether a run of the retention can have said so then: no period is shorter than a week."""
    count, said = cut_off.content["count"], cut_off.content["before"]
    last = encoding.timestamp(cut_off.time - _SHORTEST_RETENTION)
    is_over = encoding.timestamp(datetime.fromisoformat(said)) == said <= last
    return type(count) is int and count > 0 and is_over
