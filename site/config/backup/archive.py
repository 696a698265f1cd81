"""The file of a backup: a tar archive, encrypted. First what it holds, then rows, then files; written as a stream.

A new file gets its name when it is complete and on the disk. An existing one is read to its end before it is used.
"""

import fcntl
import io
import json
import os
import secrets
import shutil
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, cast

from django.conf import settings
from django.db import DatabaseError, connection
from tqdm import tqdm

from config.backup import age, in_use, places, tables
from policies.ledger import heads

FORMAT = 1
CONTENTS = "contents.json"
_LEAST_PASSPHRASE = 16  # characters
_UNKNOWN = "it holds what a backup of this release does not"


class BackupError(Exception):
    """A backup that cannot be made or used; the words say why."""


def passphrase() -> str:
    if not settings.BACKUP_PASSPHRASE:
        raise BackupError("BACKUP_PASSPHRASE is not set: .env.example says what it is for.")
    return settings.BACKUP_PASSPHRASE


def said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error).strip().partition("\n")[0].rstrip(".")


# --- Writing ---------------------------------------------------------------------------------------------
def write(path: Path, *, now: datetime, is_quiet: bool) -> tuple[int, list[str]]:
    """Write a backup; return its size, and what is to be known of it.

    Raises BackupError or, while a restore runs, InUseError. Then no file is left, or the one that was there.
    """
    if len(secret := passphrase()) < _LEAST_PASSPHRASE:
        raise BackupError(f"BACKUP_PASSPHRASE must have at least {_LEAST_PASSPHRASE} characters.")
    _check_target(path)
    for root in places.roots().values():
        if not root.is_dir():
            raise BackupError(f"{path} was not written: the folder {root} does not exist.")
        if path.resolve().is_relative_to(root.resolve()):
            raise BackupError(f"{path} lies in a folder that is backed up: name another place.")
    links: list[Path] = []
    try:
        with (
            os.fdopen(in_use.lock(fcntl.LOCK_SH)),
            _new_file(path) as file,
            tqdm.wrapattr(
                file,
                "write",
                desc="Writing",
                unit="B",
                unit_scale=True,
                miniters=1,
                leave=False,
                disable=is_quiet,
            ) as counted,
        ):
            encrypted = age.Writer(cast("BinaryIO", counted), secret)
            with tarfile.open(fileobj=cast("Any", encrypted), mode="w|", format=tarfile.PAX_FORMAT) as tar:
                _write_rows(tar, now)
                for name, root in places.roots().items():
                    links += _write_files(tar, name, root)
            encrypted.finish()
            size = file.tell()
    except (OSError, DatabaseError) as error:
        raise BackupError(f"{path} was not written, and nothing is left of it: {said(error)}.") from error
    remarks = [f"{link} is a link: it is not in the backup." for link in links]
    try:
        places.note(now, size)
    except OSError as error:
        remarks.append(f"The dashboard does not know of this backup: {said(error)}.")
    return size, remarks


def _check_target(path: Path) -> None:
    if path.is_dir():
        raise BackupError(f"{path} is a folder: name a file.")
    if not path.parent.is_dir():
        raise BackupError(f"{path} was not written: the folder {path.parent} does not exist.")
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise BackupError(f"{path} is no regular file, and would be replaced by one: name another.")


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_rows(tar: tarfile.TarFile, now: datetime) -> None:
    with tables.snapshot():
        held = tables.describe()
        contents = {
            "format": FORMAT,
            "time": now.isoformat(),
            "site": settings.SITE_URL,
            "database": connection.vendor,
            "migrations": tables.applied(),
            "tables": held,
            "heads": heads.as_document([heads.newest()]),
        }
        _add(tar, CONTENTS, json.dumps(contents, indent=1).encode())
        for name, table in held.items():
            tables.unload(name, table, lambda piece, name=name: _add(tar, f"database/{name}", piece))  # type: ignore[misc]


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _write_files(tar: tarfile.TarFile, name: str, root: Path) -> list[Path]:
    """Return the links, which are left out."""
    links: list[Path] = []
    for folder, folders, files in os.walk(root, onerror=_raise_unless_deleted):
        if Path(folder) == root:  # our own marks
            folders[:] = [one for one in folders if not one.startswith(".")]
        links += [path for one in (*folders, *files) if (path := Path(folder, one)).is_symlink()]
        for path in (Path(folder) / one for one in sorted(files)):
            is_mark = path.parent == root and path.name.startswith(".")
            if is_mark or path.is_symlink() or not path.is_file():
                continue
            with suppress(FileNotFoundError), path.open("rb") as file:  # it may be deleted meanwhile
                entry = tarfile.TarInfo(f"{name}/{path.relative_to(root)}")
                status = os.fstat(file.fileno())
                entry.size, entry.mtime = status.st_size, status.st_mtime
                entry.mode = stat.S_IMODE(status.st_mode)
                tar.addfile(entry, file)
    return links


