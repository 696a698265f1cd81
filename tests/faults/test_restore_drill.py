"""The restore drill of docs/running-in-production.md, with processes of their own and SQLite in a file."""

import fcntl
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
# A restore that is killed before files are exchanged, before rows are committed, or when what was replaced is deleted.
KILLED = """
import os, shutil, signal, sys, django; django.setup()
from django.core.management import call_command
import django.db
from wagtail import hooks
def kill(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)
match sys.argv[2]:
    case "step": hooks.register("register_restore_steps", lambda: [kill])
    case "commit": type(django.db.connections["default"])._commit = kill
    case "end":
        rmtree = shutil.rmtree
        shutil.rmtree = lambda path, **options: rmtree(path, **options) if options else kill()
call_command("restore", sys.argv[1])
"""
WEB = "import config.wsgi; print('ready', flush=True); input()"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    if (kept := copy_of("sqlite3")).exists():
        shutil.copy(kept, tmp_path / "db.sqlite3")
    for name in ("media", "private"):
        (tmp_path / name).mkdir()
    for name in ("one", "two"):
        (tmp_path / f"media/{name}.png").write_bytes(b"a picture")
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
    command = [sys.executable, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def is_in_use(folder: Path) -> bool:
    with (folder / "private/.in-use").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_web_process_keeps_restores_out_until_it_ends(tmp_path: Path, environment: dict[str, str]) -> None:
    web = start(environment, "-c", WEB)
    try:
        assert web.stdout
        assert "ready" in web.stdout.readline()
        assert is_in_use(tmp_path)
    finally:
        web.kill()
        web.communicate()
    assert not is_in_use(tmp_path)


def accounts(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "db.sqlite3")) as database:
        return database.execute("SELECT count(*) FROM home_user").fetchone()[0]


def put_back(folder: Path) -> None:
    for path in (folder / ".before-restore").iterdir():
        path.replace(folder / path.name)
    (folder / ".before-restore").rmdir()


def test_a_site_is_lost_and_comes_back(tmp_path: Path, environment: dict[str, str]) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        process = start(environment, "manage.py", *arguments)
        out, errors = process.communicate(timeout=300)
        return process.returncode, out + errors

    file, picture = str(tmp_path / "one.backup"), tmp_path / "media/one.png"
    worker = start(environment, "manage.py", "worker")
    try:
        assert worker.stdout
        assert "ready" in worker.stdout.readline()
        assert run("backup", file)[0] == 0  # while the site runs
        picture.unlink()
        (tmp_path / "media/two.png").write_bytes(b"changed")
        with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
            database.execute(NEWCOMER)
            database.commit()
        code, said = run("restore", file)
        assert (code, "Stop the web processes and the worker first: a web process" in said) == (1, True)
        assert not picture.exists()
    finally:
        worker.kill()  # what it held ends with it
        worker.communicate()
    other = sqlite3.connect(tmp_path / "db.sqlite3")  # who knows nothing of our lock
    other.execute("SELECT count(*) FROM django_migrations").fetchone()
    code, said = run("restore", file)
    other.close()
    assert (code, "first: another process has the database open" in said) == (1, True)
    for moment, has_picture, users in (("step", False, 1), ("commit", True, 1), ("end", True, 0)):
        killed = start(environment, "-c", KILLED, file, moment)
        assert killed.communicate(timeout=300) == ("", "")
        assert (killed.returncode, picture.exists()) == (-signal.SIGKILL, has_picture)
        assert accounts(tmp_path) == users
        if (
            moment == "commit"
        ):  # files of the backup, rows of later: until somebody does what is said, nothing starts
            assert "Put back what is in" in run("worker")[1]
            for folder in (tmp_path / "media", tmp_path / "private"):
                put_back(folder)
            assert (tmp_path / "media/two.png").read_bytes() == b"changed"
    code, said = run("restore", file)
    assert (code, said.startswith("Restored as of")) == (0, True), said
    assert [path.read_bytes() for path in (tmp_path / "media").glob("*.png")] == [b"a picture"] * 2
    assert [path.name for path in tmp_path.glob("*/.[br]*")] == []
    assert accounts(tmp_path) == 0
