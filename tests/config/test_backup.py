"""Backups: all that a site holds goes into one file, and comes back byte by byte, or not at all."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail import hooks

from config.backup import age, archive, in_use, places, restoring, tables
from home.models import ContentPage, User
from policies.ledger import heads
from policies.models import LedgerStatement, LedgerWitness
from tests import factories
from tests.migrated_database import ROOT, copy_of
from tests.policies.lived_site import LivedSite, choose
from tests.policies.verifying import damage, seal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
both_databases = pytest.mark.both_databases

SECRET = "a passphrase of tests"


@pytest.fixture(autouse=True)
def _site(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the site folders of its own, with a file in each."""
    monkeypatch.setattr(age, "COST", 1)
    settings.BACKUP_PASSPHRASE = SECRET
    settings.MEDIA_ROOT = str(tmp_path / "media")
    private = {**settings.STORAGES["private"], "OPTIONS": {"location": str(tmp_path / "private")}}
    settings.STORAGES = {**settings.STORAGES, "private": private}
    for name in ("media/images/one.png", "private/documents/é two.pdf"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(os.urandom(50_000))


def backup(path: Path) -> str:
    out = StringIO()
    call_command("backup", str(path), stdout=out)
    return out.getvalue()


def restore(path: Path, **options: Any) -> str:
    out = StringIO()
    call_command("restore", str(path), stdout=out, stderr=out, **options)
    return out.getvalue()


def stored(folder: Path) -> dict[str, Any]:
    """Return all that a site holds, as it is stored."""
    found: dict[str, Any] = {}
    for name, table in tables.describe().items():
        pieces: list[bytes] = []
        tables.unload(name, table, pieces.append)
        found[name] = (table["columns"], sorted(b"".join(pieces).split(b"\n")))
    for path in sorted(path for root in ("media", "private") for path in (folder / root).rglob("[!.]*")):
        found[str(path.relative_to(folder))] = path.read_bytes() if path.is_file() else None
    return found


def ruin(folder: Path) -> None:
    """Change, add and remove rows and files, as the time after a backup does."""
    factories.home_page().add_child(instance=ContentPage(title="Later", slug="later"))
    User.objects.filter(email="ed@example.com").update(first_name="Changed")
    (folder / "media/images/one.png").unlink()
    (folder / "media/later.txt").write_text("later")
    (folder / "private/documents/é two.pdf").write_bytes(b"changed")


@both_databases
def test_all_that_a_site_holds_comes_back_byte_by_byte(tmp_path: Path) -> None:
    LivedSite(tmp_path)
    gone = factories.home_page().add_child(instance=ContentPage(title="Gone", slug="gone")).pk
    ContentPage.objects.get(pk=gone).delete()
    before = stored(tmp_path)
    backup(tmp_path / "one.backup")
    ruin(tmp_path)
    cache.set("page", "of later")
    assert stored(tmp_path) != before
    restore(tmp_path / "one.backup")
    after = stored(tmp_path)
    assert [name for name in before if before[name] != after.get(name)] == []
    assert after.keys() == before.keys()
    assert damage() == []
    assert cache.get("page") is None
    # No number is given twice: logs still name pages that are gone.
    assert factories.home_page().add_child(instance=ContentPage(title="Next", slug="next")).pk > gone


@both_databases
def test_the_ledger_says_what_was_lost_and_is_sealed(tmp_path: Path) -> None:
    seal()
    factories.policy_page()
    User.objects.create_user("ed@example.com")
    factories.publish(factories.policy_page("Terms", kind="terms"))
    kept = seal()
    backup(tmp_path / "one.backup")
    factories.publish(factories.policy_page("Rules of later"))
    lost = seal()
    said = restore(tmp_path / "one.backup")
    assert f"what was sealed after head {kept.number} is recorded as lost" in said
    statement = LedgerStatement.objects.get(type=LedgerStatement.Type.RESTORED)
    assert statement.content["outside"]["sha256"] == lost.sha256
    assert statement.ledger_entry.position is not None
    assert damage() == []
    assert next(iter(heads.findings(heads.as_document([lost])["heads"]))).level == 0


def test_a_newest_head_from_outside_is_told_on_a_new_machine(tmp_path: Path) -> None:
    seal()
    factories.publish(factories.policy_page())
    seal()
    backup(tmp_path / "one.backup")
    factories.publish(factories.policy_page("Rules of later"))
    (tmp_path / "heads.json").write_text(heads.encode([seal()]))
    restore(tmp_path / "one.backup")
    assert LedgerStatement.objects.filter(type="restored").count() == 1
    restore(tmp_path / "one.backup", heads=tmp_path / "heads.json")
    assert LedgerStatement.objects.filter(type="restored").count() == 1
    (tmp_path / "heads.json").write_text("nonsense")
    with pytest.raises(CommandError, match="it is not JSON"):
        restore(tmp_path / "one.backup", heads=tmp_path / "heads.json")


def test_what_apps_do_again_after_a_restore_is_part_of_it(tmp_path: Path) -> None:
    told: list[datetime] = []
    backup(tmp_path / "one.backup")
    with hooks.register_temporarily("register_restore_steps", lambda: [told.append]):
        restore(tmp_path / "one.backup")
    assert timezone.now() - told[0] < timedelta(minutes=5)


# --- All or nothing --------------------------------------------------------------------------------------
@contextmanager
def nothing_changes(folder: Path) -> Iterator[None]:
    before = stored(folder)
    yield
    assert stored(folder) == before
    assert [path.name for path in folder.glob("*/.re*")] + [path.name for path in folder.glob("*/.be*")] == []


@both_databases
def test_what_fails_at_the_very_end_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OperationalError("No space left on device")

    backup(tmp_path / "one.backup")
    ruin(tmp_path)
    with (
        nothing_changes(tmp_path),
        hooks.register_temporarily("register_restore_steps", lambda: [fail]),
        pytest.raises(CommandError, match=r"was not restored, and nothing was changed: .*No space left"),
    ):
        restore(tmp_path / "one.backup")
    with monkeypatch.context() as patched, nothing_changes(tmp_path):
        patched.setattr(type(connections["default"]), "_commit", fail)
        with pytest.raises(CommandError, match="nothing was changed"):
            restore(tmp_path / "one.backup")
    restore(tmp_path / "one.backup")


def test_what_fails_after_the_end_is_named_and_nothing_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored(tmp_path)
    backup(tmp_path / "one.backup")
    ruin(tmp_path)

    def fail(name: str, **_options: object) -> None:
        if name == "update_index":
            raise OperationalError("database is locked")
        call_command(name, **_options)

    monkeypatch.setattr(restoring, "call_command", fail)
    with pytest.raises(CommandError, match=r"^Restored, but: database is locked\.$") as error:
        restore(tmp_path / "one.backup")
    assert error.value.returncode == 3
    assert stored(tmp_path) == before


def test_files_that_cannot_be_put_back_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(self: Path, target: Path) -> Path:
        if ".restoring" in str(self) or "media/.before-restore" in str(self):
            raise OSError(5, "Input/output error", str(self))
        return renamed(self, target)

    backup(tmp_path / "one.backup")
    (tmp_path / "media/images/one.png").write_bytes(b"newer")
    renamed = Path.rename
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename)
        with pytest.raises(OSError, match=r"not empty|Input/output"):
            restore(tmp_path / "one.backup")
    assert (tmp_path / "media/.before-restore/images/one.png").read_bytes() == b"newer"
    for refused in (in_use.keep, lambda: backup(tmp_path / "two.backup")):
        with pytest.raises(CommandError, match=r"a restore was interrupted, .*Put back what is in .*media"):
            refused()
    with pytest.raises(CommandError, match="Nothing was changed: a restore was interrupted"):
        restore(tmp_path / "one.backup")


