"""Throttling: limits how often one client may do something, counted in the cache.

The client is an IP address, of which only a keyed fingerprint is kept; a whole IPv6 /64 network is one client. Nobody
is refused because the cache is down.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import TypeVar

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.connection import ConnectionProxy
from django.utils.crypto import salted_hmac

Response = TypeVar("Response", bound=HttpResponseBase)
logger = logging.getLogger(__name__)

# Of its own, so that stored pages never push the counts out.
cache = ConnectionProxy(caches, "counters")


def client_ip(request: HttpRequest) -> str:
    """Return the client's IP address; behind a proxy, the one that our own proxy reports."""
    direct = request.META.get("REMOTE_ADDR", "")
    if not settings.BEHIND_PROXY:
        return direct
    # Everything before the last entry is what the client claims about itself.
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(forwarded))
    except ValueError:
        return direct


@dataclass(frozen=True)
class Limit:
    """At most `most` of something from one client within `window`; `name`, without spaces, tells limits apart."""

    name: str
    most: int
    window: timedelta

    def seconds_to_wait(self, client: str) -> int:
        """Return the seconds that this client has to wait: 0 below the limit."""
        try:
            recent = self._recent(client)
        except Exception:
            logger.exception("The cache does not answer, so %s have no limit.", self.name)
            return 0
        if len(recent) < self.most:
            return 0
        return max(1, round(min(recent) + self.window.total_seconds() - timezone.now().timestamp()))

    def count(self, client: str) -> None:
        """Count one more from this client."""
        try:
            moments = [*self._recent(client), timezone.now().timestamp()][-self.most :]
            cache.set(self._key(client), moments, timeout=self.window.total_seconds())
        except Exception:
            logger.exception("The cache does not answer, so a client of %s was not counted.", self.name)

    def take(self, client: str) -> int:
        """Count one more from this client; over the limit, count nothing and return the seconds to wait."""
        wait = self.seconds_to_wait(client)
        if not wait:
            self.count(client)
        return wait

    def _recent(self, client: str) -> list[float]:
        since = (timezone.now() - self.window).timestamp()
        return [moment for moment in cache.get(self._key(client)) or [] if moment > since]

    def _key(self, client: str) -> str:
        # "floods" here and in the salt: orders keep such fingerprints, and counts outlive a deployment.
        return f"floods:{self.name}:{fingerprint(client, purpose=self.name)}"


def too_many_requests(response: Response, seconds: int) -> Response:
    """Make a response the answer to a client over its limit, who may try again in so many seconds."""
    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
    response.headers["Retry-After"] = str(seconds)
    return response


def minutes_to_wait(seconds: int) -> int:
    """Return `Limit.seconds_to_wait` in minutes, rounded up."""
    return -(-seconds // 60)


def fingerprint(client: str, *, purpose: str) -> str:
    """Return 64 characters that stand for a client; nobody without our key can tell its IP address from them."""
    return salted_hmac(f"home.floods.{purpose}", _network(client), algorithm="sha256").hexdigest()


def _network(client: str) -> str:
    try:
        parsed = ip_address(client)
    except ValueError:
        return client
    return str(ip_network((parsed, 64), strict=False) if parsed.version == 6 else parsed)  # noqa: PLR2004
