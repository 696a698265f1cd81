"""Health checks: the process answers, for hosts and load balancers; and what it needs answers, for whoever watches."""

import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from home import clock
from home.models import WorkerHeartbeat
from home.postgresql import patience

FEW_CONNECTIONS = 3


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Return 200 while the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say within a second what answers: 503 if visitors notice that something does not, else 200.

    `database`: it has the tables of the site. `connections`: some are left. `worker`: it did something in the last ten
    minutes. `clock`: nobody said that ours differs from that of the database or of Stripe.
    """
    has_connections, is_heard = _asked(_has_connections), _asked(WorkerHeartbeat.is_heard)
    needed = {
        "database": is_heard is not None,
        "connections": bool(has_connections),
        "cache": _cache_answers(),
    }
    status = HTTPStatus.OK if all(needed.values()) else HTTPStatus.SERVICE_UNAVAILABLE
    others = {"worker": bool(is_heard), "clock": _asked(clock.is_right) is not False}
    return JsonResponse({**needed, **others}, status=status)


def _asked(question: Callable[[], bool]) -> bool | None:
    """Return what the database answers; None if it does not."""
    with suppress(DatabaseError, InterfaceError), patience(0.2):
        return question()
    return None


def _has_connections() -> bool:
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":  # each of its connections is a file that is open
            cursor.execute("SELECT 1")
            return True
        cursor.execute(
            "SELECT count(*) < current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int - %s"
            " FROM pg_stat_activity WHERE backend_type = 'client backend'",
            [FEW_CONNECTIONS],
        )
        return cursor.fetchone()[0]


def _cache_answers() -> bool:
    try:
        now = time.time()
        cache.set("readyz", now, timeout=10)
        return cache.get("readyz", 0) >= now  # or what another process wrote since
    except Exception:  # noqa: BLE001 - each cache backend raises its own errors; any means "no"
        return False
