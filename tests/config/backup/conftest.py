"""A site with files of its own, in folders of the test."""

import os
from pathlib import Path
from typing import Any

import pytest

from config.backup import age
from tests.config.backup.helpers import SECRET


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
