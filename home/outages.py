"""What passes by itself: a database or a disk that does not do its job at the moment. All else is our mistake."""

import errno

from django.db import InterfaceError, OperationalError

_OF_DISKS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# SQLite calls nearly everything an OperationalError, a table that is missing too.
_OF_SQLITE = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_CANTOPEN",
    "SQLITE_READONLY",
)


def is_outage(error: BaseException | None) -> bool:
    """Return whether an exception will not come again once the database or the disk is back."""
    if isinstance(error, OSError):
        return error.errno in _OF_DISKS
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    name: str | None = getattr(error.__cause__, "sqlite_errorname", None)
    return name is None or name.startswith(_OF_SQLITE)
