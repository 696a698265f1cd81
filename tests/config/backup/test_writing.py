"""What is written into a backup, and when none is made."""

import os
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connections
from django.utils import timezone

from config.backup import archive, places, tables
from home.models import User
from tests.config.backup.helpers import backup

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


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


@pytest.mark.both_databases
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


def test_what_cannot_be_a_backup_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    fifo, link = tmp_path / "fifo", tmp_path / "link"
    os.mkfifo(fifo)
    link.symlink_to(tmp_path / "elsewhere")
    for path, words in (
        (tmp_path / "none/one.backup", "none does not exist"),
        (tmp_path, "is a folder: name a file"),
        (fifo, "is no regular file, and would be replaced by one"),
        (link, "is no regular file, and would be replaced by one"),
        (Path(os.devnull), "is no regular file, and would be replaced by one"),
    ):
        with pytest.raises(CommandError, match=words):
            backup(path)
    assert (fifo.is_fifo(), link.is_symlink(), Path(os.devnull).is_char_device()) == (True, True, True)


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
