"""Heads of the ledger outside of the database: in mails, at a public URL, in files that an auditor keeps.

A head names the one before it, so one head vouches for all that was sealed until then. Held against the database
later, it must still be there; what was sealed since is no matter.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from policies.ledger import encoding, entries, sealing, verification
from policies.ledger.verification import MAX_DELAY, Finding, Level, about_ledger
from policies.models.ledger import LedgerHead, LedgerStatement

FORMAT = 2  # 1 listed the newest version of each policy, before there was a ledger
MAX_BYTES = 10 * 1024 * 1024
TOLD_FOR = timedelta(days=30)  # how long a restore is a warning
_MOST_AT_ONCE, _SHORTEST_BATCH = 100, timedelta(minutes=1)  # heads: the worker seals every quarter of an hour
_NUMBER = r"(0|[1-9]\d{0,17})"
_HEAD = re.compile(
    rf'\{{"first":{_NUMBER},"last":{_NUMBER},"number":{_NUMBER},"previous":"([0-9a-f]{{64}})?",'
    r'"root":"([0-9a-f]{64})?",("stated":"[0-9a-f]{64}",)?"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"\}',
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
    if not document["heads"]:
        raise UnusableHeadsError("it holds no heads of a ledger")
    if not all(map(_is_sound, document["heads"])):
        raise UnusableHeadsError("one of its heads is damaged: its hash is not that of its content")
    return document["heads"]


def _is_sound(head: object) -> bool:
    if not isinstance(head, dict):
        return False
    content = {name: value for name, value in head.items() if name != "sha256"}
    try:
        text = encoding.encode(content)
        datetime.fromisoformat(content.get("time", ""))
    except (ValueError, TypeError, RecursionError):
        return False
    return bool(_HEAD.fullmatch(text)) and encoding.sha256(text) == head.get("sha256")


def findings(expected: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    """Yield what has become of heads that were kept outside, where they are not here any more."""
    for head in expected:
        here = LedgerHead.objects.filter(number=head["number"]).values_list("sha256", flat=True).first()
        if here == head["sha256"]:
            continue
        what = _("is another one here") if here else _("is missing here")
        number, time = head["number"], datetime.fromisoformat(head["time"])
        gaps = [
            (here.number < number <= lost, here.time <= time <= end) for here, lost, end, _said in _restores()
        ]
        if (True, True) in gaps:
            words = _("head %(number)s %(what)s: it was lost when the site was restored from a backup")
            level = Level.NOTE
        else:
            words = _(
                "head %(number)s, which was kept outside, %(what)s: the ledger was rewritten, or restored from a "
                "backup (ledger_restored), or is another one"
            )
            level = Level.DAMAGE
        yield about_ledger(words % {"number": head["number"], "what": what}, level)


@transaction.atomic
def restored(outside: list[dict[str, Any]], *, now: datetime) -> LedgerHead:
    """Seal the statement that a backup was restored, which lost what was sealed until the newest of these heads.

    Return the last head that the backup held: none that was sealed since the restore. Raises UnusableHeadsError.
    """
    if not outside:
        raise UnusableHeadsError("it holds no head")
    lost = max(outside, key=lambda head: head["number"])
    number, told = lost["number"], LedgerStatement.objects.filter(type=LedgerStatement.Type.RESTORED)
    if LedgerHead.objects.filter(number=number, sha256=lost["sha256"]).exists():
        raise UnusableHeadsError(f"head {number} is here: nothing until then was lost")
    if told.filter(content__outside__sha256=lost["sha256"]).exists():
        raise UnusableHeadsError(f"that head {number} was lost is on record already")
    if (time := datetime.fromisoformat(lost["time"])) > now + MAX_DELAY:
        raise UnusableHeadsError(f"head {number} is dated in the future")
    if (here := _backup(number, time)) is None:
        raise UnusableHeadsError(f"head {number} is older than all heads here: it is of another ledger")
    content = {"outside": lost, "here": {"number": here.number, "sha256": here.sha256}}
    entries.state(LedgerStatement.Type.RESTORED, content, at=now)
    sealing.seal(now=now)
    return here


def restores(*, now: datetime) -> Iterator[Finding]:
    """Yield what the ledger says of restores: they are no damage, but owners should know of each."""
    for here, number, _time, said in _restores():
        words = _("restored from a backup on %(day)s: heads %(first)s to %(last)s were lost")
        words %= {"day": date_format(timezone.localtime(said)), "first": here.number + 1, "last": number}
        is_new = said > now - TOLD_FOR
        yield Finding(_("ledger"), words, Level.WARNING if is_new else Level.NOTE, is_mailed=is_new)


def _restores() -> Iterator[tuple[LedgerHead, int, datetime, datetime]]:
    """Yield for each restore the last head that the backup held, number and time of the last one lost, its own time.

    Only what can have been: whoever seals everything anew can enter a restore that would explain it.
    """
    for one in verification.statements(LedgerStatement.Type.RESTORED):
        match one.content:  # what is none was not written here, which `verification` sees
            case {"here": {"sha256": sha256}, "outside": lost} if _is_sound(lost):
                number, time = lost["number"], datetime.fromisoformat(lost["time"])
                here = _backup(number, time, said_at=one.ledger_entry.position if one.ledger_entry else None)
                most = _MOST_AT_ONCE + (time - here.time) / _SHORTEST_BATCH if here else 0
                if here and here.sha256 == sha256 and number - here.number <= most:
                    yield here, number, time, one.time


def _backup(number: int, time: datetime, *, said_at: int | None = None) -> LedgerHead | None:
    """Return the newest head that is not later than a lost one, of those that were sealed before a position."""
    held = LedgerHead.objects.filter(number__lt=number, time__lte=time).order_by("-number")
    return held.filter(last_position__lt=said_at or sys.maxsize).first()
