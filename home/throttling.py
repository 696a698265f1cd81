"""Throttling: limits how often one client may do something, counted in the cache.

The client is an IP address, of which only a keyed fingerprint is kept; a whole IPv6 /64 network is one client. Nobody
is refused because the cache is down.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Network, ip_address
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.filebased import FileBasedCache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.connection import ConnectionProxy
from django.utils.crypto import salted_hmac

from home.locks import lock_file

Response = TypeVar("Response", bound=HttpResponseBase)
logger = logging.getLogger(__name__)

LONGEST_LOCK = 5.0  # seconds; then nothing is counted
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


def client_network(request: HttpRequest) -> str:
    """Return the IP address that stands for a client: of an IPv6 /64 network, the first."""
    return _network(client_ip(request)).partition("/")[0]


@dataclass(frozen=True)
class Limit:
    """At most `most` of something from one client within `window`; `name`, without spaces, tells limits apart."""

    name: str
    most: int
    window: timedelta

    def take(self, client: str) -> int:
        """Count one more from this client; over the limit, count nothing and return the seconds to wait.

        Each place is taken in one step, so that clients at the same moment get no more than the limit.
        """
        window = self.window.total_seconds()
        try:
            taken = self._taken(client)
            if wait := self._wait(taken):
                return wait
            for place in self._places(client):
                if place not in taken and cache.add(place, timezone.now().timestamp(), timeout=window):
                    return 0
            return self._wait(self._taken(client)) or 1
        except Exception:
            logger.exception("The cache does not answer, so a client of %s was not counted.", self.name)
            return 0

    def is_reached(self, client: str) -> bool:
        """Return whether `take` would count nothing; not while the cache is down."""
        try:
            return bool(self._wait(self._taken(client)))
        except Exception:
            logger.exception("The cache does not answer, so nobody knows the count of %s.", self.name)
            return False

    def give_back(self, client: str, *, all_places: bool = False) -> None:
        """Count the newest, or nothing so far, as if it had not been."""
        try:
            taken = self._taken(client)
            cache.delete_many(sorted(taken, key=lambda place: taken[place])[0 if all_places else -1 :])
        except Exception:
            logger.exception("The cache does not answer, so a client of %s keeps its count.", self.name)

    def _wait(self, taken: dict[str, float]) -> int:
        if len(taken) < self.most:
            return 0
        return max(1, round(min(taken.values()) + self.window.total_seconds() - timezone.now().timestamp()))

    def _taken(self, client: str) -> dict[str, float]:
        return cache.get_many(self._places(client))

    def _places(self, client: str) -> list[str]:
        # "floods" here and in the salt: orders keep such fingerprints, and counts outlive a deployment.
        key = f"floods:{self.name}:{fingerprint(client, purpose=self.name)}"
        return [f"{key}:{place}" for place in range(self.most)]


def take_all(*counts: tuple[Limit, str]) -> int:
    """Count one more in each limit; where a client is over one, count in none and return the seconds to wait."""
    for number, (limit, client) in enumerate(counts):
        if wait := limit.take(client):
            give_all_back(*counts[:number])
            return wait
    return 0


def give_all_back(*counts: tuple[Limit, str]) -> None:
    """Count what `take_all` took as if it had not been."""
    for limit, client in counts:
        limit.give_back(client)


class LockedFileCache(FileBasedCache):
    """A cache of files whose `add` is one step: Django's looks first and writes later, and reading may delete."""

    def get(self, key: str, *args: Any, **kwargs: Any) -> Any:
        with self._alone():
            return super().get(key, *args, **kwargs)

    def get_many(self, keys: Iterable[str], *args: Any, **kwargs: Any) -> dict[str, Any]:
        with self._alone():
            found = {key: super(LockedFileCache, self).get(key, *args, **kwargs) for key in keys}
        return {key: value for key, value in found.items() if value is not None}

    def add(self, key: str, value: Any, *args: Any, **kwargs: Any) -> bool:
        with self._alone():
            return super().add(key, value, *args, **kwargs)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._createdir()  # type: ignore[attr-defined] # as _dir: missing in the stubs
        with (Path(self._dir) / "lock").open("w") as file:  # type: ignore[attr-defined]
            lock_file(file, seconds=LONGEST_LOCK)
            yield


def too_many_requests(response: Response, seconds: int) -> Response:
    """Make a response the answer to a client over its limit, who may try again in so many seconds."""
    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
    response.headers["Retry-After"] = str(seconds)
    return response


def minutes_to_wait(seconds: int) -> int:
    """Return `Limit.take` in minutes, rounded up."""
    return -(-seconds // 60)


def fingerprint(client: str, *, purpose: str) -> str:
    """Return 64 characters that stand for a client; nobody without our key can tell its IP address from them."""
    return salted_hmac(f"home.floods.{purpose}", _network(client), algorithm="sha256").hexdigest()


def _network(client: str) -> str:
    try:
        parsed = ip_address(client)
    except ValueError:
        return client
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    # A server that listens on IPv6 alone writes ::ffff:192.0.2.1.
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed), 64), strict=False))
