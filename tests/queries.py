"""Counts what a page asks the database, right after a change and when it was shown before."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from home.page_cache import tokens


def cold(client: Client, path: str) -> int:
    """Return the number of queries of the first request after a change.

    Ask twice where the count matters: the first time includes what is looked up once a process.
    """
    tokens.reset()
    return _asked(client, path)


def warm(client: Client, path: str) -> int:
    """Return the number of queries of a page that was shown since the last change."""
    cold(client, path)
    return _asked(client, path)


def _asked(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return len(asked)
