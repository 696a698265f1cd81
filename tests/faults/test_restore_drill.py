"""The restore drill of docs/running-in-production.md, with a worker of its own process and SQLite in a file."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.migrated_database import ROOT, copy_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db]  # for the copy that the migrations left

NEWCOMER = """
INSERT INTO home_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
VALUES ('', 0, '', '', 0, 1, '2026-11-27 09:00:00', 'new@example.com')
"""
# A restore that is killed when everything but the end is done.
KILLED = """
import os, signal, sys, django; django.setup()
from django.core.management import call_command
from wagtail import hooks
hooks.register("register_restore_steps", lambda: [lambda made_at: os.kill(os.getpid(), signal.SIGKILL)])
call_command("restore", sys.argv[1])
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    if (kept := copy_of("sqlite3")).exists():
        shutil.copy(kept, tmp_path / "db.sqlite3")
    for name in ("media", "private"):
        (tmp_path / name).mkdir()
    (tmp_path / "media/one.png").write_bytes(b"a picture")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "site")]),
        "PYTHONWARNINGS": "ignore",
        "ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "CACHE_URL": f"filecache://{tmp_path / 'cache'}",
        "MEDIA_STORAGE_URL": (tmp_path / "media").as_uri(),
        "PRIVATE_STORAGE_URL": (tmp_path / "private").as_uri(),
        "BACKUP_PASSPHRASE": "a passphrase of tests",
    }


def start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)


def test_a_site_is_lost_and_comes_back(tmp_path: Path, environment: dict[str, str]) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        process = start(environment, *arguments)
        out, errors = process.communicate(timeout=300)
        return process.returncode, out + errors

    file = str(tmp_path / "one.backup")
    worker = start(environment, "worker")
    try:
        assert worker.stdout
        assert "ready" in worker.stdout.readline()
        assert run("backup", file)[0] == 0  # while the site runs
        (tmp_path / "media/one.png").unlink()
        with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
            database.execute(NEWCOMER)
            database.commit()
        code, said = run("restore", file)
        assert (code, "Stop the web processes and the worker first: a web process" in said) == (1, True)
        assert not (tmp_path / "media/one.png").exists()
    finally:
        worker.kill()  # what it held ends with it
        worker.communicate()
    other = sqlite3.connect(tmp_path / "db.sqlite3")  # who knows nothing of our lock
    other.execute("SELECT count(*) FROM django_migrations").fetchone()
    code, said = run("restore", file)
    assert (code, "first: another process has the database open" in said) == (1, True)
    other.close()
    killed = subprocess.run([sys.executable, "-c", KILLED, file], cwd=ROOT, env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "media/one.png").exists()
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM home_user").fetchone() == (1,)  # made after the backup
    code, said = run("restore", file)
    assert (code, said.startswith("Restored as of")) == (0, True), said
    assert (tmp_path / "media/one.png").read_bytes() == b"a picture"
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM home_user").fetchone() == (0,)
