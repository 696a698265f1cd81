"""Where a site keeps its files, and when its last backup was made. What each web process loads of backups."""

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.core.files.storage import storages

LAST = ".last-backup.json"  # beside the private files
BEFORE_RESTORE = ".before-restore"  # in each folder: what a restore replaces, until its rows are committed


def roots() -> dict[str, Path]:
    """Return the folders of files, by their names in the archive."""
    folders = {"media": storages["default"], "private": storages["private"]}
    return {name: Path(storage.location) for name, storage in folders.items()}  # type: ignore[attr-defined]


def interrupted() -> str:
    """Return what to do after a restore that was killed while it exchanged files; nothing if none was."""
    left = [str(folder) for root in roots().values() if (folder := root / BEFORE_RESTORE).exists()]
    if not left:
        return ""
    return (
        "a restore was interrupted, so database and files may not belong together. Put back what is in "
        f"{' and '.join(left)}: move it one folder up, in place of what has the same name there, and delete the "
        "empty folder. Then restore again"
    )


def note(time: datetime, size: int) -> None:
    """Remember when the last backup was made."""
    path = roots()["private"] / LAST
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"time": time.isoformat(), "size": size}), encoding="utf-8")


def last() -> datetime | None:
    """Return when the last backup was made, if there is one."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return datetime.fromisoformat(json.loads((roots()["private"] / LAST).read_text("utf-8"))["time"])
    return None
