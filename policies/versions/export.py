"""The auditor's export: every version of one policy or of all, as one ZIP that standard tools can check.

A record goes in byte for byte as it is stored, also one that was tampered with: the check is the reader's, and the
README says how. Everything else in the ZIP is written for people and follows from the records. The same database
gives the same bytes (until a version takes effect, or more is sealed). It reads version by version, so a thousand need
no more memory than a few; only a line about each is kept for the lists. It never writes to the database.
"""

import csv
import hashlib
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Any

from django.conf import settings
from django.db.models import Max
from django.template.loader import render_to_string
from django.utils import timezone, translation

from home.spreadsheets import as_text
from policies.ledger import encoding, heads
from policies.ledger.proof import NoProofError, Proofs
from policies.models import LedgerHead, Policy, PolicyVersion
from policies.models.ledger import LedgeredModel
from policies.models.versions import ChangeKind, Status
from policies.text import markup

_COMPRESSION = 1  # a quarter larger than usual, and done in a fraction of the time: somebody waits for it
_CHUNK = 10  # versions read from the database at once
_DIGITS = 4  # of a version's number in the name of its folder, at least: so that they sort
_FIRST_YEAR_OF_ZIP = 1980
_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")  # names that Windows keeps for devices
_STATED = ("change_kind", "change_summary", "author", "publisher", "approver")  # as records say
_WITHDRAWAL = ("policy", "version", "withdrawn_at", "withdrawn_by", "withdrawal_reason")


