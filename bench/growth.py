"""Measures how pages and staff screens grow with what is stored: `python -m bench.growth`, see README.md.

Each size has a database and a process of its own, and caches are emptied before each request. The
time is that of the processor: this process's, and with PostgreSQL that of the server's process for our connection too;
the least of some rounds.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import django
from tqdm import tqdm

SIZES = {
    "small": (10, 2, 1_000),
    "pageful": (60, 60, 1_000),  # the smallest with full pages of products and versions
    "middle": (1_000, 1_000, 100_000),
    "large": (100_000, 1_000, 1_000_000),
}
MOST = 1.5  # times as long as with the small size
SLACK = 3  # ms: what is shorter than that cannot be told from chance
ROUNDS = 2
OURSELVES = [sys.executable, "-m", "bench.growth"]
PATIENCE = 60  # seconds for one request, on a machine that others use
Figures = dict[str, dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    fill = commands.add_parser("fill", help="migrate and fill the database of DATABASE_URL")
    for name, default in zip(("products", "versions", "rest"), SIZES["small"], strict=True):
        fill.add_argument(f"--{name}", type=int, default=default)
    measure = commands.add_parser("measure", help="measure these databases, or that of DATABASE_URL")
    measure.add_argument("databases", nargs="*", help="their URLs, the smallest first")
    measure.add_argument("--save", type=Path, help="a file")
    measure.add_argument("--only", default="", help="a part of the names of what to measure")
    compare = commands.add_parser("compare", help="print what `measure --save` saved")
    compare.add_argument("file", type=Path)
    commands.add_parser("answer", help="measure one request for each line of the input: for `measure`")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["small", "middle"])
    arguments = parser.parse_args()
    match arguments.command:
        case "fill":
            _fill(arguments.products, arguments.versions, arguments.rest)
        case "measure":
            found = _measure(arguments.databases or [os.environ["DATABASE_URL"]], arguments.only)
            if arguments.save:
                arguments.save.write_text(json.dumps(found), encoding="utf-8")
            _print(found)
        case "compare":
            _print(json.loads(arguments.file.read_text(encoding="utf-8")))
        case "answer":
            _answer()
        case _:
            sys.exit("\n".join(_all(arguments.sizes)))


def _all(sizes: list[str]) -> list[str]:
    """Fill a database for each size and measure them together; return what grows."""
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        urls = [_database(name, Path(folder)) for name in sizes]
        for name, url in zip(sizes, urls, strict=True):
            numbers = dict(zip(("--products", "--versions", "--rest"), map(str, SIZES[name]), strict=True))
            print(f"{name}: {', '.join(f'{key[2:]} {value}' for key, value in numbers.items())}", flush=True)
            command = [*OURSELVES, "fill", *(part for pair in numbers.items() for part in pair)]
            subprocess.run(command, check=True, env={**os.environ, "DATABASE_URL": url})
        return _print(_measure(urls, ""))


def _database(name: str, folder: Path) -> str:
    """Return the URL of a new database: on the PostgreSQL server of DATABASE_URL, or a file."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        return f"sqlite:///{folder}/{name}.sqlite3"
    django.setup()
    from django.db import connection  # noqa: PLC0415 - needs the settings

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE growth_{name}")
    return f"{url.rpartition('/')[0]}/growth_{name}"


def _fill(products: int, versions: int, rest: int) -> None:
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - needs the settings

    from bench.growth_data import Size, fill  # noqa: PLC0415 - likewise

    call_command("migrate", verbosity=0)
    fill(Size.of(products, versions, rest))


def _measure(urls: list[str], only: str) -> list[Figures]:
    """Ask for each page in all databases in turn, so that what else runs on the machine slows all of them."""
    workers = [
        subprocess.Popen(
            [*OURSELVES, "answer"],
            env={**os.environ, "DATABASE_URL": url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for url in urls
    ]
    found: list[Figures] = [{} for _worker in workers]
    names, *_same = [json.loads(_line(worker)) for worker in workers]
    for name in tqdm([name for name in names if only in name]):
        for _round in range(ROUNDS):
            for worker, figures in zip(workers, found, strict=True):
                if figures.get(name, {"kB": 1})["kB"]:  # it has not broken
                    one = json.loads(_line(worker, name))
                    figures[name] = min(figures.get(name, one), one, key=lambda each: each["ms"])
    for worker in workers:
        worker.communicate()
    return found


def _line(worker: "subprocess.Popen[str]", asked: str = "") -> str:
    assert worker.stdin is not None
    assert worker.stdout is not None
    if asked:
        print(asked, file=worker.stdin, flush=True)
    return worker.stdout.readline()


def _answer() -> None:
    django.setup()
    from bench.growth_screens import screens  # noqa: PLC0415 - needs the settings

    signal.signal(signal.SIGALRM, _give_up)
    requests, known = screens(), set()
    print(json.dumps(list(requests)), flush=True)
    for name in map(str.strip, sys.stdin):
        print(json.dumps(_measured(requests[name], is_first=name not in known)), flush=True)
        known.add(name)


def _measured(request: Callable[[], Any], *, is_first: bool) -> dict[str, Any]:
    """Return the status of a request, its queries, its time and the size of its answer."""
    from django.core.cache import caches  # noqa: PLC0415 - needs the settings
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    try:
        with _patience():
            if is_first:
                request()  # what is read once a process
            for cache in caches.all():
                cache.clear()
            with CaptureQueriesContext(connection) as queries:
                start = _processor(connection)
                answer = request()
                size = len(b"".join(answer) if answer.streaming else answer.content)
                taken = _processor(connection) - start
    except Exception as error:  # noqa: BLE001 - a page that breaks is a result
        return {"status": type(error).__name__, "queries": 0, "ms": PATIENCE * 1000.0, "kB": 0}
    return {
        "status": answer.status_code,
        "queries": len(queries),
        "ms": taken,
        "kB": max(round(size / 1000), 1),
    }


def _processor(connection: Any) -> float:
    """Return the milliseconds that the processor has worked for us."""
    own = time.process_time() * 1000
    if connection.vendor != "postgresql":
        return own
    pid = connection.connection.info.backend_pid
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return own + ticks * 1000 / os.sysconf("SC_CLK_TCK")


@contextmanager
def _patience() -> Iterator[None]:
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError


def _print(sizes: list[Figures]) -> list[str]:
    """Print a line for each page; return those that grow too much."""
    heads = [f"{'queries':>9}{'ms':>9}{'kB':>7}{'×':>7}" for _size in sizes]
    print(f"{'':<44}{''.join(heads)}")
    growing = []
    for name in sizes[0]:
        least = sizes[0][name]["ms"]
        cells, worst = [], 0.0
        for figures in (size[name] for size in sizes):
            ratio = figures["ms"] / max(least, 0.1)
            status = figures["status"] if figures["status"] != 200 else figures["queries"]  # noqa: PLR2004
            mark = f"!{status}" if figures["status"] != 200 else status  # noqa: PLR2004
            cells.append(f"{mark!s:>9}{figures['ms']:>9.1f}{figures['kB']:>7}{ratio:>7.2f}")
            is_slower = figures["ms"] > MOST * least and figures["ms"] > least + SLACK
            worst = max(worst, ratio if is_slower or figures["status"] != 200 else 0)  # noqa: PLR2004
        print(f"{name:<44}{''.join(cells)}{'  GROWS' if worst else ''}")
        if worst:
            growing.append(f"{name} takes {worst:.1f} of its time at the smallest size.")
    return growing


if __name__ == "__main__":
    main()
