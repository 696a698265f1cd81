"""The backend itself: Django wants it in a module of this name."""

from typing import Any

import psycopg2
from django.db import OperationalError
from django.db.backends.postgresql import base

from home.breaker import Breaker
from home.postgresql import patience

TO_CONNECT = 3.0  # seconds
TO_SAY_THAT_IT_IS_THERE = 1.0
_breaker = Breaker("The database", seconds=2)


class DatabaseWrapper(base.DatabaseWrapper):
    """Connects only while the server is there, and looks quickly whether a kept connection still is."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if _breaker.is_open:
            raise OperationalError("The database did not answer a moment ago.")
        with _breaker.watched(psycopg2.OperationalError), patience(TO_CONNECT):
            return super().get_new_connection(conn_params)

    def is_usable(self) -> bool:
        with patience(TO_SAY_THAT_IT_IS_THERE):
            return super().is_usable()
