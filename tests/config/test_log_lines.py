"""The log is short where a traceback would say nothing more."""

import logging

import pytest
from django.db import OperationalError, ProgrammingError

from config.log_lines import OneLine

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize(
    ("error", "is_short"),
    [
        (OperationalError("the server closed the connection\nunexpectedly"), True),
        (OSError(28, "No space left on device"), True),
        (ProgrammingError("no such column"), False),
        (OSError(2, "No such file"), False),
    ],
)
def test_an_outage_costs_a_line_and_a_mistake_its_traceback(error: Exception, *, is_short: bool) -> None:
    record = logging.LogRecord(
        "django.request", logging.ERROR, "", 1, "Error: /", (), (type(error), error, None)
    )
    assert OneLine().filter(record)
    assert (record.exc_info is None) is is_short
    assert record.getMessage() == (f"Error: / ({str(error).splitlines()[0]})" if is_short else "Error: /")
