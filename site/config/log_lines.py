"""Keeps the log short: one line for what is no mistake of the program, however often it happens."""

import logging

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError

# A bad request, a visitor who is gone, a database that is away. A traceback would say nothing more.
EXPECTED = (
    SuspiciousOperation,
    BadRequest,
    MultiPartParserError,
    UnreadablePostError,
    OperationalError,
    InterfaceError,
)


class OneLine(logging.Filter):
    """Replaces the traceback of an expected exception by its first line."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, EXPECTED):
            message, reason = record.getMessage(), str(error).partition("\n")[0]
            record.msg = message if reason in message else f"{message} ({reason})"
            record.args, record.exc_info = (), None
        return True
