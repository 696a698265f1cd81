"""The rows of the database as text, and back: PostgreSQL's own format of COPY, which SQLite gets and gives here too.

Nothing passes through models: what is stored is kept as it is, also where it is damaged. Only between the two kinds of
databases, values are written as the other one writes them.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, BinaryIO, TypedDict

from django.contrib.sessions.models import Session
from django.core.management.color import no_style
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

PIECE = 1_000_000  # bytes
# Whoever was signed in is not after a restore; an index of search is made anew, and differs by database.
_LEFT_OUT = re.compile(rf"{Session._meta.db_table}|(wagtailsearch|modelsearch)_.*")
_BEGIN = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
_COLUMNS = {
    "sqlite": "SELECT name, type, NULL FROM pragma_table_info(%s)",
    "postgresql": "SELECT column_name, udt_name, pg_get_serial_sequence(quote_ident(table_name), column_name) "
    "FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s",
}
_OTHERS = {
    "sqlite": "SELECT 0",
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usename = current_user AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
}


class Table(TypedDict):
    """What is known of a table: its columns with their types, and the last number that it gave to a row."""

    columns: dict[str, str]
    last: int


@contextmanager
def snapshot() -> Iterator[None]:
    """Read everything as it is at one moment, while others write. Outside of any transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN[connection.vendor])
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def applied() -> list[str]:
    """Return the migrations that made the tables."""
    return sorted(".".join(one) for one in MigrationRecorder(connection).applied_migrations())


def describe() -> dict[str, Table]:
    """Return the tables that a backup holds."""
    names = sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))
    return {name: _describe(name) for name in names if not _LEFT_OUT.fullmatch(name)}


def _describe(name: str) -> Table:
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS[connection.vendor], [name])
        found = cursor.fetchall()
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [name])
        else:
            sequences = [sequence for _name, _type, sequence in found if sequence] or [
                "(SELECT 0 last_value)"
            ]
            cursor.execute(f"SELECT last_value FROM {sequences[0]} AS numbers")  # noqa: S608 - our own sequence
        last = cursor.fetchone()
    return {"columns": {column: kind for column, kind, _sequence in found}, "last": last[0] if last else 0}


# --- Out -------------------------------------------------------------------------------------------------
class _Pieces:
    """Collects rows into pieces that fit into memory."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._rows, self._take = bytearray(), take

    def write(self, rows: bytes) -> None:
        self._rows += rows
        if len(self._rows) >= PIECE:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._take(bytes(self._rows))
            self._rows.clear()


def unload(name: str, table: Table, take: Callable[[bytes], None]) -> None:
    """Give all rows of a table to `take`, in pieces."""
    pieces = _Pieces(take)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors:
                cursor.copy_expert(f"COPY {_quoted(name, table)} TO STDOUT", pieces)
        else:
            # Without the plus, Django would read dates and truths out of the values.
            columns = ", ".join(f"+{connection.ops.quote_name(column)}" for column in table["columns"])
            cursor.execute(f"SELECT {columns} FROM {connection.ops.quote_name(name)}")  # noqa: S608 - our own
            for row in cursor:
                pieces.write(("\t".join(map(_as_text, row)) + "\n").encode())
    pieces.flush()


_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}


def _as_text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return str(value).translate(_ESCAPES)


# --- In --------------------------------------------------------------------------------------------------
def load(name: str, table: Table, piece: BinaryIO) -> None:
    """Insert a piece of the rows of a table."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors:
                cursor.copy_expert(f"COPY {_quoted(name, table)} FROM STDIN", piece)
            return
        readers = [_READERS.get(kind, str) for kind in table["columns"].values()]
        marks = ", ".join(["%s"] * len(readers))
        rows = [_values(line, readers) for line in piece]
        cursor.executemany(f"INSERT INTO {_quoted(name, table)} VALUES ({marks})", rows)  # noqa: S608 - as above


def _values(line: bytes, readers: Iterable[Callable[[str], Any]]) -> list[Any]:
    fields = line.decode().removesuffix("\n").split("\t")
    return [
        None if field == "\\N" else read(_unescaped(field))
        for field, read in zip(fields, readers, strict=True)
    ]


def _unescaped(field: str) -> str:
    if "\\" not in field:
        return field
    return re.sub(r"\\(.)", lambda match: _CONTROLS.get(match[1], match[1]), field)


def _moment(text: str) -> str:
    return str(datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


# By the type of the column in the backup: how SQLite, or Django in it, writes what PostgreSQL writes otherwise.
_READERS: dict[str, Callable[[str], Any]] = {
    "BLOB": _bytes,
    "bytea": _bytes,
    "timestamptz": _moment,
    "bool": lambda text: {"t": "1", "f": "0"}.get(text, text),
    "uuid": lambda text: text.replace("-", ""),
    "jsonb": lambda text: json.dumps(json.loads(text)),
}


def _quoted(name: str, table: Table) -> str:
    quote = connection.ops.quote_name
    return f"{quote(name)} ({', '.join(map(quote, table['columns']))})"


def unknown(migrations: Iterable[str]) -> list[str]:
    """Return those of the migrations that this release does not have."""
    known = {".".join(one) for one in MigrationLoader(None).disk_migrations}
    return sorted(set(migrations) - known)


def empty(migrations: list[str]) -> None:
    """Leave the tables that these migrations make, without any row. In a transaction; constraints are off."""
    if applied() != migrations:
        _drop_all()
        _immediate(constraints=True)  # or PostgreSQL does not alter what a migration has just filled
        executor = MigrationExecutor(connection)
        nodes = executor.loader.graph.node_map
        wanted = {(app, name) for app, _, name in (one.partition(".") for one in migrations)} & set(nodes)
        outgrown = {parent.key for key in wanted for parent in nodes[key].parents if parent.key[0] == key[0]}
        executor.migrate(sorted(wanted - outgrown))
    _immediate(constraints=False)
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    for statement in connection.ops.sql_flush(no_style(), names):
        with connection.cursor() as cursor:
            cursor.execute(statement)


def _drop_all() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # tables of search first, which take others along
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%%' "
                "ORDER BY sql LIKE 'CREATE VIRTUAL%%' DESC"
            )
            names = [name for (name,) in cursor.fetchall()]
        else:
            names = connection.introspection.table_names(cursor)
        for name in names:
            cascade = "CASCADE" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TABLE IF EXISTS {connection.ops.quote_name(name)} {cascade}")


def _immediate(*, constraints: bool) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS ALL {'IMMEDIATE' if constraints else 'DEFERRED'}")


def finish(tables: dict[str, Table]) -> None:
    """Go on numbering where the tables left off, and check what rows say of each other."""
    for name, table in tables.items():
        with connection.cursor() as cursor:
            cursor.execute(_COLUMNS[connection.vendor], [name])
            sequences = [sequence for *_column, sequence in cursor.fetchall() if sequence]
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [name])
                cursor.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [name, table["last"]]
                )
            elif sequences:
                # Never back: a number that was set stays set, even if all else is undone.
                cursor.execute(f"SELECT last_value FROM {sequences[0]}")  # noqa: S608 - our own sequence
                numbers = (*cursor.fetchone(), table["last"])
                cursor.execute("SELECT setval(%s, %s)", [sequences[0], max(numbers)])
    connection.check_constraints()
    _immediate(constraints=True)


def others() -> int:
    """Return how many others are connected to the database. On SQLite, nobody can connect from then on."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA busy_timeout = 0")
            cursor.execute("PRAGMA journal_mode = DELETE")  # refused while anybody has the file open
        cursor.execute(_OTHERS[connection.vendor])
        return cursor.fetchone()[0]
