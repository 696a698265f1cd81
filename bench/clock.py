"""Takes the time: CPU milliseconds, as a machine that others use too would make the hours of a wall clock useless."""

import statistics
import time
from collections.abc import Callable


def milliseconds(work: Callable[[], object]) -> float:
    """Do something once."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def medians(works: dict[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Do several things in turn, again and again, so that whatever slows the machine slows all of them."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _round in range(rounds):
        for name, work in works.items():
            taken[name].append(milliseconds(work))
    return {name: statistics.median(figures) for name, figures in taken.items()}
