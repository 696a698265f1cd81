"""Writes Markdown files and imports them as `manage.py import_policy` does."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from policies.importing.files import import_files
from policies.models import PolicyVersion


def file(
    folder: Path, name: str = "2020-01-02.md", text: str | bytes = "# House rules\n\nBe kind.\n"
) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def run(*paths: Path, **options: object) -> str:
    out = StringIO()
    options.setdefault("title", "House rules")
    call_command("import_policy", *map(str, paths), page="house-rules", stdout=out, stderr=out, **options)
    return out.getvalue()


def refused(*paths: Path) -> str:
    """Run an import that must fail, and return what it said of its files."""
    outcomes = list(import_files(paths, slug="house-rules", title="House rules"))
    assert [outcome.result for outcome in outcomes] == ["refused"] * len(paths)
    with pytest.raises(CommandError):
        run(*paths)
    return " ".join(outcome.reason for outcome in outcomes)


def imported(folder: Path, text: str, name: str = "2020-01-02.md") -> PolicyVersion:
    run(file(folder, name, text))
    return PolicyVersion.objects.get(import_source=name)
