"""Measures a policy's public pages with two versions and with a thousand: queries to the database, and time.

The database is a new one in memory, the caches are emptied before each request, so every page is really made.
"""

import statistics
from datetime import timedelta

from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench import clock, database
from bench.texts import Author, body
from policies.models import Policy
from policies.versions import publishing
from policies.versions.content import VersionContent

FEW, MANY = 2, 1000
WORDS = 1000
ROUNDS = 5
PAGES = {
    "policy": "",
    "list": "versions/",
    "list, second page": "versions/?page=2",
    "version": "versions/1/",
    "day": "on/2020-01-01/",
    "comparison": "compare/1/2/",
    "side by side": "compare/1/2/side-by-side/",
    "feed": "feed/",
    "record": "versions/1/record.json",
}


def run() -> list[str]:
    """Measure and print; return what needs more queries with more versions."""
    with database.empty():
        _make_policy("few", FEW)
        _make_policy("many", MANY)
        print(f"A policy's pages with {FEW} and with {MANY:,} versions of {WORDS:,} words")
        print(f"  {'':<24}{'queries':>15}{'ms':>20}")
        growing = [name for name, path in PAGES.items() if not _is_constant(name, path)]
    return [f"More versions need more queries: {name}." for name in growing]


def _is_constant(name: str, path: str) -> bool:
    many = _measured(f"/many/{path}")
    few = _measured(f"/few/{path}") if "page=" not in path else None  # two versions have no second page
    queries, time = (few[0], f"{few[1]:.1f}") if few else (many[0], "")
    print(f"  {name:<24}{queries if few else '':>7}{many[0]:>8}{time:>11}{many[1]:>9.1f}")
    return queries == many[0]


def _measured(url: str) -> tuple[int, float]:
    """Return the queries of a request, and its time."""
    client = Client()
    client.get(url)  # what is read once a process
    taken = []
    for _round in range(ROUNDS):
        for cache in caches.all():
            cache.clear()
        with CaptureQueriesContext(connection) as queries:
            taken.append(clock.milliseconds(lambda: client.get(url)))
    return len(queries), statistics.median(taken)


def _make_policy(slug: str, count: int) -> None:
    policy = Policy.objects.create(slug=slug, title="Policy", language="en")
    author = Author()
    pieces = author.policy(WORDS)
    begin = timezone.now().replace(year=2015)
    for number in range(count):
        pieces = author.changed(pieces, 0.01)
        content = VersionContent(
            title="Policy",
            body=body(pieces),
            source={"format": "bench"},
            effective_at=begin + timedelta(days=number),
            change_summary=f"Change {number}.",
            import_source="bench",
            import_sha256=f"{number:064x}",
        )
        publishing.record_version(policy=policy, content=content)
