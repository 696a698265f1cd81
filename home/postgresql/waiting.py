"""How long a process waits for the database: the web server little, commands as long as it takes."""

import os
import select
import time
from typing import Any

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, set_wait_callback

from home.postgresql import current_patience

TO_ANSWER = 12.0  # seconds: longer than the server takes to end a query by itself:
SERVER_OPTIONS = "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"


def limit() -> None:
    """Limit the waits of this process, before its first connection.

    libpq itself waits without end for a server that is silent. A DATABASE_URL with `options` of its own sets its own
    limits for the server. No COPY is possible in such a process.
    """
    os.environ.setdefault("PGOPTIONS", SERVER_OPTIONS)
    set_wait_callback(_wait)


def _wait(connection: Any) -> None:
    end = time.monotonic() + (current_patience.get() or TO_ANSWER)
    while (state := connection.poll()) != POLL_OK:
        ready = select.poll()
        ready.register(connection.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        if not ready.poll(max(0.0, end - time.monotonic()) * 1000):
            raise psycopg2.OperationalError("The database does not answer in time.")
