"""Keeps the log short: one line for what is no mistake of the program, however often it happens."""

import logging

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from home.outages import is_outage

# A bad request, or a visitor who is gone. A traceback would say nothing more, nor would it of an outage.
EXPECTED = (
    SuspiciousOperation,
    BadRequest,
    MultiPartParserError,
    UnreadablePostError,
)


LONGEST = 500  # characters of a line; a URL may have thousands, twenty times a second


class OneLine(logging.Filter):
    """Replaces the traceback of an expected exception by its first line, and cuts what is too long."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, EXPECTED) or is_outage(error):
            message, reason = record.getMessage(), str(error).partition("\n")[0]
            record.msg = message if reason in message else f"{message} ({reason})"
            record.args, record.exc_info = (), None
        if not record.exc_info and len(message := record.getMessage()) > LONGEST:
            record.msg, record.args = f"{message[:LONGEST]} …", ()
        return True
