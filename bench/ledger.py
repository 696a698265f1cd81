"""Measures the ledger: sealing a full batch, a proof of one entry, verifying all, and what it costs a visitor.

The database is a new one in memory. Choices about cookies are whole requests, with and without their entries in turn.
"""

import secrets
import statistics
import tracemalloc
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

from django.test import Client
from django.utils import timezone

from bench import clock, database
from policies.ledger import entries, sealing, verification
from policies.ledger.proof import Proofs
from policies.models import ConsentRecord, PolicyVersion
from policies.models.ledger import LedgerEntry
from tests import factories

ENTRIES = sealing.BATCH_SIZE
CHUNK = 5000
ROUNDS = 20
CHOICES = 10  # requests of a round
MOST = 1.1  # times as long as without the ledger
PARAGRAPHS = "<p>Some words about cookies, none of them long.</p>" * 200


def run() -> list[str]:
    """Measure and print; return what takes longer than it may."""
    missed = []
    with database.empty():
        _declare()
        if (slowdown := _measure_choices()) > MOST:
            missed.append(f"A choice takes {slowdown:.2f} of its time without the ledger.")
    with database.empty():
        _declare()
        missed += _measure_batch(PolicyVersion.objects.latest("pk"))
    return missed


def _declare() -> None:
    factories.declare_cookies("analytics", "visits")
    factories.cookie_policy(body=[("imported", PARAGRAPHS)])


def _measure_choices() -> float:
    """Print how many choices a second are saved with entries and without; return how much longer those with take."""
    addresses = _addresses()
    ways = {"with": nullcontext(), "without": patch.object(entries, "enter")}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    _choose(next(addresses))  # what is read once a process
    for round_ in range(ROUNDS):
        for name in sorted(ways, reverse=bool(round_ % 2)):
            with ways[name]:
                taken[name] += [clock.milliseconds(lambda: _choose(next(addresses))) for _ in range(CHOICES)]
    medians = {name: statistics.median(figures) for name, figures in taken.items()}
    print("Choices about cookies, by the second of one processor")
    for name, milliseconds in medians.items():
        print(f"  {name + ' the ledger':<24}{1000 / milliseconds:>10.0f}{milliseconds:>10.2f} ms")
    return medians["with"] / medians["without"]


def _addresses() -> Iterator[str]:
    """Yield a new address for each choice: how many one client may save is limited."""
    yield from (f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(1 << 24))


def _choose(address: str) -> None:
    answer = Client(REMOTE_ADDR=address).post("/cookies/", {"notice": "1", "choice": "all"})
    assert answer.status_code == 303, answer.content  # noqa: PLR2004 - the status itself


def _measure_batch(notice: PolicyVersion) -> list[str]:
    """Print what a full batch takes; return what the verification finds, which must be nothing."""
    sealing.seal_all(now=timezone.now())
    for _ in range(0, ENTRIES, CHUNK):
        _fill(notice, CHUNK)
    print(f"A batch of {ENTRIES:,} entries, CPU milliseconds")
    _print("sealing it", clock.milliseconds(lambda: sealing.seal(now=timezone.now())))
    record = ConsentRecord.ledger_records().earliest("pk")  # the last ones may wait for the next batch
    _print(
        "a proof of one", statistics.median(clock.milliseconds(lambda: Proofs().of(record)) for _ in range(5))
    )
    tracemalloc.start()
    Proofs().of(record)
    print(f"  {'memory for a proof':<24}{tracemalloc.get_traced_memory()[1] / 2**20:>10.0f} MB")
    tracemalloc.stop()
    found: list[verification.Finding] = []
    _print(
        "verifying all", clock.milliseconds(lambda: found.extend(verification.findings(now=timezone.now())))
    )
    return [finding.words for finding in found[:1]]


def _print(what: str, milliseconds: float) -> None:
    print(f"  {what:<24}{milliseconds:>10,.0f}")


def _fill(notice: PolicyVersion, count: int) -> None:
    now = timezone.now()
    records = [
        ConsentRecord(
            created_at=now,
            expires_at=now + timedelta(days=183),
            notice_version=notice,
            choices={"analytics": True},
            method="all",
            ledger_salt=secrets.token_hex(16),
        )
        for _ in range(count)
    ]
    made = LedgerEntry.objects.bulk_create(
        LedgerEntry(kind="consent", time=now, leaf_sha256=one.ledger_leaf_sha256(now)) for one in records
    )
    for record, entry in zip(records, made, strict=True):
        record.ledger_entry = entry
    ConsentRecord.objects.bulk_create(records)
