"""Keeps a copy of the migrated SQLite database under `var/tests/`, so that tests start in a second and not in ten.

A copy is used only by the migrations, packages, settings and roles that made it; what apps do after every `migrate`
(rights, groups) is done anew each time. It never touches another database than the one that tests run on; on
PostgreSQL every migration runs.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var/tests"


def fingerprint(root: Path = ROOT) -> str:
    """Return a name for everything that decides what the migrations make."""
    digest = hashlib.sha256(f"{settings.LANGUAGE_CODE} {settings.INSTALLED_APPS}".encode())
    for path in _sources(root):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(root: Path) -> Iterable[Path]:
    migrations = (path for path in root.glob("*/migrations/*.py") if path.name != "__init__.py")
    settings_files = root.glob("site/config/settings/*.py")
    groups = (
        *root.glob("site/config/roles.py"),
        *root.glob("policies/review_workflow.py"),
    )  # made once, never touched
    return sorted([root / "requirements.txt", *migrations, *settings_files, *groups])


class MigrateFromCopy(migrate.Command):
    """Django's `migrate`, which fills an empty SQLite from the copy and makes the copy where there is none."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "sqlite" or connection.introspection.table_names():
            super().handle(*args, **options)
            return
        copy = FOLDER / f"{fingerprint()}.sqlite3"
        if copy.exists():
            with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as source:
                source.backup(connection.connection)
            emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)
        else:
            super().handle(*args, **options)
            _keep(connection.connection, copy)


def _keep(database: sqlite3.Connection, copy: Path) -> None:
    """Write the copy under another name first: tests that run side by side may all be writing it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in set(FOLDER.glob("*.sqlite3")) - {copy}:
        old.unlink(missing_ok=True)
    partial = FOLDER / f"{os.getpid()}.partial"
    with closing(sqlite3.connect(partial)) as target:
        database.backup(target)
    partial.replace(copy)


@contextmanager
def migrating_from_copy() -> Iterator[None]:
    """Let `migrate` use the copy as long as this lasts."""
    original = migrate.Command
    migrate.Command = MigrateFromCopy
    try:
        yield
    finally:
        migrate.Command = original
