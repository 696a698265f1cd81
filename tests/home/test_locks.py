"""Locks of all processes on one database. Those of PostgreSQL are tested with the events of Stripe."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from home import locks

pytestmark = pytest.mark.both_databases


@pytest.fixture
def database_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the database look like one in a file."""
    monkeypatch.setitem(connection.settings_dict, "NAME", tmp_path / "db.sqlite3")
    monkeypatch.setattr(connection, "vendor", "sqlite")
    monkeypatch.setattr(connection, "is_in_memory_db", lambda: False, raising=False)
    return tmp_path / "db.sqlite3"


def test_on_sqlite_one_at_a_time_holds_the_lock(database_file: Path) -> None:
    with (
        locks.alone("one", seconds=0),
        pytest.raises(TimeoutError),
        locks.alone("another", seconds=0.02),
    ):
        pass
    with locks.alone("another", seconds=0):
        pass


def test_a_lock_ends_with_an_error_of_whoever_holds_it(database_file: Path) -> None:
    def fail() -> Any:
        with locks.alone("one", seconds=0):
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fail()