def made_of(folder: Path, *entries: tuple[str, bytes], secret: str = SECRET) -> Path:
    """Write an archive of other entries, encrypted as ours are."""
    path = folder / "foreign.backup"
    with path.open("wb") as file:
        writer = age.Writer(file, secret)
        with tarfile.open(fileobj=writer, mode="w|") as tar:
            for name, data in entries:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, BytesIO(data))
        writer.finish()
    return path


def test_a_file_that_cannot_be_restored_is_said_to_be_so_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "one.backup"
    backup(path)
    whole = path.read_bytes()
    newer = b'{"format": 1, "migrations": ["home.9999_of_later"]}'
    ours = b'{"format": 1, "migrations": [], "tables": {}, "time": "2026-01-01T00:00:00+00:00", "heads": {}}'
    bad: list[tuple[bytes, str]] = [
        (whole[: len(whole) // 2], "damaged or incomplete"),
        (whole[:-1], "damaged or incomplete"),
        (whole[: len(whole) // 2] + b"x" + whole[len(whole) // 2 + 1 :], "damaged or incomplete"),
        (b"", "not a backup of this site"),
        (b"PK\x03\x04 and so on", "not a backup of this site"),
        (made_of(tmp_path).read_bytes(), "holds what a backup of this release does not"),
        (made_of(tmp_path, ("x", b"1")).read_bytes(), "a form that this release does not know"),
        (made_of(tmp_path, (archive.CONTENTS, b"nonsense")).read_bytes(), "a form that this release"),
        (made_of(tmp_path, (archive.CONTENTS, b"[]")).read_bytes(), "a form that this release"),
        (made_of(tmp_path, (archive.CONTENTS, newer)).read_bytes(), "home.9999_of_later is not here"),
        (
            made_of(tmp_path, (archive.CONTENTS, ours), ("media/../../x", b"1")).read_bytes(),
            "holds what a backup of this release does not",
        ),
        (made_of(tmp_path, (archive.CONTENTS, ours), ("database/x", b"1")).read_bytes(), "holds what"),
        (made_of(tmp_path, secret="another one of tests").read_bytes(), "another BACKUP_PASSPHRASE"),
    ]
    ruin(tmp_path)
    with nothing_changes(tmp_path):
        for content, words in bad:
            path.write_bytes(content)
            with pytest.raises(CommandError, match=words) as error:
                restore(path)
            assert (error.value.returncode, "\n" in str(error.value)) == (1, False)
        for missing in (tmp_path / "none.backup", tmp_path):
            with pytest.raises(CommandError, match="cannot be read"):
                restore(missing)


@both_databases
def test_rows_that_the_tables_refuse_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unload = tables.unload
    monkeypatch.setattr(
        tables, "unload", lambda name, table, take: unload(name, table, lambda piece: take(piece + piece))
    )
    backup(tmp_path / "one.backup")
    ruin(tmp_path)
    with nothing_changes(tmp_path), pytest.raises(CommandError, match="nothing was changed"):
        restore(tmp_path / "one.backup")


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_without_a_passphrase_nothing_is_done(tmp_path: Path, settings: Any, command: str) -> None:
    settings.BACKUP_PASSPHRASE = ""
    with nothing_changes(tmp_path), pytest.raises(CommandError, match="BACKUP_PASSPHRASE is not set"):
        call_command(command, str(tmp_path / "one.backup"))
    assert not list(tmp_path.glob("*.backup*"))


def test_a_short_passphrase_makes_no_backup(tmp_path: Path, settings: Any) -> None:
    settings.BACKUP_PASSPHRASE = "x" * 15
    with pytest.raises(CommandError, match="at least 16 characters"):
        backup(tmp_path / "one.backup")


# --- Writing ---------------------------------------------------------------------------------------------
@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse to write more, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@both_databases
@pytest.mark.parametrize("size", [70_000, 0, 150, 140_000])
def test_a_full_disk_leaves_no_half_file_and_the_earlier_one(tmp_path: Path, size: int) -> None:
    path = tmp_path / "one.backup"
    path.write_bytes(b"the earlier one")
    with (
        files_of_at_most(size),
        pytest.raises(CommandError, match="was not written, and nothing is left of it"),
    ):
        backup(path)
    assert path.read_bytes() == b"the earlier one"
    assert [one.name for one in tmp_path.glob("one*")] == ["one.backup"]
    assert User.objects.count() == 0  # the connection can be used
    backup(path)


def test_a_backup_is_readable_by_its_owner_only_and_not_among_what_is_served(tmp_path: Path) -> None:
    backup(tmp_path / "one.backup")
    assert (tmp_path / "one.backup").stat().st_mode & 0o777 == 0o600
    for folder in ("media", "private/documents"):
        with pytest.raises(CommandError, match="name another place"):
            backup(tmp_path / folder / "one.backup")
    with pytest.raises(CommandError, match="No such file"):
        backup(tmp_path / "none" / "one.backup")


def test_long_work_shows_how_far_it_is_where_somebody_looks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive.write(tmp_path / "one.backup", now=timezone.now(), is_quiet=False)
    assert "B/s" in capsys.readouterr().err
    archive.check(tmp_path / "one.backup", is_quiet=False)
    assert "B/s" in capsys.readouterr().err
    backup(tmp_path / "one.backup")
    assert capsys.readouterr().err == ""


def test_nothing_in_the_file_can_be_read_without_the_passphrase(tmp_path: Path) -> None:
    User.objects.create_user("ed@example.com")
    backup(tmp_path / "one.backup")
    assert b"ed@example.com" not in (tmp_path / "one.backup").read_bytes()


def test_a_link_in_the_folders_of_files_is_not_followed_but_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/one").write_text("of another site")
    (tmp_path / "media/link").symlink_to(tmp_path / "secret/one")
    (tmp_path / "media/images/folder").symlink_to(tmp_path / "secret")
    backup(tmp_path / "one.backup")
    entries = [entry.name for _tar, entry in archive.read(tmp_path / "one.backup", is_quiet=True)]
    assert [name for name in entries if "link" in name or "folder" in name] == []
    said = capsys.readouterr().err
    for link in ("media/link", "media/images/folder"):
        assert f"{tmp_path / link} is a link: it is not in the backup." in said


def test_a_folder_that_is_missing_or_cannot_be_read_makes_no_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scan(path: str) -> Any:
        if path.endswith("images"):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    listed = os.scandir
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scan)  # the tests may run as root, who can read everything
        with pytest.raises(CommandError, match=r"nothing is left of it: Permission denied: .*images"):
            backup(tmp_path / "one.backup")
    shutil.rmtree(tmp_path / "media")
    with pytest.raises(CommandError, match=r"media does not exist"):
        backup(tmp_path / "one.backup")
    assert not list(tmp_path.glob("one*"))


def test_a_backup_is_whole_even_if_the_dashboard_cannot_be_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "private" / places.LAST).mkdir()
    assert "one.backup" in backup(tmp_path / "one.backup")
    assert "The dashboard does not know of this backup: Is a directory" in capsys.readouterr().err
    archive.check(tmp_path / "one.backup", is_quiet=True)


@pytest.mark.postgresql
def test_what_is_written_meanwhile_is_in_all_tables_or_in_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = connections.create_connection("default")
    unload = tables.unload

    def unload_while_others_write(name: str, *rest: Any) -> None:
        with other.cursor() as cursor:
            cursor.execute("UPDATE policies_ledgerhead SET root_sha256 = 'later'")
        unload(name, *rest)

    monkeypatch.setattr(tables, "unload", unload_while_others_write)
    backup(tmp_path / "one.backup")
    other.close()
    entries = archive.read(tmp_path / "one.backup", is_quiet=True)
    rows = {entry.name: tar.extractfile(entry).read() for tar, entry in entries}
    assert b"later" not in rows["database/policies_ledgerhead"]


# --- While somebody runs ---------------------------------------------------------------------------------
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
def test_a_connection_from_another_machine_is_somebody_too(tmp_path: Path) -> None:
    backup(tmp_path / "one.backup")
    ruin(tmp_path)
    other = connections.create_connection("default")
    other.ensure_connection()
    with nothing_changes(tmp_path), pytest.raises(CommandError, match="1 other connection"):
        restore(tmp_path / "one.backup")
    other.close()
    restore(tmp_path / "one.backup")


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


# --- On the dashboard ------------------------------------------------------------------------------------
def dashboard(client: Client, user: User) -> str:
    client.force_login(user)
    return client.get(reverse("wagtailadmin_home")).content.decode()


def test_owners_are_asked_for_a_backup_until_there_is_a_new_one(tmp_path: Path, client: Client) -> None:
    owner = User.objects.create_superuser("owner@example.com")
    assert "No backup was made yet" in dashboard(client, owner)
    backup(tmp_path / "one.backup")
    page = dashboard(client, owner)
    assert "The last backup was made on" in page
    assert "manage.py backup" not in page
    for days in (3, -1):  # a clock that was wrong
        places.note(timezone.now() - timedelta(days=days), 1)
        page = dashboard(client, owner)
        assert "The last backup was made on" in page
        assert "manage.py backup" in page
    (tmp_path / "private" / places.LAST).write_text("nonsense")
    assert "No backup was made yet" in dashboard(client, owner)


def test_staff_are_not_asked_for_backups(client: Client) -> None:
    editor = User.objects.create_user("editor@example.com", is_staff=True)
    editor.groups.add(Group.objects.get(name="Editors"))
    assert "No backup was made" not in dashboard(client, editor)
