"""The migrated database that tests start from: made quickly, and put back quickly after a test that commits.

A copy is kept under `var/tests/`, so that tests start in a second and not in ten. It is used only by the migrations,
packages, settings and groups that made it; what apps do after every `migrate` (rights, groups) is done anew each time.
No other database than that of the tests is ever touched. `python -m tests.migrated_database` makes the copy beforehand.
"""

import fcntl
import hashlib
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management.commands import flush, migrate
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from programs_for_tests import find_postgresql

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var/tests"
# Groups and the review, which `migrate` makes where they are missing and otherwise leaves alone.
MADE_ONCE = ("site/config/groups.py", "policies/review/workflow.py")


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
    once = [root / name for name in MADE_ONCE]
    return sorted([root / "requirements.txt", *migrations, *settings_files, *once])


class MigrateFromCopy(migrate.Command):
    """Django's `migrate`, which fills an empty database from the copy and makes the copy where there is none."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.introspection.table_names():
            super().handle(*args, **options)
            return
        load, keep, kind = _WAYS[connection.vendor]
        copy = copy_of(kind)
        with _one_at_a_time(kind):
            if not copy.exists():
                super().handle(*args, **options)
                _keep(copy, kind, lambda path: keep(connection, path))
                return
        load(connection, copy)
        emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


def copy_of(kind: str) -> Path:
    """Return where the copy for these settings is kept, if there is one."""
    return FOLDER / f"{settings.SETTINGS_MODULE}-{fingerprint()}.{kind}"


@contextmanager
def _one_at_a_time(kind: str) -> Iterator[None]:
    """Let one of the processes that test side by side make the copy, and the others wait for it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{settings.SETTINGS_MODULE}.{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(copy: Path, kind: str, write: Callable[[Path], None]) -> None:
    for old in set(FOLDER.glob(f"{settings.SETTINGS_MODULE}-*.{kind}")) - {copy}:
        old.unlink(missing_ok=True)
    partial = FOLDER / f"{os.getpid()}.partial"  # whoever is stopped while writing leaves no half of a copy
    write(partial)
    partial.replace(copy)


def _load_sqlite(connection: BaseDatabaseWrapper, copy: Path) -> None:
    with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as source:
        source.backup(connection.connection)


def _keep_sqlite(connection: BaseDatabaseWrapper, copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as target:
        connection.connection.backup(target)


def _load_postgresql(connection: BaseDatabaseWrapper, copy: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(copy.read_text(encoding="utf-8"))
    connection.close()  # the dump has set a search path of its own


def _keep_postgresql(connection: BaseDatabaseWrapper, copy: Path) -> None:
    programs = find_postgresql()
    assert programs
    (_psql, *arguments), environment = connection.client.settings_to_cmd_args_env(
        connection.settings_dict, []
    )
    command = [programs / "pg_dump", "--no-owner", "--inserts", "--rows-per-insert=500", *arguments]
    dump = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **(environment or {})}
    ).stdout
    statements = [line for line in dump.splitlines(keepends=True) if not line.startswith("\\")]  # psql's own
    copy.write_text("".join(statements), encoding="utf-8")


_WAYS = {
    "sqlite": (_load_sqlite, _keep_sqlite, "sqlite3"),
    "postgresql": (_load_postgresql, _keep_postgresql, "postgresql.sql"),
}


class FlushToMigrated(flush.Command):
    """Django's `flush`, which leaves what the migrations had made and not empty tables."""

    put_back: Callable[[], None]

    def handle(self, *args: Any, **options: Any) -> None:
        type(self).put_back()


def remember(connection: BaseDatabaseWrapper) -> None:
    """Take the database as it is for what `flush` puts back."""
    take = {"sqlite": take_sqlite, "postgresql": _take_postgresql}[connection.vendor]
    FlushToMigrated.put_back = staticmethod(take(connection))


def take_sqlite(connection: BaseDatabaseWrapper) -> Callable[[], None]:
    """Take a copy of the database, and return what puts it back."""
    taken = sqlite3.connect(":memory:", check_same_thread=False)
    connection.ensure_connection()
    connection.connection.backup(taken)

    def put_back() -> None:
        connections["default"].ensure_connection()
        taken.backup(connections["default"].connection)

    return put_back


def _take_postgresql(connection: BaseDatabaseWrapper) -> Callable[[], None]:
    steps = ["SET LOCAL session_replication_role = replica"]  # foreign keys are right again at the end
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA migrated")
        for name in connection.introspection.table_names(cursor):
            table, copy = f'"{name}"', f'migrated."{name}"'
            steps.append(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
            cursor.execute(f"CREATE TABLE {copy} AS TABLE {table}")
            if cursor.rowcount:
                steps.append(f"INSERT INTO {table} SELECT * FROM {copy}")  # noqa: S608 - likewise

    def put_back() -> None:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute("; ".join(steps))

    return put_back


@contextmanager
def migrating_from_copy() -> Iterator[None]:
    """Let `migrate` use the copy, and `flush` come back to it, as long as this lasts."""
    originals = migrate.Command, flush.Command
    migrate.Command, flush.Command = MigrateFromCopy, FlushToMigrated
    try:
        yield
    finally:
        migrate.Command, flush.Command = originals


def make_copy() -> None:
    """Make the copy for these settings and this kind of database, where there is none."""
    connection = connections["default"]
    if copy_of(_WAYS[connection.vendor][2]).exists():
        return
    django.setup()
    with migrating_from_copy():
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


if __name__ == "__main__":
    make_copy()
