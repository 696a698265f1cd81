"""A circuit breaker for a service that may be away: after a failure nobody asks it for a moment."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


class Breaker:
    """Counts one failure as an outage, which ends when the service answers. Threads share it.

    Nobody waits for another thread's attempt, so that several may try at the same moment.
    """

    def __init__(self, service: str, *, seconds: float) -> None:
        self.service = service
        self.seconds = seconds
        self._retry_at = 0.0
        self._is_away = False

    @property
    def is_open(self) -> bool:
        """Whether the service failed so recently that nobody needs to ask it."""
        return time.monotonic() < self._retry_at

    @contextmanager
    def watched(self, *failures: type[Exception]) -> Iterator[None]:
        """Note whether what is done meanwhile fails in one of these ways; the exception goes on."""
        if self._is_away:
            self._retry_at = time.monotonic() + self.seconds  # this one tries, and no other with it
        try:
            yield
        except failures as error:
            self._fail(error)
            raise
        if self._is_away:
            logger.warning("%s answers again.", self.service)
            self.close()

    def close(self) -> None:
        """Let the service be asked again at once."""
        self._is_away, self._retry_at = False, 0.0

    def _fail(self, error: Exception) -> None:
        if not self._is_away:
            logger.error("%s does not answer: %r", self.service, error)
        self._is_away, self._retry_at = True, time.monotonic() + self.seconds
