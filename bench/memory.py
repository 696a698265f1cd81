"""Measures what a worker takes after mixed requests, and what the start costs, beside the site of `wagtail start`.

The memory of a worker is its share (PSS): a page of memory that n processes use counts as an n-th. So the shares of
all processes of a server, the one that starts the workers included, add up to what the server takes.
"""

import statistics
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from http import HTTPStatus
from itertools import cycle, islice

from bench import plots, servers, sites

REQUESTS = 1000  # to each worker
WORKERS = (1, 2)  # the second is the default
AT_ONCE = 8
ROUNDS = 5
MOST_MEGABYTES = 95
MOST_TIMES = 1.3
OUR_PATHS = (
    "/privacy-policy/versions/",
    "/privacy-policy/versions/1/",
    "/privacy-policy/feed/",
    "/cookies/",
    "/sitemap.xml",
    "/shop/?page=2",
    "/healthz/",
    "/admin/login/",
    "/nothing/",
)
FLOOR_PATHS = ("/", "/search/?query=home", "/admin/login/", "/nothing/")


def run() -> list[str]:
    """Measure and print; return what takes more than it may."""
    with sites.both() as (floor, ours):
        return measure(floor, ours)


def measure(floor: sites.Site, ours: sites.Site) -> list[str]:
    """Measure with two sites that are there."""
    print(
        f"Servers with {servers.THREADS} threads a worker after {REQUESTS:,} mixed requests to each worker, in"
    )
    print(
        "megabytes: of a worker what is resident, and its share (PSS); the shares of all processes together"
    )
    print(f"  {'':<24}{'resident':>10}{'its share':>12}{'all together':>14}")
    shares = {}
    for workers in WORKERS:
        for name, site in (("the floor", floor), ("ours", ours)):
            resident, share, together = _memory(site, workers)
            shares[name, workers] = share
            which = f"{name}, {workers} worker{'s' * (workers > 1)}"
            print(f"  {which:<24}{resident:>10.0f}{share:>12.0f}{together:>14.0f}", flush=True)
    times = _measure_start(floor, ours)
    limits = {"the floor": None, "ours": MOST_MEGABYTES}
    rows = [plots.Bar(f"{name}, {count}", share, limits[name]) for (name, count), share in shares.items()]
    plots.bars(
        "memory", f"A worker, of 1 or 2, after {REQUESTS:,} mixed requests: its share in megabytes", rows
    )
    most = max(share for (name, _), share in shares.items() if name == "ours")
    missed = [f"The share of a worker is {most:.0f} MB, at most {MOST_MEGABYTES}."]
    slow = [f"The start takes {times:.2f} times the floor's, at most {MOST_TIMES}."]
    return missed * (most > MOST_MEGABYTES) + slow * (times > MOST_TIMES)


def _server(site: sites.Site, workers: int = 1) -> AbstractContextManager[servers.Server]:
    """Return the server of a site: ours loads it before there are workers, granian's command does not."""
    if site.pages:
        return servers.ours(site, workers=workers)
    return servers.granian(site, site.application, workers=workers)


def _memory(site: sites.Site, workers: int) -> tuple[float, float, float]:
    """Return what a worker has resident, its share, and the shares of all processes."""
    pages = [(page["url"], page.get("cookies", "")) for page in site.pages.values()]
    pages += [(path, "") for path in (OUR_PATHS if pages else FLOOR_PATHS)]
    with _server(site, workers) as server, ThreadPoolExecutor(AT_ONCE) as pool:
        for page in pages:  # one after the other: pictures are made at the first request
            server.get(*page)
        wanted = islice(cycle(pages), REQUESTS * workers)
        statuses = set(pool.map(lambda page: server.get(*page)[0], wanted))
        assert statuses <= {200, 404}, statuses
        found = [servers.memory_of(process) for process in (*server.workers, server.parent)]
    resident, share = (statistics.mean(one[kind] for one in found[:-1]) for kind in (0, 1))
    return resident, share, sum(one[1] for one in found)


def _measure_start(floor: sites.Site, ours: sites.Site) -> float:
    """Print the CPU time until the first page is answered; return how many times the floor's ours takes."""
    started = {"the floor": floor, "ours": ours}
    rounds = [{name: _start(site) for name, site in started.items()} for _ in range(ROUNDS + 1)][1:]
    print("CPU seconds of all processes from the start of a server with one worker to its first page")
    for name in started:
        print(f"  {name:<24}{statistics.median(one[name] for one in rounds):>10.2f}")
    return statistics.median(one["ours"] / one["the floor"] for one in rounds)


def _start(site: sites.Site) -> float:
    with _server(site) as server:
        assert server.get("/")[0] == HTTPStatus.OK
        return server.cpu()
