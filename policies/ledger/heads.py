"""Heads of the ledger outside of the database: in mails, at a public URL, in files that an auditor keeps.

A head names the one before it, so one head vouches for all that was sealed until then. Held against the database
later, it must still be there; what was sealed since is no matter.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from policies.ledger import encoding
from policies.ledger.verification import LEDGER, Finding, Level
from policies.models.ledger import LedgerHead, LedgerStatement

FORMAT = 2  # 1 listed the newest version of each policy, before there was a ledger
MAX_BYTES = 10 * 1024 * 1024
_NUMBER = r"(0|[1-9]\d{0,17})"
_HEAD = re.compile(
    rf'\{{"first":{_NUMBER},"last":{_NUMBER},"number":{_NUMBER},"previous":"([0-9a-f]{{64}})?",'
    r'"root":"([0-9a-f]{64})?","time":"[0-9:.TZ+-]{20,40}"\}',
    re.ASCII,
)


class UnusableHeadsError(Exception):
    """Heads that cannot be read, or are none; the words say why."""


def as_document(heads: Iterable[LedgerHead]) -> dict[str, Any]:
    """Return heads as plain data, each with its hash."""
    return {"format": FORMAT, "heads": [{**head.content, "sha256": head.sha256} for head in heads]}


def newest() -> LedgerHead:
    """Return the head that ends the chain."""
    return LedgerHead.objects.latest("number")


def encode(heads: Iterable[LedgerHead]) -> str:
    """Write heads in short lines, so that they can be mailed."""
    return json.dumps(as_document(heads), indent=2) + "\n"


def read(path: Path) -> list[dict[str, Any]]:
    """Read heads from a file. Raises UnusableHeadsError."""
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise UnusableHeadsError("it is larger than 10 MB")
        return decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnusableHeadsError("it is not text in UTF-8") from None
    except OSError as error:
        raise UnusableHeadsError(f"it cannot be read: {error.strerror or error}") from None


def decode(text: str) -> list[dict[str, Any]]:
    """Read heads. Raises UnusableHeadsError for what is not heads, whole and unchanged."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UnusableHeadsError("it is not JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("heads"), list):
        raise UnusableHeadsError("it holds no heads of a ledger")
    if document.get("format") != FORMAT:
        raise UnusableHeadsError("it is in a form that this release does not know")
    if not all(map(_is_sound, document["heads"])):
        raise UnusableHeadsError("one of its heads is damaged: its hash is not that of its content")
    return document["heads"]


def _is_sound(head: object) -> bool:
    if not isinstance(head, dict):
        return False
    content = {name: value for name, value in head.items() if name != "sha256"}
    try:
        text = encoding.encode(content)
    except (ValueError, TypeError):
        return False
    return bool(_HEAD.fullmatch(text)) and encoding.sha256(text) == head.get("sha256")


def findings(expected: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    """Yield what has become of heads that were kept outside, where they are not here any more."""
    gaps = [
        (one.content["here"]["number"], one.content["outside"]["number"])
        for one in LedgerStatement.objects.filter(type=LedgerStatement.Type.RESTORED)
    ]
    for head in expected:
        here = LedgerHead.objects.filter(number=head["number"]).values_list("sha256", flat=True).first()
        if here == head["sha256"]:
            continue
        what = "is another one here" if here else "is missing here"
        if any(last < head["number"] <= lost for last, lost in gaps):
            words = f"head {head['number']} {what}: it was lost when the site was restored from a backup"
            yield Finding(LEDGER, words, Level.NOTE)
        else:
            words = f"head {head['number']}, which was kept outside, {what}"
            yield Finding(
                LEDGER, f"{words}: the ledger was rewritten, or restored from a backup (ledger_restored)"
            )
