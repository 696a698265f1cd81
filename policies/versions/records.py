"""The record of a version: its exact bytes, its hash, and the chain from each version to the one before.

The form is fixed: UTF-8 JSON, keys sorted, no spaces, nothing escaped that need not be. What is published as
`record.json` is byte for byte what is hashed, so anybody can check it with `sha256sum`. Never change how an existing
record is written; a new form gets a new `format` number.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from policies.models.versions import Policy, PolicyVersion, VersionWithdrawal

# 2: with the author beside publisher and approver.
FORMAT = 2


def encode(content: dict[str, Any]) -> str:
    """Write a record in its one form."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(record: str) -> str:
    """Hash a record: hexadecimal SHA-256 of its UTF-8 bytes."""
    return hashlib.sha256(record.encode("utf-8")).hexdigest()


def timestamp(moment: datetime) -> str:
    """Write a moment for a record: UTC, microseconds, RFC 3339."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seal(version: PolicyVersion, **said: Any) -> None:
    """Set a new version's record, which holds what its columns repeat and what else it says, and its hash."""
    policy = {"kind": version.policy.kind, "language": version.policy.language}
    version.record = encode({"format": FORMAT, **policy, **repeated_columns(version), **said})
    version.sha256 = sha256(version.record)


def repeated_columns(version: PolicyVersion) -> dict[str, Any]:
    """Return what the columns of a version repeat of its record, under the record's keys."""
    origin = {"name": version.import_source, "sha256": version.import_sha256}
    return {
        "policy": version.policy.slug,
        "number": version.number,
        "title": version.title,
        "effective_at": timestamp(version.effective_at),
        "recorded_at": timestamp(version.recorded_at),
        "change_summary": version.change_summary,
        "change_kind": version.change_kind,
        "previous_sha256": version.previous_sha256,
        "imported_from": origin if any(origin.values()) else None,
    }


def withdrawals_sha256(policy: Policy, *, first: int | None = None) -> str:
    """Hash all withdrawals of a policy together, or only the `first` ones; empty if there are none."""
    made = VersionWithdrawal.objects.filter(version__policy=policy).order_by("pk")[:first]
    return sha256_of_withdrawals(
        made.values_list("version__number", "withdrawn_at", "withdrawn_by", "reason")
    )


def sha256_of_withdrawals(withdrawals: Iterable[tuple[int, datetime, str, str]]) -> str:
    """Hash withdrawals, given as number, when, by whom and why, in the order of their versions."""
    found = [
        {
            "number": number,
            "withdrawn_at": timestamp(withdrawn_at),
            "withdrawn_by": withdrawn_by,
            "reason": reason,
        }
        for number, withdrawn_at, withdrawn_by, reason in sorted(withdrawals)
    ]
    return sha256(encode({"withdrawals": found})) if found else ""
