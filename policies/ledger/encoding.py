"""The one form in which records, entries and heads are written and hashed. Knows no model.

UTF-8 JSON, keys sorted, no spaces, nothing escaped that need not be. Never change how existing content is written.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any


class DamagedRecordError(ValueError):
    """What is stored cannot be what the site wrote."""


def encode(content: dict[str, Any]) -> str:
    """Write content in its one form."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def stated(position: int | None, kind: str, time: datetime) -> bytes:
    """Write what an entry says beside its leaf; no other entries in a row are written the same."""
    return encode({"position": position, "kind": kind, "time": timestamp(time)}).encode()


def sha256(text: str) -> str:
    """Hash a text: hexadecimal SHA-256 of its UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def timestamp(moment: datetime) -> str:
    """Write a moment: UTC, microseconds, RFC 3339."""
    if not isinstance(moment, datetime):  # what SQLite cannot read as one
        raise DamagedRecordError(moment)
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
