"""Sealing: one chain of heads, whoever seals, writes, is killed, or waits for whom."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from home.append_only import AppendOnlyQuerySet
from policies.ledger import merkle, sealing
from policies.models import ConsentRecord, LedgerEntry, LedgerHead
from tests import factories
from tests.policies.lived_site import choose
from tests.policies.verifying import damage, seal, sql

ROOT = Path(__file__).resolve().parent.parent.parent
LONG_ENOUGH = 20  # seconds, for what comes
IN_VAIN = 0.5  # for what a lock keeps from coming


@pytest.fixture
def notice() -> None:
    factories.declare_cookies()
    factories.cookie_policy()


# --- One sealer --------------------------------------------------------------------------------------------
@pytest.mark.both_databases
@pytest.mark.django_db
def test_entries_are_numbered_and_each_head_names_the_one_before(notice: None) -> None:
    assert seal().number == 1
    assert seal() is None  # nothing was entered since
    for method in ("all", "none", "all"):
        choose(method)
    last = seal()
    assert (last.number, last.first_position, last.last_position) == (2, 2, 4)
    assert list(LedgerEntry.objects.order_by("pk").values_list("position", flat=True)) == [1, 2, 3, 4]
    previous = LedgerHead.objects.get(number=1)
    assert last.previous_sha256 == previous.sha256
    leaves = (
        LedgerEntry.objects.filter(position__gt=1).order_by("position").values_list("leaf_sha256", flat=True)
    )
    assert last.root_sha256 == merkle.root([bytes.fromhex(leaf) for leaf in leaves]).hex()
    assert damage(least=0) == []


@pytest.mark.both_databases
@pytest.mark.django_db
def test_a_sealing_that_fails_changes_nothing(notice: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LedgerHead, "save", None)
    with pytest.raises(TypeError, match="not callable"):
        seal()
    assert not LedgerEntry.objects.exclude(position=None).exists()
    assert LedgerHead.objects.count() == 1


@pytest.mark.both_databases
@pytest.mark.django_db
def test_without_its_first_head_nothing_is_sealed(notice: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM policies_ledgerhead")
    with pytest.raises(sealing.LedgerDamagedError, match="first head is missing"):
        seal()


@pytest.mark.both_databases
@pytest.mark.django_db
def test_the_first_head_that_holds_kinds_and_times_holds_those_of_all_heads_before(
    notice: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a database of before is whole as it is, and from then on nothing in it can be called something else."""
    with monkeypatch.context() as before:
        before.setattr(sealing, "_stated", str)
        old = [seal()]
        choose()
        old.append(seal())
    assert not any("stated" in head.content for head in old)
    assert damage(least=0) == []
    choose()
    head = seal()
    assert head.content["stated"] == head.stated_sha256 != ""
    assert damage(least=0) == []
    sql("UPDATE policies_ledgerentry SET kind = 'message' WHERE position = 1")
    assert any("ledger: head 3: an entry that it seals, or a head before it" in one for one in damage())


