"""Asks an authority outside for a timestamp of a head (RFC 3161), and checks what such timestamps say.

The libraries that read timestamps are large, and many sites have none: `witness` loads this module with the first one.
"""

from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from socket import SHUT_RDWR
from threading import Timer
from urllib.parse import urlsplit

from cryptography.x509 import Certificate, load_pem_x509_certificates
from django.conf import settings
from django.utils.translation import gettext as _
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerifierBuilder,
    decode_timestamp_response,
)

from policies.ledger import encoding
from policies.ledger.verification import MAX_DELAY, Finding, Level, about_ledger, in_words
from policies.models.ledger import LedgerHead, LedgerWitness

WAIT = 10  # seconds for each step of an answer
LONGEST_WAIT = 20  # seconds for all of it, even if it trickles
MAX_BYTES = 64 * 1024
_SHA256 = "2.16.840.1.101.3.4.2.1"
_MEDIA_TYPE = "application/timestamp-query"


class BadTimestampError(ValueError):
    """Not a timestamp of that head; the words say why."""


def ask(head: LedgerHead, now: datetime) -> tuple[bytes, datetime]:
    """Return the authority's answer and the time it names. Raises what network and libraries raise, too."""
    roots = _roots()
    data = encoding.encode(head.content).encode()  # its hash is that of the head
    question = TimestampRequestBuilder(data=data, hash_algorithm=HashAlgorithm.SHA256).build()
    answer = _post(settings.TIMESTAMP_URL, question.as_bytes())
    time = _read(answer, head, roots=roots, nonce=question.nonce)
    if time > now + MAX_DELAY:
        words = _("it is of %(time)s, which is to come: one of the two clocks is wrong")
        raise BadTimestampError(words % {"time": in_words(time)})
    return answer, time


def findings(timestamps: Iterator[LedgerWitness]) -> Iterator[Finding]:
    """Yield which of these timestamps are not of their head."""
    try:
        roots = _roots()
    except BadTimestampError as error:
        roots = []
        words = _("the signatures of timestamps were not checked: %(error)s")
        yield about_ledger(words % {"error": error}, Level.WARNING)
    for one in timestamps:
        if problem := _problem(one, roots):
            words = _("the timestamp of head %(number)s by %(who)s: %(problem)s")
            yield about_ledger(words % {"number": one.head.number, "who": one.authority, "problem": problem})


def _problem(one: LedgerWitness, roots: list[Certificate]) -> str:
    try:
        time = _read(bytes(one.token), one.head, roots=roots)
    except BadTimestampError as error:
        return str(error)
    words = _("it is of %(time)s, not of %(other)s")
    return "" if time == one.time else words % {"time": in_words(time), "other": in_words(one.time)}


def _read(answer: bytes, head: LedgerHead, *, roots: list[Certificate], nonce: int | None = None) -> datetime:
    """Return the time that a timestamp names, after checking all that it says. Raises BadTimestampError."""
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
