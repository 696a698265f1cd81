"""Fills and seals the ledger, and checks proofs as a stranger does."""

import json
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from policies.ledger import entries, sealing
from policies.models.ledger import LedgerHead, LedgerStatement

SCRIPT = settings.BASE_DIR / "templates/policies/admin/export/check_proof.py"
URL = "/house-rules/versions/1/"


def seal() -> LedgerHead | None:
    return sealing.seal(now=timezone.now())


def fill(count: int) -> None:
    """Enter something."""
    for number in range(count):
        entries.state(LedgerStatement.Type.CUT_OFF, {"count": number}, at=timezone.now())


def checked(tmp_path: Path, given: object, *, record: bytes | None = None) -> tuple[int, str]:
    """Run the script as a stranger does, far from the site; return its exit code and what it says."""
    file = tmp_path / "proof.json"
    file.write_text(given if isinstance(given, str) else json.dumps(given), encoding="utf-8")
    names = [file.name]
    if record is not None:
        (tmp_path / "record.json").write_bytes(record)
        names.append("record.json")
    command = [sys.executable, "-I", "-W", "error", str(SCRIPT), *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout
