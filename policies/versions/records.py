"""The record of a version: its exact bytes, its hash, and the chain from each version to the one before.

What is published as `record.json` is byte for byte what is hashed (see `ledger.encoding`), so anybody can check it
with `sha256sum`. Never change how an existing record is written; a new form gets a new `format` number.
"""

from typing import Any

from policies.ledger.encoding import encode, sha256, timestamp
from policies.models.versions import PolicyVersion

# 2: with the author beside publisher and approver. 3: with what it was based on, replaces, and the editorial reason.
FORMAT = 3


def write(version: PolicyVersion, **said: Any) -> None:
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