def _raise_unless_deleted(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


# --- Reading ---------------------------------------------------------------------------------------------
def read(
    path: Path, *, is_quiet: bool, doing: str = "Checking"
) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Yield each entry of a backup, in order. Raises BackupError wherever the file is not what was written."""
    secret = passphrase()
    try:
        with (
            path.open("rb") as file,
            tqdm.wrapattr(
                file,
                "read",
                desc=doing,
                total=path.stat().st_size,
                unit="B",
                unit_scale=True,
                leave=False,
                disable=is_quiet,
            ) as counted,
        ):
            decrypted = io.BufferedReader(age.Reader(cast("BinaryIO", counted), secret))
            with tarfile.open(fileobj=decrypted, mode="r|") as tar:
                for entry in tar:
                    yield tar, entry
            while decrypted.read(age.CHUNK):
                pass
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {said(error)}.") from error
    except (age.UnreadableError, tarfile.TarError) as error:
        raise BackupError(f"{path} cannot be restored: {error}.") from error


def check(path: Path, *, is_quiet: bool) -> dict[str, Any]:
    """Read a backup to its end and return its contents. Raises BackupError for what cannot be restored here."""
    contents: dict[str, Any] = {}
    for tar, entry in read(path, is_quiet=is_quiet):
        if not contents:
            contents = _contents(path, tar, entry)
        else:
            kind, _, name = entry.name.partition("/")
            _check_entry(
                path,
                entry,
                is_known=name in contents["tables"] if kind == "database" else kind in places.roots(),
            )
    if not contents:
        raise BackupError(f"{path} cannot be restored: {_UNKNOWN}.")
    return contents


def _contents(path: Path, tar: tarfile.TarFile, entry: tarfile.TarInfo) -> dict[str, Any]:
    file = tar.extractfile(entry) if entry.name == CONTENTS else None
    contents: dict[str, Any] = {}
    with suppress(ValueError):
        contents = json.load(file) if file else {}
    if not isinstance(contents, dict) or contents.get("format") != FORMAT:
        raise BackupError(f"{path} cannot be restored: it is in a form that this release does not know.")
    if missing := tables.unknown(contents["migrations"]):
        words = f"it was made by a newer release, or with other apps ({missing[0]} is not here)"
        raise BackupError(f"{path} cannot be restored: {words}.")
    return contents


def _check_entry(path: Path, entry: tarfile.TarInfo, *, is_known: bool) -> None:
    name = PurePosixPath(entry.name)
    is_inside = not name.is_absolute() and ".." not in name.parts
    if not (is_known and is_inside and entry.isfile()):
        raise BackupError(f"{path} cannot be restored: {_UNKNOWN}.")


def unpack(tar: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> None:
    """Write a file of a backup, as it was. Debian 12 has Python 3.11.2, whose `tar.extract` knows no filter."""
    file = tar.extractfile(entry)
    assert file, "check has seen that it is a file"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as written:
        shutil.copyfileobj(file, written)
    target.chmod(entry.mode & 0o777)
    os.utime(target, (entry.mtime, entry.mtime))
