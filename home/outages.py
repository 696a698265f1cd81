"""What passes by itself: a database or a disk that does not do its job at the moment. All else is our mistake."""

import errno

from django.db import InterfaceError, InternalError, OperationalError

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
_READ_ONLY = "25006"  # what PostgreSQL says where a host made it read-only, as many do when its disk is full


def is_outage(error: BaseException | None) -> bool:
    """Return whether an exception will not come again once the database or the disk is back."""
    if isinstance(error, OSError):
        return error.errno in _OF_DISKS
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "pgcode", None) == _READ_ONLY
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    name: str | None = getattr(error.__cause__, "sqlite_errorname", None)
    return name is None or name.startswith(_OF_SQLITE)
