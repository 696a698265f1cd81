"""Puts a site back as it was when a backup was made: all of it, or nothing, as long as the process is not killed.

The file is read to its end before anything changes. Then rows come in one transaction, and files beside those that are
there; both are exchanged at the end, files first. What must be done again since that time, apps contribute by hook.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.cache import caches
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from config.backup import archive, in_use, places, tables
from config.backup.archive import BackupError
from config.backup.in_use import InUseError
from home.hooks import collect
from policies.ledger import heads
from policies.models.ledger import LedgerHead

_NEW, _OLD, _REPLACED = ".restoring", places.BEFORE_RESTORE, ".replaced"
Step = Callable[[datetime], object]


def contributed_steps() -> list[Step]:
    """Return what apps do again after a restore, given the time of the backup: erasures since then, for example."""
    return collect("register_restore_steps")


def restore(
    path: Path, *, outside: list[dict[str, Any]], is_quiet: bool
) -> tuple[datetime, LedgerHead | None, list[str]]:
    """Put the site back.

    Return the time of the backup, its last head where the ledger says what was lost, and what failed after all that.
    Raises BackupError or InUseError, and then nothing has changed.
    """
    contents = archive.check(path, is_quiet=is_quiet)
    made_at = datetime.fromisoformat(contents["time"])
    with alone():
        _empty_caches()
        with _unpacking() as exchange, _one_transaction(path):
            before = _present_heads()
            _load(path, contents, is_quiet=is_quiet)
            last = _say_what_was_lost(outside, before)
            for step in contributed_steps():
                step(made_at)
            exchange()
        failed = [*_failures(_delete_replaced), *_failures(places.note, made_at, path.stat().st_size)]
        failed += _failures(call_command, "update_index", verbosity=0)
    return made_at, last, failed


def _failures(do: Callable[..., object], *arguments: object, **options: object) -> Iterator[str]:
    try:
        do(*arguments, **options)
    except (OSError, DatabaseError) as error:
        yield archive.said(error)


def _empty_caches() -> None:
    try:
        for name in caches.settings:
            caches[name].clear()
    except Exception as error:
        raise BackupError(f"The cache does not answer, so nothing was changed: {error}.") from error


@contextmanager
def _one_transaction(path: Path) -> Iterator[None]:
    connection.disable_constraint_checking()  # SQLite: outside of a transaction only
    try:
        with transaction.atomic():
            yield
    except (DatabaseError, OSError, ValueError) as error:
        raise BackupError(
            f"{path} was not restored, and nothing was changed: {archive.said(error)}"
        ) from error
    finally:
        connection.enable_constraint_checking()


@contextmanager
def alone() -> Iterator[None]:
    """Keep all others out. Raises InUseError while there are any."""
    lock = in_use.lock(fcntl.LOCK_EX)
    try:
        try:
            count = tables.others()
        except OperationalError as error:
            if "locked" not in str(error):
                words = f"The database does not answer, so nothing was changed: {archive.said(error)}"
                raise BackupError(words) from error
            raise InUseError("another process has the database open") from None
        if count:
            raise InUseError(f"{count} other connection(s) to the database are open")
        yield
    finally:
        connection.close()  # with what was set for this
        os.close(lock)


def _load(path: Path, contents: dict[str, Any], *, is_quiet: bool) -> None:
    tables.empty(contents["migrations"])
    for tar, entry in archive.read(path, is_quiet=is_quiet, doing="Restoring"):
        kind, _, name = entry.name.partition("/")
        if kind == "database":
            file = tar.extractfile(entry)
            assert file, "archive.check has seen that it is a file"
            tables.load(name, contents["tables"][name], file)  # type: ignore[arg-type]  # what tarfile gives can be read
        elif name:
            archive.unpack(tar, entry, places.roots()[kind] / _NEW / name)
    tables.finish(contents["tables"])
    call_command("migrate", interactive=False, verbosity=0)
    if heads.as_document([heads.newest()]) != contents["heads"]:
        raise BackupError(
            f"{path} was not restored, and nothing was changed: the ledger is not that of its contents."
        )


# --- The ledger ------------------------------------------------------------------------------------------
def _present_heads() -> list[dict[str, Any]]:
    """Return the first and the newest head of the database that goes."""
    if LedgerHead._meta.db_table not in connection.introspection.table_names():
        return []
    here = LedgerHead.objects.filter(number__gt=0).order_by("number")
    return heads.as_document(filter(None, (here.first(), here.last())))["heads"]


def _say_what_was_lost(outside: list[dict[str, Any]], before: list[dict[str, Any]]) -> LedgerHead | None:
    """Seal the newest head that is lost, of those from outside and, if it was the same ledger, from before."""
    if before and LedgerHead.objects.filter(number=before[0]["number"], sha256=before[0]["sha256"]).exists():
        outside = [*outside, before[-1]]
    lost = max(outside, key=lambda head: head["number"], default=None)
    if lost is None or LedgerHead.objects.filter(number=lost["number"], sha256=lost["sha256"]).exists():
        return None
    return heads.restored([lost], now=timezone.now())


# --- Files -----------------------------------------------------------------------------------------------
@contextmanager
def _unpacking() -> Iterator[Callable[[], None]]:
    """Give a place beside the files that are there, and what exchanges the two; put all back if that fails."""
    if words := places.interrupted():
        raise BackupError(f"Nothing was changed: {words}.")
    roots = places.roots().values()
    with ExitStack() as undo:
        for root in roots:
            for left in (_NEW, _REPLACED):
                shutil.rmtree(root / left, ignore_errors=True)
            (root / _NEW).mkdir(parents=True)
            undo.callback(shutil.rmtree, root / _NEW, ignore_errors=True)

        def exchange() -> None:
            for root in roots:
                (root / _OLD).mkdir()
                undo.callback((root / _OLD).rmdir)  # refused while anything is in it
                _move(root, root / _OLD, undo)
                _move(root / _NEW, root, undo)

        yield exchange
        undo.pop_all()


def _delete_replaced() -> None:
    roots = places.roots().values()
    for root in roots:  # at once: from now on, nobody must put it back
        (root / _OLD).rename(root / _REPLACED)
    for root in roots:
        shutil.rmtree(root / _NEW)
        shutil.rmtree(root / _REPLACED)


def _move(source: Path, target: Path, undo: ExitStack) -> None:
    for path in [one for one in source.iterdir() if not one.name.startswith(".")]:
        path.rename(target / path.name)
        undo.callback((target / path.name).rename, path)
