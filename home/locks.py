"""Locks that are waited for with an end."""

import fcntl
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import IO, Any


def keep_trying(lock: Callable[[], bool], *, seconds: float) -> bool:
    """Return whether locking succeeded in time."""
    deadline = time.monotonic() + seconds
    while not (is_locked := lock()) and time.monotonic() < deadline:
        time.sleep(0.005)
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
