"""Measures what a page costs that is in no cache, against the home page of a site that `wagtail start` makes.

Django is asked directly, behind the page cache. Each site is a process of its own; they take turns, so that whatever
slows the machine slows all of them. A ratio is that of two neighbouring blocks of requests; what is printed is the
median of all ratios, with the middle half of them.
By itself: `python -m bench.pages`, for one page with `--page policy`, where its time goes with `--profile`, what it
asks of the database with `--queries`. `--keep FOLDER` keeps the two sites there, so that the next run starts at once.
"""

import argparse
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench import plots, sites

ROUNDS = 15
BLOCK = 6  # requests of one site, then the other's turn
WARM = 12
COLD = 9  # requests after a change each
CHANGE = {"call": "home.page_cache.tokens:changed", "arguments": ["site"]}
PROFILED = 100


@dataclass(frozen=True)
class Bound:
    """What is asked of a page: at most so many times the floor, and so many queries."""

    must: float
    aim: float
    queries: int | None = None


BOUNDS = {
    "policy": Bound(1.75, 1.0, 4),
    "about": Bound(1.5, 1.0, 4),
    "contact": Bound(2.0, 1.2),
    "home": Bound(1.8, 1.2),
    "product": Bound(1.8, 1.3, 6),
    "shop list": Bound(2.6, 1.8, 6),
    "basket": Bound(1.9, 1.5, 6),
    "order": Bound(1.9, 1.5),
    "unpaid order": Bound(1.9, 1.5),
}


@dataclass(frozen=True)
class Figures:
    """What was measured of one page."""

    name: str
    ms: float
    floor_ms: float
    ratios: list[float]
    kept_ratios: list[float]
    queries: int
    cold: float  # times the floor, for the first request after a change
    size: int

    def line(self) -> str:
        """Return a line of the table."""
        bound = BOUNDS[self.name]
        queries = f"{self.queries}" + (f" of {bound.queries}" if bound.queries else "")
        return (
            f"  {self.name:<13}{_spread(self.ratios):>20}{_spread(self.kept_ratios):>20}"
            f"{queries:>10}{bound.must:>7}{bound.aim:>6}{self.cold:>7.1f}{self.ms:>8.2f}{self.size / 1000:>7.1f}"
        )

    def missed(self) -> list[str]:
        """Return the bounds that do not hold."""
        bound, ratio = BOUNDS[self.name], statistics.median(self.ratios)
        missed = [f"{self.name}: {ratio:.2f} times the floor, at most {bound.must}."] * (ratio > bound.must)
        if bound.queries is not None and self.queries > bound.queries:
            missed.append(f"{self.name}: {self.queries} queries, at most {bound.queries}.")
        return missed


def run() -> list[str]:
    """Measure all pages and print, on SQLite and on PostgreSQL; return what takes longer than it may."""
    missed = _measure(list(BOUNDS))
    if find_spec("psycopg2") is None or os.environ.get("DATABASE_URL"):
        return missed
    command = [sys.executable, sites.ROOT / "scripts/with_postgresql.py", sys.executable, "-m", "bench.pages"]
    on_postgresql = subprocess.run(command, check=False, cwd=sites.ROOT)
    return [*missed, *["On PostgreSQL, a page takes more than it may."] * bool(on_postgresql.returncode)]


def _measure(names: list[str], keep: Path | None = None) -> list[str]:
    with sites.both(keep) as (floor, ours), ExitStack() as stack:
        workers = {
            "floor": stack.enter_context(floor.worker()),
            "kept": stack.enter_context(floor.worker(KEEP_CONNECTION="1")),
            "ours": stack.enter_context(ours.worker()),
        }
        for worker in (workers["floor"], workers["kept"]):
            worker.ask("measure", count=WARM)
        print(
            f"Pages rendered each time{_where()}, in CPU time of the floor's home page: as it comes, and with its"
        )
        print(
            "database connection kept, median and middle half of the rounds; cold: the first after a change"
        )
        print(
            f"  {'':<13}{'× the floor':>20}{'× with connection':>20}"
            f"{'queries':>10}{'must':>7}{'aim':>6}{'cold':>7}{'ms':>8}{'kB':>7}"
        )
        found = []
        for name in names:
            found.append(_page(name, workers, ours.pages[name]))
            print(found[-1].line(), flush=True)
    _draw(found)
    return [missed for figures in found for missed in figures.missed()]


def _where() -> str:
    return " on PostgreSQL" if os.environ.get("DATABASE_URL", "").startswith("postgres") else ""


def _draw(found: list[Figures]) -> None:
    title = f"Pages in no cache{_where()}: CPU time, times the home page of wagtail start"
    rows = [
        plots.Bar(
            figures.name,
            statistics.median(figures.ratios),
            BOUNDS[figures.name].must,
            BOUNDS[figures.name].aim,
        )
        for figures in found
    ]
    plots.bars("pages-on-postgresql" if _where() else "pages", title, rows)


def _page(name: str, workers: dict[str, sites.Worker], page: dict[str, str]) -> Figures:
    workers["ours"].ask("measure", count=WARM, **page)
    seen = _inspected(workers["ours"], page)
    rounds = [
        {
            "floor": workers["floor"].ask("measure", count=BLOCK)["ms"],
            "ours": workers["ours"].ask("measure", count=BLOCK, **page)["ms"],
            "kept": workers["kept"].ask("measure", count=BLOCK)["ms"],
        }
        for _ in range(ROUNDS)
    ]
    return Figures(
        name,
        ms=statistics.median(one["ours"] for one in rounds),
        floor_ms=statistics.median(one["floor"] for one in rounds),
        ratios=[one["ours"] / one["floor"] for one in rounds],
        kept_ratios=[one["ours"] / one["kept"] for one in rounds],
        queries=len(seen["queries"]),
        cold=_cold(workers["ours"], page) / statistics.median(one["floor"] for one in rounds),
        size=seen["bytes"],
    )


def _cold(worker: sites.Worker, page: dict[str, str]) -> float:
    """Return the milliseconds of the first request after a change, which reads again what all pages share."""
    return statistics.median(worker.ask("after", **CHANGE, **page)["ms"] for _ in range(COLD))


def _inspected(worker: sites.Worker, page: dict[str, str]) -> dict[str, Any]:
    seen = worker.ask("inspect", **page)
    if not seen["templates"]:
        sys.exit(f"{page['url']} came from a cache: nothing was rendered.")
    return seen


def _spread(ratios: list[float]) -> str:
    low, _, high = statistics.quantiles(ratios, n=4)
    return f"{statistics.median(ratios):.2f} ({low:.2f}–{high:.2f})"


def _show(names: list[str], keep: Path | None, *, queries: bool) -> None:
    with sites.both(keep) as (_floor, ours), ours.worker() as worker:
        for page in (ours.pages[name] for name in names):
            worker.ask("measure", count=WARM, **page)
            if queries:
                print("\n\n".join([page["url"], *_inspected(worker, page)["queries"]]))
            else:
                print(worker.ask("profile", count=PROFILED, **page)["profile"])


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", choices=list(BOUNDS), action="append")
    parser.add_argument("--profile", action="store_true", help="show where the time of that page goes")
    parser.add_argument("--queries", action="store_true", help="show the queries of that page")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the sites for the next run")
    options = parser.parse_args()
    names = options.page or list(BOUNDS)
    if options.profile or options.queries:
        _show(names, options.keep, queries=options.queries)
    else:
        sys.exit("\n".join(missed) if (missed := _measure(names, options.keep)) else 0)


if __name__ == "__main__":
    main()
