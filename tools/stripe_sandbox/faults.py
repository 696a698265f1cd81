"""Faults on order: an answer that is slow, an error, or a connection that breaks before or after the work.

They live in memory only: a restart is without faults. Those of webhooks are in `webhook_faults`.
"""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Generic, Protocol, TypeVar

from tools.stripe_sandbox import values

OPERATIONS = ("create", "retrieve", "expire", "cancel", "list", "refund", "any")
KINDS = ("slow", "error_500", "error_500_kept", "error_429", "drop_before", "drop_after")
LONGEST_WAIT = 120
MOST_TIMES = 1_000_000


class Repeated(Protocol):
    """What goes wrong some times more."""

    times: int


F = TypeVar("F", bound=Repeated)


class Queue(Generic[F]):
    """What is to go wrong, the oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[F] = []

    def put(self, fault: F) -> F:
        """Let something go wrong."""
        with self._lock:
            self._waiting.append(fault)
        return fault

    def take_first(self, strikes: Callable[[F], bool]) -> F | None:
        """Return the first that strikes, and count it."""
        with self._lock:
            for fault in self._waiting:
                if strikes(fault):
                    fault.times -= 1
                    if not fault.times:
                        self._waiting.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._waiting.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Return what is still to come."""
        with self._lock:
            return [asdict(fault) for fault in self._waiting]  # type: ignore[call-overload]


@dataclass
class Fault:
    """What goes wrong, and how many times more."""

    operation: str
    kind: str
    seconds: float = 5
    times: int = 1


class Faults(Queue[Fault]):
    """The faults of the API still to come."""

    def add(self, *, operation: str, kind: str, seconds: float = 5, times: int = 1) -> Fault:
        """Order a fault for the next `times` requests of an operation."""
        return self.put(
            Fault(
                values.word("operation", operation, OPERATIONS),
                values.word("kind", kind, KINDS),
                values.number("seconds", seconds, 0, LONGEST_WAIT),
                values.whole("times", times, 1, MOST_TIMES),
            )
        )

    def take(self, operation: str) -> Fault | None:
        """Return the fault that hits this request, if any."""
        return self.take_first(lambda fault: fault.operation in (operation, "any"))
