"""Locks that are waited for with an end."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from typing import IO, Any

from django.db import Error, connection


def keep_trying(lock: Callable[[], bool], *, seconds: float, every: float = 0.005) -> bool:
    """Return whether locking succeeded in time."""
    deadline = time.monotonic() + seconds
    while not (is_locked := lock()) and time.monotonic() < deadline:
        time.sleep(every)
    return is_locked


def lock_file(file: IO[Any], *, seconds: float) -> None:
    """Lock a file until it is closed. Raises TimeoutError."""
    if not keep_trying(partial(_try, file), seconds=seconds):
        raise TimeoutError(f"Another process holds {file.name}.")


def _try(file: IO[Any]) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


@contextmanager
def alone(name: str, *, seconds: float, file: str = "lock") -> Iterator[None]:
    """Hold a lock of all processes on this database. It opens no transaction, and ends with its process at the latest.

    On SQLite all names with the same file, which lies beside the database, are one lock. Raises TimeoutError.
    """
    if connection.vendor == "postgresql":
        key = _key(name)
        if not keep_trying(partial(_ask, "pg_try_advisory_lock", key), seconds=seconds, every=0.05):
            raise TimeoutError(f"Another process holds {name}.")
        try:
            yield
        finally:
            with suppress(Error):  # the connection is lost, and the lock with it
                _ask("pg_advisory_unlock", key)
    elif connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite has it; a test
        yield
    else:
        with open(f"{connection.settings_dict['NAME']}.{file}", opener=_read_only) as opened:
            lock_file(opened, seconds=seconds)
            yield


def hold_until_commit(name: str) -> None:
    """Wait for a lock of all processes on this database that ends with the transaction, which must be open.

    On SQLite the transaction itself is the lock.
    """
    if connection.vendor == "postgresql":
        _ask("pg_advisory_xact_lock", _key(name))


def _key(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)


def _ask(function: str, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [key])
        return bool(cursor.fetchone()[0])


def _read_only(path: str, _flags: int) -> int:
    """Open a file that another account may have made."""
    return os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