# --- Several at once ---------------------------------------------------------------------------------------


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same moment; an action that fails gives its exception."""

    def act(action: Callable[[], Any]) -> Any:
        try:
            return action()
        except DatabaseError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(act, actions))


def meet_after_reading(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Make two sealers wait for each other when they have read the newest head, so many seconds at most."""
    barrier, latest = threading.Barrier(2), AppendOnlyQuerySet.latest

    def latest_together(self: Any, *names: str) -> Any:
        found = latest(self, *names)
        with suppress(threading.BrokenBarrierError):
            barrier.wait(seconds)
        return found

    monkeypatch.setattr(AppendOnlyQuerySet, "latest", latest_together)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_one_of_two_sealers_is_lost(notice: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The race is real: this is what the lock is for; the unique numbers keep the chain whole without it."""
    monkeypatch.setattr(AppendOnlyQuerySet, "select_for_update", lambda self: self)
    meet_after_reading(monkeypatch, LONG_ENOUGH)
    results = at_once(seal, seal)
    assert sum(isinstance(result, DatabaseError) for result in results) == 1
    assert LedgerHead.objects.count() == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_sealers_follow_each_other(notice: None, monkeypatch: pytest.MonkeyPatch) -> None:
    meet_after_reading(monkeypatch, IN_VAIN)
    results = at_once(seal, seal)
    assert sorted(result.number if result else 0 for result in results) == [0, 1]
    assert damage(least=0) == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_visitor_never_waits_for_a_sealer(notice: None, monkeypatch: pytest.MonkeyPatch) -> None:
    sealing_now, chosen, root = threading.Event(), threading.Event(), merkle.root

    def root_when_chosen(leaves: list[bytes]) -> bytes:
        sealing_now.set()
        assert chosen.wait(LONG_ENOUGH)
        return root(leaves)

    def visit() -> ConsentRecord:
        assert sealing_now.wait(LONG_ENOUGH)
        record = choose()
        chosen.set()
        return record

    monkeypatch.setattr(merkle, "root", root_when_chosen)
    head, record = at_once(seal, visit)
    assert (head.number, LedgerEntry.objects.get(pk=record.ledger_entry_id).position) == (1, None)
    monkeypatch.setattr(merkle, "root", root)
    assert seal().number == 2
    assert damage(least=0) == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_sealer_never_waits_for_a_visitor(notice: None) -> None:
    """Who entered first and commits last is sealed by the next head."""
    entered, sealed = threading.Event(), threading.Event()

    def visit() -> None:
        with transaction.atomic():
            choose()
            entered.set()
            assert sealed.wait(LONG_ENOUGH)

    def seal_meanwhile() -> LedgerHead | None:
        assert entered.wait(LONG_ENOUGH)
        other_visitor()
        head = seal()
        sealed.set()
        return head

    def other_visitor() -> None:
        choose("none")

    _, head = at_once(visit, seal_meanwhile)
    assert (head.number, head.last_position) == (1, 2)
    assert seal().last_position == 3
    late, early = ConsentRecord.objects.order_by("pk").values_list("ledger_entry__position", flat=True)
    assert (late, early) == (3, 2)
    assert damage(least=0) == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_visitors_and_two_sealers_at_once_lose_nothing(notice: None) -> None:
    over = threading.Event()

    def visit() -> None:
        for _ in range(15):
            choose()

    def seal_until_over() -> None:
        while not over.is_set():
            seal()

    def all_visits() -> None:
        try:
            results = at_once(visit, visit, visit)
            assert results == [None, None, None]
        finally:
            over.set()

    results = at_once(seal_until_over, seal_until_over, all_visits)
    assert results == [None, None, None]
    seal()
    positions = LedgerEntry.objects.order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(1, 47))
    assert damage(least=0) == []


# --- Killed ------------------------------------------------------------------------------------------------
# In a process of its own: it forks one that kills itself at a point, and looks at what is there then.
SCRIPT = """
import json, os, signal, sys
import django
django.setup()
from django.db import connections
from policies.ledger import merkle, sealing
from policies.models import ConsentRecord, LedgerEntry, LedgerHead
from tests.policies.lived_site import choose
from tests.policies.verifying import damage, seal, sql

def die(*_args, **_options):
    os.kill(os.getpid(), signal.SIGKILL)

def after(function):
    def call(*args, **options):
        function(*args, **options)
        die()
    return call

def choose_and_die_before_the_record():
    ConsentRecord.save = die
    choose()

def choose_and_die_before_the_commit():
    ConsentRecord.save = after(ConsentRecord.save)
    choose()

def die_before_sealing():
    choose()
    die()

def die_when_numbered():
    choose()
    merkle.root = die
    seal()

def die_before_the_head_is_committed():
    choose()
    LedgerHead.save = after(LedgerHead.save)
    seal()

def die_after_sealing():
    choose()
    seal()
    die()

found = {}
for step in (choose_and_die_before_the_record, choose_and_die_before_the_commit, die_before_sealing,
             die_when_numbered, die_before_the_head_is_committed, die_after_sealing):
    before = ConsentRecord.objects.count()
    connections.close_all()
    child = os.fork()
    if not child:
        try:
            step()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    counts = [ConsentRecord.objects.count() - before,
              LedgerEntry.objects.filter(kind="consent").count() - before,
              LedgerEntry.objects.filter(position=None).count()]
    found[step.__name__] = [os.WTERMSIG(status), *counts, damage(least=0)]
    seal()
    found[step.__name__].append(damage(least=0))
print(json.dumps(found))
"""


def url_of_a_database(folder: Path) -> str:
    """Return the URL of the test's database, or of a copy of it where that is in memory."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(folder / "db.sqlite3")) as copy:
            connection.connection.backup(copy)
        return f"sqlite:///{folder / 'db.sqlite3'}"
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    return f"{server}/{connection.settings_dict['NAME']}"


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_whoever_is_killed_between_record_entry_and_seal_leaves_the_ledger_whole(
    notice: None, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": url_of_a_database(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'site'}",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    killed = 9
    assert json.loads(done.stdout.splitlines()[-1]) == {
        # who killed it, records and entries more, entries not sealed, what is wrong then and after the next sealing
        "choose_and_die_before_the_record": [killed, 0, 0, 1, [], []],
        "choose_and_die_before_the_commit": [killed, 0, 0, 0, [], []],
        "die_before_sealing": [killed, 1, 1, 1, [], []],
        "die_when_numbered": [killed, 1, 1, 1, [], []],
        "die_before_the_head_is_committed": [killed, 1, 1, 1, [], []],
        "die_after_sealing": [killed, 1, 1, 0, [], []],
    }
