"""Measures what a worker of granian takes after mixed requests, and what its start costs, beside `wagtail start`'s."""

import statistics
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from bench import plots, servers, sites

REQUESTS = 1000
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
    pages = [(page["url"], page.get("cookies", "")) for page in ours.pages.values()]
    found = {
        "the floor": _memory(floor, floor.application, [(path, "") for path in FLOOR_PATHS]),
        "ours": _memory(ours, "config.wsgi:application", [*pages, *((path, "") for path in OUR_PATHS)]),
    }
    print(
        f"A worker of granian with {servers.THREADS} threads after {REQUESTS:,} mixed requests, in megabytes"
    )
    print(f"  {'':<12}{'resident':>10}{'its share':>12}")
    for name, (resident, share) in found.items():
        print(f"  {name:<12}{resident:>10.0f}{share:>12.0f}")
    rows = [plots.Bar(name, found[name][0], MOST_MEGABYTES if name == "ours" else None) for name in found]
    plots.bars("memory", f"A worker after {REQUESTS:,} mixed requests: megabytes resident", rows)
    times = _measure_start(floor, ours)
    missed = [f"A worker takes {found['ours'][0]:.0f} MB, at most {MOST_MEGABYTES}."]
    slow = [f"The start takes {times:.2f} times the floor's, at most {MOST_TIMES}."]
    return missed * (found["ours"][0] > MOST_MEGABYTES) + slow * (times > MOST_TIMES)


def _memory(site: sites.Site, application: str, pages: list[tuple[str, str]]) -> tuple[float, float]:
    with servers.granian(site, application, LOG_LEVEL="ERROR") as server, ThreadPoolExecutor(AT_ONCE) as pool:
        for page in pages:  # one after the other: pictures are made at the first request
            server.get(*page)
        wanted = islice(cycle(pages), REQUESTS)
        statuses = set(pool.map(lambda page: server.get(*page)[0], wanted))
        assert statuses <= {200, 404}, statuses
        return server.memory()


def _measure_start(floor: sites.Site, ours: sites.Site) -> float:
    """Print the CPU time until the first page is answered; return how many times the floor's ours takes."""
    starts = {"the floor": (floor, floor.application), "ours": (ours, "config.wsgi:application")}
    rounds = [{name: _start(*start) for name, start in starts.items()} for _ in range(ROUNDS + 1)][1:]
    print("CPU seconds from the start of a process to its first page")
    for name in starts:
        print(f"  {name:<12}{statistics.median(one[name] for one in rounds):>10.2f}")
    return statistics.median(one["ours"] / one["the floor"] for one in rounds)


def _start(site: sites.Site, application: str) -> float:
    with site.worker(application) as worker:
        worker.ask("measure", count=1)
        return servers.cpu_of(worker.process.pid)
