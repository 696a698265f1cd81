"""Slows down senders who send too much: counts, in the cache and for a while, what came from one network address.

The address itself is not kept, only a keyed fingerprint of it. An IPv6 household, with its whole network of
addresses, is one sender. Nobody is kept out because the cache is down.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network

from django.core.cache import caches
from django.utils import timezone
from django.utils.connection import ConnectionProxy
from django.utils.crypto import salted_hmac

logger = logging.getLogger(__name__)

# Of its own, so that no flood of pages pushes the counts out.
cache = ConnectionProxy(caches, "counters")


@dataclass(frozen=True)
class Limit:
    """So many of something from one sender within a time. `name` tells the limits apart: a word without spaces."""

    name: str
    most: int
    window: timedelta

    def seconds_to_wait(self, address: str) -> int:
        """Say how long this sender has to wait: 0 for everyone who does not flood us."""
        try:
            recent = self._recent(address)
        except Exception:
            logger.exception("The cache does not answer, so %s have no limit.", self.name)
            return 0
        if len(recent) < self.most:
            return 0
        return max(1, round(min(recent) + self.window.total_seconds() - timezone.now().timestamp()))

    def count(self, address: str) -> None:
        """Remember this sender for the time of the window."""
        try:
            moments = [*self._recent(address), timezone.now().timestamp()][-self.most :]
            cache.set(self._key(address), moments, timeout=self.window.total_seconds())
        except Exception:
            logger.exception("The cache does not answer, so a sender of %s was not counted.", self.name)

    def take(self, address: str) -> int:
        """Count this sender, unless there is something to wait for: then return the seconds."""
        wait = self.seconds_to_wait(address)
        if not wait:
            self.count(address)
        return wait

    def _recent(self, address: str) -> list[float]:
        since = (timezone.now() - self.window).timestamp()
        return [moment for moment in cache.get(self._key(address)) or [] if moment > since]

    def _key(self, address: str) -> str:
        return f"floods:{self.name}:{fingerprint(address, purpose=self.name)}"


def minutes_to_wait(seconds: int) -> int:
    """Return `Limit.seconds_to_wait` in minutes, rounded up."""
    return -(-seconds // 60)


def fingerprint(address: str, *, purpose: str) -> str:
    """Stand for a sender without naming it: nobody without our key can tell the address (64 characters)."""
    return salted_hmac(f"home.floods.{purpose}", _sender(address), algorithm="sha256").hexdigest()


def _sender(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False) if parsed.version == 6 else parsed)  # noqa: PLR2004
