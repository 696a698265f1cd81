"""Takes records into the ledger that were there before it.

Works on whatever models a migration gives it, and repeats in short what `entries.enter` does. It is no migration:
Django passes over names that begin with an underscore.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.apps.registry import Apps
from django.db import models
from django.utils import timezone

from policies.ledger import encoding, merkle

_CHUNK = 1000  # rows written at once


def begin(apps: Apps) -> None:
    """Write head 0, which seals nothing: the first that others follow."""
    now = timezone.now()
    time = encoding.timestamp(now)
    content = {"number": 0, "first": 1, "last": 0, "root": "", "time": time, "previous": ""}
    apps.get_model("policies", "LedgerHead").objects.create(
        number=0,
        first_position=1,
        last_position=0,
        root_sha256="",
        time=now,
        previous_sha256="",
        sha256=encoding.sha256(encoding.encode(content)),
    )


def take_in(
    apps: Apps,
    records: models.QuerySet[Any],
    *,
    kind: str,
    time: str,
    content: Callable[[Any], dict[str, Any]],
) -> None:
    """Enter all records of a kind. `time` names their field that says when they were made."""
    entry_model = apps.get_model("policies", "LedgerEntry")
    pks = list(records.order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(pks), _CHUNK):
        chunk = list(records.filter(pk__in=pks[at : at + _CHUNK]).order_by("pk"))
        entries = []
        for record in chunk:
            record.ledger_salt = secrets.token_hex(16)
            made = getattr(record, time)
            entries.append(_entry(entry_model, kind, made, record.ledger_salt, content(record)))
        for record, entry in zip(chunk, entry_model.objects.bulk_create(entries), strict=True):
            record.ledger_entry = entry
        type(chunk[0])._base_manager.bulk_update(chunk, ["ledger_entry", "ledger_salt"], batch_size=200)
    if pks:
        say_taken_in(apps, kind, at=timezone.now())


def say_taken_in(apps: Apps, kind: str, *, at: datetime) -> None:
    """Say that the records of a kind which were entered so far were made before; only the first time counts."""
    content, salt = {"kinds": [kind]}, secrets.token_hex(16)
    entry_model = apps.get_model("policies", "LedgerEntry")
    entry = _entry(entry_model, "statement", at, salt, {"type": "taken_in", **content})
    entry.save()
    statements = apps.get_model("policies", "LedgerStatement").objects
    statements.create(type="taken_in", time=at, content=content, ledger_entry=entry, ledger_salt=salt)


def _entry(model: Any, kind: str, time: datetime, salt: str, content: dict[str, Any]) -> Any:
    leaf = {"kind": kind, "time": encoding.timestamp(time), "salt": salt, "content": content}
    return model(kind=kind, time=time, leaf_sha256=merkle.leaf_hash(encoding.encode(leaf).encode()).hex())
