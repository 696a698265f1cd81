"""Faults on order: an answer that is slow, an error, or a connection that breaks before or after the work.

They live in memory only: a restart is without faults.
"""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from tools.stripe_sandbox.errors import ApiError

OPERATIONS = ("create", "retrieve", "expire", "list", "refund", "any")
KINDS = ("slow", "error_500", "error_500_kept", "error_429", "drop_before", "drop_after")
LONGEST_WAIT = 120
MOST_TIMES = 1_000_000


@dataclass
class Fault:
    """What goes wrong, and how many times more."""

    operation: str
    kind: str
    seconds: float = 5
    times: int = 1


class Faults:
    """The faults still to come, the oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, *, operation: str, kind: str, seconds: float = 5, times: int = 1) -> Fault:
        """Order a fault for the next `times` requests of an operation."""
        if operation not in OPERATIONS:
            raise ApiError(f"operation must be one of {', '.join(OPERATIONS)}", param="operation")
        if kind not in KINDS:
            raise ApiError(f"kind must be one of {', '.join(KINDS)}", param="kind")
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, (int, float))
            or not 0 <= seconds <= LONGEST_WAIT
        ):
            raise ApiError(f"seconds must be a number from 0 to {LONGEST_WAIT}", param="seconds")
        if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_TIMES:
            raise ApiError(f"times must be a whole number from 1 to {MOST_TIMES}", param="times")
        fault = Fault(operation, kind, seconds, times)
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, operation: str) -> Fault | None:
        """Return the fault that hits this request, if any."""
        with self._lock:
            for fault in self._faults:
                if fault.operation in (operation, "any"):
                    fault.times -= 1
                    if not fault.times:
                        self._faults.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Return the faults still to come."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]