@dataclass
class _Archive:
    """A ZIP being written, the hashes of its files, and the latest moment in any of them."""

    zip: zipfile.ZipFile
    sums: list[str] = field(default_factory=list)
    last: datetime = datetime(_FIRST_YEAR_OF_ZIP, 1, 1, tzinfo=UTC)
    proofs: Proofs = field(default_factory=Proofs)

    def add(self, name: str, content: str, moment: datetime | None = None) -> None:
        """Write one file, dated as what it tells of; as the latest so far, where it tells of all."""
        self.last = max(self.last, moment or self.last)
        body = content.encode()
        entry = zipfile.ZipInfo(name, (moment or self.last).astimezone(UTC).timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 3  # Unix, wherever it is written: the bytes do not depend on the machine
        entry.external_attr = 0o100644 << 16
        self.zip.writestr(entry, body, compresslevel=_COMPRESSION)
        self.sums.append(f"{hashlib.sha256(body).hexdigest()}  {name}\n")


@dataclass
class _Listed:
    """A policy, where its versions lie in the ZIP, and a line about each."""

    policy: Policy
    folder: str
    digits: int
    lines: list[dict[str, Any]] = field(default_factory=list)


def write(policies: Iterable[Policy], *, now: datetime | None = None) -> IO[bytes]:
    """Write the ZIP to a temporary file, which is gone when it is closed. A few queries, however many versions."""
    file = tempfile.TemporaryFile(suffix=".zip")  # noqa: SIM115 - whoever reads it closes it
    try:
        # In the site's language and time: the bytes do not depend on who asks.
        with (
            translation.override(settings.LANGUAGE_CODE),
            timezone.override(timezone.get_default_timezone()),
            zipfile.ZipFile(file, "w") as target,
        ):
            _write(_Archive(target), [policy.pk for policy in policies], now or timezone.now())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def file_name(policy: Policy | None, *, now: datetime | None = None) -> str:
    """Return a name for the ZIP: the policy's if it is of one, and the day."""
    stem = _folder_of(policy) if policy else "policies"
    return f"{stem}-{timezone.localdate(now or timezone.now()).isoformat()}.zip"


def _write(archive: _Archive, ids: list[int], now: datetime) -> None:
    known = Policy.objects.filter(pk__in=ids).annotate(newest=Max("versions__number")).order_by("slug", "pk")
    listed = {
        policy.pk: _Listed(policy, _folder_of(policy), digits=max(_DIGITS, len(str(policy.newest))))
        for policy in known
    }
    versions = PolicyVersion.objects.filter(policy__in=list(listed)).with_status(now)
    in_order = versions.select_related("policy", "withdrawal__ledger_entry", "ledger_entry").order_by(
        "policy__slug", "policy", "number"
    )
    for version in in_order.iterator(chunk_size=_CHUNK):
        entry = listed[version.policy_id]
        entry.policy = version.policy  # as it stood when the versions were read
        folder = f"{entry.folder}/version-{version.number:0{entry.digits}d}"
        entry.lines.append(_write_version(archive, version, folder))
    _write_lists(archive, list(listed.values()))


def _write_version(archive: _Archive, version: PolicyVersion, folder: str) -> dict[str, Any]:
    content = version.readable_content
    line = _line(version, content, folder)
    context = {
        "version": version,
        "line": line,
        "change_kind": dict(ChangeKind.choices).get(line["change_kind"], line["change_kind"]),
        "html": markup.safe_html(_text(content, "html")),
        "language": _text(content, "language"),
    }
    files = {
        "page.html": render_to_string("policies/admin/export/page.html", context),
        "text.txt": f"{_text(content, 'text')}\n",
        "record.json": version.record,
        "record.json.sha256": f"{version.sha256}  record.json\n",
    }
    sealed: dict[str, LedgeredModel] = {"proof.json": version}
    if version.is_withdrawn:
        files["withdrawal.json"] = _json({name: line[name] for name in _WITHDRAWAL})
        sealed["withdrawal-proof.json"] = version.withdrawal
    for name, record in sealed.items():
        with suppress(NoProofError):  # not sealed yet, or damaged: the README says what a missing proof means
            files[name] = _json(archive.proofs.of(record))
    for name, body in files.items():
        archive.add(f"{folder}/{name}", body, version.recorded_at)
    return line


def _write_lists(archive: _Archive, listed: list[_Listed]) -> None:
    archive.add("approvals.csv", _csv([line for entry in listed for line in entry.lines]))
    archive.add("versions.json", _json({"policies": [_policy_entry(entry) for entry in listed]}))
    archive.add("heads.json", heads.encode(LedgerHead.objects.order_by("-number")[:1]))
    context = {"policies": listed, "site": settings.WAGTAILADMIN_BASE_URL}
    for name in ("index.html", "README.txt", "check_proof.py"):
        archive.add(name, render_to_string(f"policies/admin/export/{name}", context))
    archive.add("SHA256SUMS", "".join(archive.sums))


def _policy_entry(entry: _Listed) -> dict[str, Any]:
    names = ("kind", "title", "language")
    about = {name: getattr(entry.policy, name) for name in names}
    return {"policy": entry.policy.slug, **about, "versions": entry.lines}


def _line(version: PolicyVersion, content: dict[str, Any], folder: str) -> dict[str, Any]:
    withdrawal = version.withdrawal if version.is_withdrawn else None
    imported = content.get("imported_from")
    return {
        "policy": version.policy.slug,
        "version": version.number,
        "title": _text(content, "title"),
        "status": Status(version.status),
        "effective_at": version.effective_at,
        **{name: _text(content, name) for name in _STATED},
        "recorded_at": version.recorded_at,
        "imported_from": _text(imported, "name"),
        "withdrawn_at": withdrawal.withdrawn_at if withdrawal else "",
        "withdrawn_by": withdrawal.withdrawn_by if withdrawal else "",
        "withdrawal_reason": withdrawal.reason if withdrawal else "",
        "sha256": version.sha256,
        "previous_sha256": version.previous_sha256,
        "folder": folder,
    }


def _text(content: Any, key: str) -> str:
    value = content.get(key) if isinstance(content, dict) else None
    return value if isinstance(value, str) else ""


def _csv(lines: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows(lines[:1])  # the names of the columns
    for line in lines:
        cells = (encoding.timestamp(cell) if isinstance(cell, datetime) else cell for cell in line.values())
        writer.writerow([as_text(str(cell)) for cell in cells])
    return f"\ufeff{out.getvalue()}"  # the mark by which spreadsheets know UTF-8


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2, default=encoding.timestamp) + "\n"


def _folder_of(policy: Policy) -> str:
    """Return the policy's folder: its slug where every file system takes it and tells it from others, else its key."""
    is_safe = _SAFE.fullmatch(policy.slug) and not _RESERVED.fullmatch(policy.slug)
    return policy.slug if is_safe else f"_policy-{policy.pk}"
