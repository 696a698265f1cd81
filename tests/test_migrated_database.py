"""The copy of the migrated database that tests start from is only ever used for what made it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.migrated_database import MADE_ONCE, ROOT, copy_of, fingerprint, make_copy


@pytest.fixture
def project(tmp_path: Path) -> Path:
    kept = ("requirements.txt", "home/migrations/0001_initial.py", "site/config/settings/base.py")
    for name in (*kept, *MADE_ONCE):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one", encoding="utf-8")
    return tmp_path


def test_the_same_sources_have_the_same_fingerprint(project: Path) -> None:
    assert fingerprint(project) == fingerprint(project)


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "home/migrations/0001_initial.py",
        "store/migrations/0001_initial.py",
        "site/config/settings/base.py",
        *MADE_ONCE,
    ],
)
def test_a_changed_or_new_source_changes_the_fingerprint(project: Path, name: str) -> None:
    before = fingerprint(project)
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text("two", encoding="utf-8")
    assert fingerprint(project) != before


@pytest.mark.parametrize("name", MADE_ONCE)
def test_what_migrate_makes_once_is_still_where_it_was(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.django_db
def test_the_copy_lies_where_others_look_for_it() -> None:
    with closing(sqlite3.connect(f"{copy_of('sqlite3').as_uri()}?mode=ro", uri=True)) as copy:
        assert copy.execute("SELECT count(*) FROM django_migrations").fetchone()[0] > 200


@pytest.mark.django_db
def test_a_copy_that_is_there_is_not_made_anew() -> None:
    before = copy_of("sqlite3").stat()
    make_copy()
    assert copy_of("sqlite3").stat() == before
