"""The log is short where a traceback would say nothing more."""

import logging

import pytest
from django.db import InternalError, OperationalError, ProgrammingError

from config.log_lines import LONGEST, OneLine

pytestmark = pytest.mark.both_databases


def read_only(code: str) -> InternalError:
    """Return what PostgreSQL's driver raises, with this SQLSTATE."""
    error = InternalError("cannot execute INSERT in a read-only transaction")
    error.__cause__ = type("ReadOnlySqlTransaction", (Exception,), {"pgcode": code})()
    return error


@pytest.mark.parametrize(
    ("error", "is_short"),
    [
        (OperationalError("the server closed the connection\nunexpectedly"), True),
        (OSError(28, "No space left on device"), True),
        (ProgrammingError("no such column"), False),
        (OSError(2, "No such file"), False),
        (read_only("25006"), True),
        (read_only("XX000"), False),
    ],
)
def test_an_outage_costs_a_line_and_a_mistake_its_traceback(error: Exception, *, is_short: bool) -> None:
    record = logging.LogRecord(
        "django.request", logging.ERROR, "", 1, "Error: /", (), (type(error), error, None)
    )
    assert OneLine().filter(record)
    assert (record.exc_info is None) is is_short
    assert record.getMessage() == (f"Error: / ({str(error).splitlines()[0]})" if is_short else "Error: /")


def test_a_line_that_anybody_can_make_long_is_cut() -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "", 1, "Not Found: %s", ("/" * 8000,), None)
    assert OneLine().filter(record)
    assert len(record.getMessage()) == LONGEST + len(" …")
