"""The heads of all policies, to be kept outside of the database: an anchor for the chains.

A list names the newest version of each policy, its hash, and the withdrawals made until then. A chain ends in its
hash, so one line vouches for every version before it. Compared with the database later, each head must still be in its
chain; versions added since do not matter. The same database gives the same bytes, and the list holds a hash of all
the rest of it, in the form of the records. It never writes to the database.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from policies.models import Policy, PolicyVersion
from policies.versions import records

FORMAT = 1
MAX_BYTES = 10 * 1024 * 1024
_MOST = 2**31 - 1
_MODE = 0o644  # nothing secret: the public pages print the same hashes
# A head in the form of the records; without withdrawals it has no hash of them.
_HEAD = re.compile(
    r'\{"number":[1-9]\d{0,9},"policy":"[-a-zA-Z0-9_]{1,100}","sha256":"[0-9a-f]{64}",'
    r'"withdrawals":(0,"withdrawals_sha256":""|[1-9]\d{0,9},"withdrawals_sha256":"[0-9a-f]{64}")\}',
    re.ASCII,
)


class UnusableListError(Exception):
    """The file cannot be read, or is not a list of heads. The message says why."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where the chain of a policy ends: its newest version, and the withdrawals so far."""

    policy: str
    number: int
    sha256: str
    withdrawals: int
    withdrawals_sha256: str


def current() -> Iterator[Head]:
    """Yield the heads as they are now; a policy without versions has none."""
    for policy in Policy.objects.order_by("slug"):
        newest = policy.versions.defer("record").newest()
        if newest is not None:
            withdrawals = policy.versions.filter(withdrawal__isnull=False).count()
            yield Head(
                policy=policy.slug,
                number=newest.number,
                sha256=newest.sha256,
                withdrawals=withdrawals,
                withdrawals_sha256=records.withdrawals_sha256(policy, first=withdrawals),
            )


def digest(heads: Iterable[Head]) -> str:
    """Hash a list: one line that stands for all."""
    return records.sha256(records.encode(_content(heads)))


def encode(heads: Iterable[Head]) -> str:
    """Write a list; in short lines, so that it can be mailed."""
    listed = list(heads)
    content = {**_content(listed), "sha256": digest(listed)}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def decode(text: str) -> list[Head]:
    """Read a list. Raises UnusableListError for anything that is not one, whole and unchanged."""
    try:
        content = json.loads(text)
        if not isinstance(content, dict) or not isinstance(content.get("heads"), list):
            raise UnusableListError("it is not a list of heads")
        if content.get("format") != FORMAT:
            raise UnusableListError("it is in a form that this release does not know")
        are_sound = all(_HEAD.fullmatch(records.encode(entry)) for entry in content["heads"])
    except (ValueError, RecursionError):
        raise UnusableListError("it is not JSON") from None
    heads = [Head(**entry) for entry in content["heads"]] if are_sound else []
    if not are_sound or any(not head.withdrawals <= head.number <= _MOST for head in heads):
        raise UnusableListError("one of its heads is none")
    if content.get("sha256") != digest(heads):
        raise UnusableListError("its hash is not that of its heads: it was changed, or not copied whole")
    return heads


def read(path: Path) -> list[Head]:
    """Read a list from a file. Raises UnusableListError."""
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UnusableListError(f"it cannot be read: {_why(error)}") from None
    if len(body) > MAX_BYTES:
        raise UnusableListError("it is larger than 10 MB")
    try:
        return decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnusableListError("it is not text in UTF-8") from None


def write(heads: Iterable[Head], path: Path) -> None:
    """Write a list to a file, the whole of it or nothing. Raises UnusableListError."""
    try:
        target = path.resolve()  # a link stays a link
        is_device = path.is_relative_to("/dev")  # may lead to a file, which is not to be replaced
        if is_device or (target.exists() and not target.is_file()):
            raise UnusableListError("it cannot be written: it is no file")
        with tempfile.NamedTemporaryFile("w", dir=target.parent, encoding="utf-8", delete=False) as file:
            try:
                file.write(encode(heads))
                file.flush()
                os.fchmod(file.fileno(), _MODE)
                os.fsync(file.fileno())
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink()
                raise
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links that lead to each other
        raise UnusableListError(f"it cannot be written: {_why(error)}") from None


def lost(listed: Iterable[Head]) -> Iterator[tuple[str, str]]:
    """Yield the policy of each listed head that is not in its chain any more, and what is wrong."""
    for head in listed:
        if what := _loss(head):
            yield head.policy, what


def _loss(head: Head) -> str:
    policy = Policy.objects.filter(slug=head.policy).first()
    if policy is None:
        return "the policy is missing with all its versions"
    stored = PolicyVersion.objects.filter(policy=policy, number=head.number).values_list("sha256", flat=True)
    if not stored:
        return f"version {head.number} is missing"
    if stored[0] != head.sha256:
        return f"version {head.number} is another than the one listed"
    if records.withdrawals_sha256(policy, first=head.withdrawals) != head.withdrawals_sha256:
        return "a withdrawal that was listed is missing or changed"
    return ""


def _content(heads: Iterable[Head]) -> dict[str, Any]:
    return {"format": FORMAT, "heads": [asdict(head) for head in heads]}


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
