"""All that a site holds comes back byte by byte, or nothing changes."""

import tarfile
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.utils import timezone
from wagtail import hooks

from config.backup import age, archive, in_use, restoring, tables
from home.models import ContentPage, User
from policies.ledger import heads
from policies.models import LedgerStatement
from tests import factories
from tests.config.backup.helpers import SECRET, backup, nothing_changes, restore, ruin, stored
from tests.policies.lived_site import LivedSite
from tests.policies.verifying import damage, seal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.mark.both_databases
def test_all_that_a_site_holds_comes_back_byte_by_byte(tmp_path: Path) -> None:
    LivedSite(tmp_path)
    gone = factories.home_page().add_child(instance=ContentPage(title="Gone", slug="gone")).pk
    ContentPage.objects.get(pk=gone).delete()
    (tmp_path / "media/images/one.png").chmod(0o600)
    before = stored(tmp_path)
    backup(tmp_path / "one.backup")
    ruin(tmp_path)
    cache.set("page", "of later")
    assert stored(tmp_path) != before
    restore(tmp_path / "one.backup")
    after = stored(tmp_path)
    assert [name for name in before if before[name] != after.get(name)] == []
    assert after.keys() == before.keys()
    assert (tmp_path / "media/images/one.png").stat().st_mode & 0o777 == 0o600
    assert damage() == []
    assert cache.get("page") is None
    # No number is given twice: logs still name pages that are gone.
    assert factories.home_page().add_child(instance=ContentPage(title="Next", slug="next")).pk > gone


@pytest.mark.both_databases
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
@pytest.mark.both_databases
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


@pytest.mark.both_databases
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


@pytest.mark.both_databases
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
