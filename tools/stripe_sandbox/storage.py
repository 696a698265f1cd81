"""The sandbox's memory: one SQLite file with Stripe's objects, kept answers and what became of every webhook.

Whoever reads or writes does so inside `transaction()`: one at a time, all or nothing, across processes too. Names
that begin with an underscore are the sandbox's own notes on an object and never leave it (see `public`).
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Body = dict[str, Any]

PATIENCE = 20  # seconds that another process may hold the file
TABLES = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    status TEXT,
    parent TEXT,
    due REAL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, seq);
CREATE INDEX IF NOT EXISTS object_parent ON object (parent);
CREATE INDEX IF NOT EXISTS object_due ON object (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS answer (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    path TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    created INTEGER NOT NULL,
    request TEXT NOT NULL,
    status INTEGER,
    body BLOB,
    PRIMARY KEY (account, key)
);
CREATE TABLE IF NOT EXISTS delivery (
    event TEXT PRIMARY KEY REFERENCES object (id),
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due) WHERE state = 'pending';
CREATE TABLE IF NOT EXISTS attempt (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    at REAL NOT NULL,
    status INTEGER,
    error TEXT NOT NULL,
    milliseconds INTEGER NOT NULL
);
"""


@dataclass(frozen=True)
class Page:
    """Which part of a list is wanted."""

    limit: int = 10
    starting_after: str | None = None
    ending_before: str | None = None


def public(body: Body) -> Body:
    """Return an object as the world sees it."""
    return {name: _public(value) for name, value in body.items() if not name.startswith("_")}


def _public(value: Any) -> Any:
    if isinstance(value, list):
        return [_public(item) for item in value]
    return public(value) if isinstance(value, dict) else value


class Records:
    """What can be done inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        return self.connection.execute(query, values).fetchall()

    def change(self, query: str, *values: Any) -> int:
        """Change rows; return how many."""
        return self.connection.execute(query, values).rowcount

    def add(self, body: Body, *, status: str | None = None, parent: str | None = None) -> Body:
        """Keep a new object, found again by its id, kind, status and the object it belongs to."""
        self.change(
            "INSERT INTO object (id, kind, created, status, parent, body) VALUES (?, ?, ?, ?, ?, ?)",
            *(body["id"], body["object"], body["created"], status, parent, json.dumps(body)),
        )
        return body

    def save(self, body: Body, *, status: str | None = None, due: float | None = None) -> Body:
        """Keep an object's new state, and when it has to be looked at again."""
        self.change(
            "UPDATE object SET body = ?, status = ?, due = ? WHERE id = ?",
            *(json.dumps(body), status, due, body["id"]),
        )
        return body

    def set_parent(self, identifier: str, parent: str) -> None:
        """Say which object this one belongs to."""
        self.change("UPDATE object SET parent = ? WHERE id = ?", parent, identifier)

    def find(self, identifier: str, kind: str | None = None) -> Body | None:
        """Return an object, or None."""
        rows = self.rows("SELECT kind, body FROM object WHERE id = ?", identifier)
        if not rows or (kind and rows[0]["kind"] != kind):
            return None
        return json.loads(rows[0]["body"])

    def due(self, kind: str, now: float) -> list[str]:
        """Return the ids of the objects whose time has come."""
        query = "SELECT id FROM object WHERE kind = ? AND due <= ? ORDER BY due"
        return [row["id"] for row in self.rows(query, kind, now)]

    def page(self, kind: str, page: Page, conditions: Mapping[str, Any]) -> tuple[list[Body], bool]:
        """Return objects, the newest first, and whether there are more; conditions read `created >= ?`."""
        wheres, values, order = ["kind = ?", *conditions], [kind, *conditions.values()], "DESC"
        for sign, cursor in (("<", page.starting_after), (">", page.ending_before)):
            if cursor:
                wheres.append(f"seq {sign} (SELECT seq FROM object WHERE id = ?)")  # noqa: S608 - our own words
                values.append(cursor)
                order = "DESC" if sign == "<" else "ASC"
        query = f"SELECT body FROM object WHERE {' AND '.join(wheres)} ORDER BY seq {order} LIMIT ?"  # noqa: S608 - our own words
        bodies = [json.loads(row["body"]) for row in self.rows(query, *values, page.limit + 1)]
        more, bodies = len(bodies) > page.limit, bodies[: page.limit]
        return (bodies if order == "DESC" else bodies[::-1]), more


class Storage:
    """The file, and the right to use it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        # Survives a process that is killed; a machine that loses power is no matter here.
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.executescript(TABLES)
        # Whoever was at work when the process ended will not finish.
        self._connection.execute("DELETE FROM answer WHERE status IS NULL")

    @contextmanager
    def transaction(self) -> Iterator[Records]:
        """Give the right to read and write; what is done in it holds together or not at all."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Records(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file, once whoever uses it has finished."""
        with self._lock:
            self._connection.close()
