"""Enters records into the ledger, and what becomes of them. Record and entry are written in one transaction.

There is no lock: visitors never wait for each other. Positions come later, see `sealing`.
"""

import secrets
from datetime import datetime
from typing import Any

from home.hooks import collect
from policies.ledger import encoding
from policies.models.ledger import LedgeredModel, LedgerEntry, LedgerStatement

Type = LedgerStatement.Type


def contributed_kinds() -> list[type[LedgeredModel]]:
    """Return the models of all apps whose records are entered."""
    return collect("register_ledger_kinds", key=lambda model: model.ledger_kind)


def kinds() -> dict[str, type[LedgeredModel]]:
    """Return every model whose records are entered, the ledger's own included, by kind."""
    own: list[type[LedgeredModel]] = [LedgerStatement]
    return {model.ledger_kind: model for model in contributed_kinds() + own}


def enter(record: LedgeredModel, *, at: datetime) -> None:
    """Give a new record its entry; the caller saves the record in the same transaction."""
    record.ledger_salt = secrets.token_hex(16)
    record.ledger_entry = LedgerEntry.objects.create(
        kind=record.ledger_kind, time=at, leaf_sha256=record.ledger_leaf_sha256(at)
    )


def cut_off(*, kind: str, before: datetime, count: int, at: datetime) -> None:
    """Say how many records of a kind, recorded before a moment, have just gone at the end of their retention."""
    if count:
        content = {"kind": kind, "before": encoding.timestamp(before), "count": count}
        state(Type.CUT_OFF, content, at=at)


def removed(record: LedgeredModel, *, at: datetime) -> None:
    """Say that a record goes before its time, by hand or because somebody asked for it."""
    entry = record.ledger_entry
    if entry is not None:
        content = {"kind": entry.kind, "leaf": entry.leaf_sha256, "position": entry.position}
        state(Type.REMOVED, content, at=at)


def state(type_: Type, content: dict[str, Any], *, at: datetime) -> LedgerStatement:
    """Enter what the ledger says of itself."""
    statement = LedgerStatement(type=type_, time=at, content=content)
    enter(statement, at=at)
    statement.save()
    return statement
