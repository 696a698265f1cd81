"""Who runs on this site's data: each web process and worker holds a lock that ends with it, however it ends.

The lock is a file beside the private files, which all processes of a site share. So a restore sees them, and none
starts during one.
"""

import fcntl
import os
from contextlib import suppress

from django.core.management import CommandError

from config.backup import places

_kept: list[int] = []  # descriptors, open as long as the process lives


class InUseError(CommandError):
    """Somebody works with the site's data, so that nobody else can now."""


def keep() -> None:
    """Show that this process works with the site's data. Raises InUseError while a restore replaces them."""
    with suppress(OSError):  # a folder that is read only: the database still tells who is connected
        _kept.append(lock(fcntl.LOCK_SH))


def lock(kind: int) -> int:
    """Take the lock, until the descriptor is closed.

    Raises InUseError where others hold one that excludes it, and after a restore that was killed halfway.
    """
    folder = places.roots()["private"]
    folder.mkdir(parents=True, exist_ok=True)
    is_alone = kind == fcntl.LOCK_EX
    access = os.O_RDWR if is_alone else os.O_RDONLY  # another account may have made the file
    descriptor = os.open(folder / ".in-use", access | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        who = "a web process, a worker, a backup or another restore" if is_alone else "a restore"
        raise InUseError(f"{who} is running") from None
    if not is_alone and (words := places.interrupted()):
        os.close(descriptor)
        raise InUseError(words)
    return descriptor
