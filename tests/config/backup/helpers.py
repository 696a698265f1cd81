"""What tests of backups do: make one, put it back, look at all that there is, ruin it."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from config.backup import tables
from home.models import ContentPage, User
from tests import factories

SECRET = "a passphrase of tests"


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


@contextmanager
def nothing_changes(folder: Path) -> Iterator[None]:
    before = stored(folder)
    yield
    assert stored(folder) == before
    assert [path.name for path in folder.glob("*/.re*")] + [path.name for path in folder.glob("*/.be*")] == []
