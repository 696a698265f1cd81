"""Caches that may fail: whatever is asked of one that is away is not there, and nobody waits for it twice.

What must know that it failed, the tokens of the page cache, has Django's own backend under the alias `tokens`, and
shares the breaker.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.redis import RedisCache

from home.breaker import Breaker

T = TypeVar("T")
logger = logging.getLogger(__name__)
breaker = Breaker("The cache", seconds=2)


class TolerantCache(BaseCache):
    """Mixin: an outage is a cache that is empty and takes everything."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """The exceptions of an outage."""
        return (OSError,)

    def _ask(self, question: Callable[[], T], otherwise: T) -> T:
        if breaker.is_open:
            return otherwise
        try:
            with breaker.watched(*self.failures):
                return question()
        except self.failures:
            return otherwise

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return self._ask(lambda: super(TolerantCache, self).add(key, value, timeout, version), otherwise=True)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._ask(lambda: super(TolerantCache, self).get(key, default, version), otherwise=default)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> None:
        self._ask(lambda: super(TolerantCache, self).set(key, value, timeout, version), otherwise=None)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return self._ask(lambda: super(TolerantCache, self).touch(key, timeout, version), otherwise=False)

    def delete(self, key: Any, version: Any = None) -> bool:
        return self._ask(lambda: super(TolerantCache, self).delete(key, version), otherwise=False)

    def has_key(self, key: Any, version: Any = None) -> bool:
        return self._ask(lambda: super(TolerantCache, self).has_key(key, version), otherwise=False)

    def get_many(self, keys: Iterable[Any], version: Any = None) -> dict[Any, Any]:
        wanted = list(keys)
        return self._ask(lambda: super(TolerantCache, self).get_many(wanted, version), otherwise={})

    def set_many(self, data: dict[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> Any:
        return self._ask(lambda: super(TolerantCache, self).set_many(data, timeout, version), otherwise=[])

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        return self._ask(lambda: super(TolerantCache, self).incr(key, delta, version), otherwise=delta)


class TolerantFileCache(TolerantCache, FileBasedCache):
    """Files: the disk may be full, or the folder somebody else's."""

    def __init__(self, folder: str, params: dict[str, Any]) -> None:
        with suppress(OSError):  # it makes the folder, and again before each file
            super().__init__(folder, params)

    def _ask(self, question: Callable[[], T], otherwise: T) -> T:
        # Without the breaker: nothing hangs, and one file that is somebody else's says nothing of the others.
        try:
            return question()
        except OSError as error:
            logger.warning("The cache cannot use a file: %r", error)
            return otherwise


class TolerantRedisCache(TolerantCache, RedisCache):
    """Redis or Valkey, away or silent."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        return (OSError, self._cache._lib.RedisError)  # type: ignore[attr-defined]
