"""What the worker does at intervals; apps contribute jobs of their own (`register_worker_jobs`)."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Job:
    name: str
    every: float  # seconds
    run: Callable[[], object]
    due: float = 0.0  # by the monotonic clock
