"""Has an authority outside timestamp the newest head once a day (RFC 3161), and checks what such timestamps say.

The site needs none: an authority that is gone, slow or lying is logged and asked again, and a bad answer is not kept.
The libraries that read timestamps are large, and loaded with the first one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from socket import SHUT_RDWR
from threading import Timer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from policies.ledger import encoding, heads, schedule
from policies.ledger.verification import MAX_DELAY, Finding, Level, about_ledger, in_words
from policies.models.ledger import LedgerHead, LedgerWitness

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

logger = logging.getLogger(__name__)

EVERY = timedelta(days=1)
WAIT = 10  # seconds for each step of an answer
LONGEST_WAIT = 20  # seconds for all of it, even if it trickles
MAX_BYTES = 64 * 1024
_IS_AUTHORITY = Q(authority__gt="")
_SHA256 = "2.16.840.1.101.3.4.2.1"
_MEDIA_TYPE = "application/timestamp-query"


class BadTimestampError(ValueError):
    """Not a timestamp of that head; the words say why."""


def unwitnessed(witnesses: QuerySet[LedgerWitness], *, every: timedelta, now: datetime) -> LedgerHead | None:
    """Return the newest head if none of these witnesses has it, and the last one came long enough ago."""
    head, last = heads.newest(), witnesses.order_by("pk").last()
    is_enough = last and (last.head_id == head.pk or not schedule.is_due(last.time, every=every, now=now))
    return None if head.number == 0 or is_enough else head


def timestamp(*, now: datetime) -> LedgerWitness | None:
    """Have the newest head timestamped if that is due; return None if not, or if the authority gave no timestamp."""
    url = settings.TIMESTAMP_URL
    head = unwitnessed(LedgerWitness.objects.filter(_IS_AUTHORITY), every=EVERY, now=now) if url else None
    if head is None:
        return None
    try:
        token, time = _ask(head, now)
    except (HTTPException, OSError, ValueError) as error:
        words = str(error)[:300] or type(error).__name__
        logger.warning("No timestamp from %s, which is asked again: %r", url, words)
        return None
    values = {"token": token, "time": time}
    return LedgerWitness.objects.get_or_create(head=head, authority=url, defaults=values)[0]


def findings() -> Iterator[Finding]:
    """Yield timestamps that are not of their head, and heads that are known outside and gone here."""
    try:
        roots = _roots()
    except BadTimestampError as error:
        roots = []
        words = _("the signatures of timestamps were not checked: %(error)s")
        yield about_ledger(words % {"error": error}, Level.WARNING)
    known = LedgerHead.objects.filter(witnesses__isnull=False).in_bulk()
    for one in LedgerWitness.objects.order_by("pk").iterator(chunk_size=500):
        head = known.get(one.head_id)
        if head is None:
            words = _("the head that %(who)s had on %(time)s is missing")
            yield about_ledger(words % {"who": one.authority or _("a mail"), "time": in_words(one.time)})
        elif one.authority and (problem := _problem(one, head, roots)):
            words = _("the timestamp of head %(number)s by %(who)s: %(problem)s")
            yield about_ledger(words % {"number": head.number, "who": one.authority, "problem": problem})


def _problem(witness: LedgerWitness, head: LedgerHead, roots: list[Certificate]) -> str:
    try:
        time = _read(bytes(witness.token), head, roots=roots)
    except BadTimestampError as error:
        return str(error)
    words = _("it is of %(time)s, not of %(other)s")
    return "" if time == witness.time else words % {"time": in_words(time), "other": in_words(witness.time)}


def _ask(head: LedgerHead, now: datetime) -> tuple[bytes, datetime]:
    """Return the authority's answer and the time it names. Raises what network and libraries raise, too."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder  # noqa: PLC0415

    roots = _roots()
    data = encoding.encode(head.content).encode()  # its hash is that of the head
    question = TimestampRequestBuilder(data=data, hash_algorithm=HashAlgorithm.SHA256).build()
    answer = _post(settings.TIMESTAMP_URL, question.as_bytes())
    time = _read(answer, head, roots=roots, nonce=question.nonce)
    if time > now + MAX_DELAY:
        words = _("it is of %(time)s, which is to come: one of the two clocks is wrong")
        raise BadTimestampError(words % {"time": in_words(time)})
    return answer, time


def _read(answer: bytes, head: LedgerHead, *, roots: list[Certificate], nonce: int | None = None) -> datetime:
    """Return the time that a timestamp names, after checking all that it says. Raises BadTimestampError."""
    from rfc3161_client import VerifierBuilder, decode_timestamp_response  # noqa: PLC0415

    try:
        response = decode_timestamp_response(answer)
        words = _refusal(response, head, nonce)
        if roots and not words:
            VerifierBuilder(roots=roots).build().verify(response, bytes.fromhex(head.sha256))
    except Exception as error:  # whatever two libraries make of bytes from outside
        words = _("it cannot be read, or is not signed as it should be: %(error)s")
        raise BadTimestampError(words % {"error": error}) from error
    if words:
        raise BadTimestampError(words)
    return response.tst_info.gen_time


def _refusal(response: TimeStampResponse, head: LedgerHead, nonce: int | None) -> str:
    from rfc3161_client import PKIStatus  # noqa: PLC0415

    if response.status != PKIStatus.GRANTED:
        return _("the authority refuses: %(reason)s") % {"reason": ", ".join(response.status_string)}
    said = response.tst_info
    imprint = said.message_imprint
    if (imprint.hash_algorithm.dotted_string, imprint.message.hex()) != (_SHA256, head.sha256):
        return _("it is of another hash than that of the head")
    if nonce is not None and said.nonce != nonce:
        return _("it is the answer to another question")
    if said.gen_time < head.time - MAX_DELAY:
        words = _("it is of %(time)s, before the head was made: one of the two clocks is wrong")
        return words % {"time": in_words(said.gen_time)}
    return ""


def _roots() -> list[Certificate]:
    if not settings.TIMESTAMP_CA_FILE:
        return []
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415

    try:
        return load_pem_x509_certificates(Path(settings.TIMESTAMP_CA_FILE).read_bytes())
    except (OSError, ValueError) as error:
        words = _("TIMESTAMP_CA_FILE cannot be read: %(error)s")
        raise BadTimestampError(words % {"error": error}) from error


def _post(url: str, body: bytes) -> bytes:
    """Send a question; return the answer, or what of it came in time. It follows no redirect."""
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(parts.netloc, timeout=WAIT)
    connection.connect()
    end = Timer(LONGEST_WAIT, connection.sock.shutdown, [SHUT_RDWR])
    end.daemon = True
    end.start()
    try:
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection.request("POST", path, body, {"Content-Type": _MEDIA_TYPE})
        response = connection.getresponse()
        answer = response.read(MAX_BYTES + 1)
    finally:
        end.cancel()
        connection.close()
    if response.status != 200 or len(answer) > MAX_BYTES:  # noqa: PLR2004 - the status itself
        words = _("it answered with status %(status)s, %(size)s bytes")
        raise BadTimestampError(words % {"status": response.status, "size": len(answer)})
    return answer
