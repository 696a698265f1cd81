"""Measures finished pages: ours from the page cache, against nginx with the same bytes as a static file.

All servers have one worker, the same load from the same program, and take turns. The limit is about rates. A rate
depends on what else the machine does, and that of nginx on what the program can ask; the CPU time of a request hardly
does, so both are stated.
"""

import re
import shutil
import statistics
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import plots, servers, sites

ROUNDS = 5
SECONDS = 2
CONNECTIONS = 8
MUST, AIM = 5, 3  # times nginx is faster, at most
PAGE = "policy"
OURS = "ours by granian"
_REQUESTS = re.compile(r"(\d+) requests in ([\d.]+)s")
_ERRORS = re.compile(r"Non-2xx|Socket errors")


def run() -> list[str]:
    """Measure and print; return what is slower than it may be."""
    if missing := servers.install("nginx", "wrk"):
        return [f"Finished pages were not measured: install {' and '.join(missing)}."]
    with sites.both() as (_floor, ours), tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return measure(ours, Path(folder))


def measure(ours: sites.Site, folder: Path) -> list[str]:
    """Measure with a site that is there."""
    url = ours.pages[PAGE]["url"]
    with servers.ours(ours) as server:
        _status, body = server.get(url)
    (folder / "body").write_bytes(body)
    with ExitStack() as stack:
        running = _started(ours, folder, body, stack)
        for server in running.values():
            assert {server.get(url) for _ in range(20)} == {(200, body)}
        rounds = [{name: _load(server, url) for name, server in running.items()} for _ in range(ROUNDS)]
    print(f"The finished page of a policy, {len(body) / 1000:.1f} kB compressed; servers with one worker,")
    print(f"asked over {CONNECTIONS} connections; medians and extremes of {ROUNDS} rounds")
    print(f"  {'':<34}{'µs CPU':>10}{'a second':>12}{'share of nginx by CPU':>24}{'by rate':>10}")
    for name in running:
        print(_line(name, rounds))
    names = [name for name in running if name != "nginx"]
    rows = [plots.Bar(name, _times(name, rounds), *([MUST, AIM] if name == OURS else [])) for name in names]
    plots.bars(
        "cached", "A finished page: how many times nginx answers it from a file in the same time", rows
    )
    words = f"nginx answers {_times(OURS, rounds):.1f} times as fast, at most {MUST}."
    return [words] if _times(OURS, rounds) > MUST else []


def _times(name: str, rounds: list[dict[str, tuple[float, float]]]) -> float:
    """Return how many times the rate of nginx is that of a server."""
    return statistics.median(one["nginx"][1] / one[name][1] for one in rounds)


def _started(ours: sites.Site, folder: Path, body: bytes, stack: ExitStack) -> dict[str, servers.Server]:
    application, bare = "config.wsgi:application", {"BENCH_BODY": str(folder / "body")}
    found = {
        "nginx": servers.nginx(folder / "nginx", body),
        OURS: servers.ours(ours),
        "a bare WSGI answer by granian": servers.granian(ours, "bench.bare:application", **bare),
    }
    if servers.has_gunicorn():
        found |= {
            "ours by gunicorn": servers.gunicorn(ours, application, threads=1),
            "ours by gunicorn, with threads": servers.gunicorn(ours, application, threads=servers.THREADS),
        }
    return {name: stack.enter_context(server) for name, server in found.items()}


def _load(server: servers.Server, url: str) -> tuple[float, float]:
    """Return the CPU microseconds of a request, and the requests of a second."""
    headers = [part for name, value in servers.HEADERS.items() for part in ("-H", f"{name}: {value}")]
    options = ["-t", "1", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", *headers]
    before = server.cpu()
    said = subprocess.run(
        [shutil.which("wrk") or "wrk", *options, f"http://127.0.0.1:{server.port}{url}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    used = server.cpu() - before
    found = _REQUESTS.search(said)
    assert found, said
    assert not _ERRORS.search(said), said
    count, seconds = int(found[1]), float(found[2])
    return used / count * 1_000_000, count / seconds


def _line(name: str, rounds: list[dict[str, tuple[float, float]]]) -> str:
    cpu = statistics.median(one[name][0] for one in rounds)
    rate = statistics.median(one[name][1] for one in rounds)
    times = [one[name][0] / one["nginx"][0] for one in rounds]
    share = f"1/{statistics.median(times):.1f} (1/{min(times):.1f}–1/{max(times):.1f})"
    return f"  {name:<34}{cpu:>10.0f}{rate:>12,.0f}{share:>24}{f'1/{_times(name, rounds):.1f}':>10}"
