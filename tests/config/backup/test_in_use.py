"""Backups and restores while a site runs, and from one database to the other."""

import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from config.backup import in_use, restoring, tables
from home.postgresql import base
from policies.models import LedgerWitness
from tests import factories
from tests.config.backup.helpers import SECRET, backup, nothing_changes, restore, ruin, stored
from tests.migrated_database import ROOT, copy_of
from tests.policies.lived_site import choose
from tests.policies.verifying import damage, seal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_while_a_web_process_or_worker_runs_nothing_is_restored(tmp_path: Path) -> None:
    backup(tmp_path / "one.backup")
    ruin(tmp_path)
    in_use.keep()
    try:
        with (
            nothing_changes(tmp_path),
            pytest.raises(CommandError, match="Stop the web processes and the worker"),
        ):
            restore(tmp_path / "one.backup")
    finally:
        os.close(in_use._kept.pop())
    restore(tmp_path / "one.backup")


def test_while_a_restore_runs_no_web_process_or_worker_starts() -> None:
    with restoring.alone(), pytest.raises(in_use.InUseError):
        in_use.keep()
    call_command("worker", once=True, stdout=StringIO())
    os.close(in_use._kept.pop())


def test_backup_and_restore_keep_each_other_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backup(tmp_path / "one.backup")
    with restoring.alone(), pytest.raises(CommandError, match="a restore is running"):
        backup(tmp_path / "two.backup")
    refused: list[str] = []

    def restore_meanwhile() -> dict[str, tables.Table]:
        with pytest.raises(CommandError, match="Stop the web processes") as error:
            restore(tmp_path / "one.backup")
        refused.append(str(error.value))
        return described()

    described = tables.describe
    monkeypatch.setattr(tables, "describe", restore_meanwhile)
    backup(tmp_path / "two.backup")
    assert "a backup or another restore is running" in refused[0]


def test_a_cache_that_does_not_answer_changes_nothing(tmp_path: Path, settings: Any) -> None:
    backup(tmp_path / "one.backup")
    ruin(tmp_path)
    settings.CACHES = {
        **settings.CACHES,
        "gone": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9"},
    }
    with nothing_changes(tmp_path), pytest.raises(CommandError, match="The cache does not answer"):
        restore(tmp_path / "one.backup")


@pytest.mark.postgresql
def test_a_database_that_does_not_answer_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(tmp_path / "one.backup")
    connection.close()
    with monkeypatch.context() as patched:
        patched.setitem(connection.settings_dict, "HOST", str(tmp_path))
        with pytest.raises(CommandError, match=r"^The database does not answer, so nothing was changed: "):
            restore(tmp_path / "one.backup")
    base._breaker.close()  # as after two seconds


@pytest.mark.postgresql
def test_a_connection_from_another_machine_is_somebody_too(tmp_path: Path) -> None:
    backup(tmp_path / "one.backup")
    ruin(tmp_path)
    other = connections.create_connection("default")
    other.ensure_connection()
    with nothing_changes(tmp_path), pytest.raises(CommandError, match="1 other connection"):
        restore(tmp_path / "one.backup")
    other.close()
    restore(tmp_path / "one.backup")


@pytest.mark.soak
@pytest.mark.postgresql
def test_a_site_moves_to_the_other_database_and_back(tmp_path: Path) -> None:
    factories.declare_cookies("analytics")
    factories.cookie_policy(title="Über \\ Kekse\ttab")
    choose("none")
    LedgerWitness(
        head=seal(), authority="https://a.example", token=b"\x00\\\n\xff", time=timezone.now()
    ).save()
    if (kept := copy_of("sqlite3")).exists():
        shutil.copy(kept, tmp_path / "db.sqlite3")
    before = stored(tmp_path)
    backup(tmp_path / "one.backup")
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "CACHE_URL": f"filecache://{tmp_path / 'cache'}",
        "MEDIA_STORAGE_URL": (tmp_path / "there/media").as_uri(),
        "PRIVATE_STORAGE_URL": (tmp_path / "there/private").as_uri(),
        "BACKUP_PASSPHRASE": SECRET,
        "ENV_FILE": os.devnull,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'site'}",
        "PYTHONWARNINGS": "ignore",
        "PATH": os.environ["PATH"],
    }
    # The timestamp is none: what was damaged is restored as it was, and said to be so. Nothing else is damaged there.
    damaged, said = 2, "CommandError: Not as recorded: ledger"
    for command, name, code, last in (("restore", "one", damaged, said), ("backup", "two", 0, "")):
        there = [sys.executable, "manage.py", command, str(tmp_path / f"{name}.backup")]
        done = subprocess.run(there, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.strip().rpartition("\n")[2]) == (code, last), done.stderr
    ruin(tmp_path)
    with pytest.raises(CommandError) as error:
        restore(tmp_path / "two.backup")
    assert error.value.returncode == damaged
    after = stored(tmp_path)
    own_models = {"django_content_type", "auth_permission"}  # the search of SQLite has a model more
    assert [name for name in before if before[name] != after.get(name) and name not in own_models] == []


@pytest.mark.soak
@pytest.mark.postgresql
def test_a_backup_of_an_earlier_release_is_brought_up_to_date(tmp_path: Path) -> None:
    factories.publish(factories.policy_page())
    seal()
    before = stored(tmp_path)
    backup(tmp_path / "one.backup")
    with connection.cursor() as cursor:  # as on a machine where nothing is
        cursor.execute("DROP TABLE django_migrations")
    restore(tmp_path / "one.backup")
    assert stored(tmp_path) == before
    assert damage() == []
