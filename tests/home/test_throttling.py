"""The limit for each client: counts in a sliding window, keeps no IP address, refuses nobody without a cache."""

import logging
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.cache.backends.filebased import FileBasedCache
from django.utils import timezone
from pytest_django.fixtures import Settings

from home import throttling
from home.locks import lock_file
from home.throttling import Limit, LockedFileCache

LIMIT = Limit("tests", most=2, window=timedelta(hours=1))


def test_a_client_at_the_limit_waits_until_the_first_count_is_an_hour_old() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(2):
            assert LIMIT.take("192.0.2.1") == 0
            clock.shift(timedelta(minutes=10))
        assert LIMIT.take("192.0.2.1") == 40 * 60
        clock.shift(timedelta(minutes=40, seconds=1))
        assert LIMIT.take("192.0.2.1") == 0


@pytest.mark.parametrize(
    ("other", "waits"),
    [
        ("2001:db8::2", True),  # a household has many IPv6 addresses
        ("2001:db8:0:0:ffff::9", True),
        ("2001:db8:0:1::1", False),
        ("192.0.2.1", False),
        ("no address", False),
    ],
)
def test_a_household_is_one_client(other: str, waits: bool) -> None:
    for _ in range(2):
        LIMIT.take("2001:db8::1")
    assert bool(LIMIT.take(other)) == waits


def test_ipv4_addresses_written_as_ipv6_are_clients_of_their_own() -> None:
    for _ in range(2):
        LIMIT.take("::ffff:192.0.2.1")
    assert LIMIT.take("::ffff:192.0.2.2") == 0
    assert LIMIT.take("192.0.2.1") > 0


@pytest.mark.parametrize(("all_places", "answers"), [(False, [True, False]), (True, [True, True])])
def test_what_is_given_back_was_not_counted(all_places: bool, answers: list[bool]) -> None:
    for _ in range(3):
        LIMIT.take("192.0.2.1")
        LIMIT.take("192.0.2.2")
    LIMIT.give_back("192.0.2.1", all_places=all_places)
    assert [LIMIT.take("192.0.2.1") == 0 for _ in range(2)] == answers
    assert LIMIT.take("192.0.2.2") > 0


def test_the_newest_is_given_back() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        LIMIT.take("192.0.2.1")
        clock.shift(timedelta(minutes=10))
        LIMIT.take("192.0.2.1")
        LIMIT.give_back("192.0.2.1")
        LIMIT.take("192.0.2.1")
        assert LIMIT.take("192.0.2.1") == 50 * 60


def test_nothing_is_given_back_to_a_client_that_took_nothing() -> None:
    LIMIT.give_back("192.0.2.1")
    assert [LIMIT.take("192.0.2.1") == 0 for _ in range(3)] == [True, True, False]


def test_whether_a_limit_is_reached_can_be_asked_without_counting() -> None:
    reached = []
    for _ in range(2):
        reached += [LIMIT.is_reached("192.0.2.1") for _ in range(3)]
        LIMIT.take("192.0.2.1")
    assert reached == [False] * 6
    assert LIMIT.is_reached("192.0.2.1")


def test_limits_count_apart() -> None:
    for _ in range(2):
        LIMIT.take("192.0.2.1")
    assert Limit("others", most=2, window=timedelta(hours=1)).take("192.0.2.1") == 0


def test_no_ip_address_is_kept_in_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[object] = []
    monkeypatch.setattr(
        throttling.cache, "add", lambda *parts, **options: kept.append((parts, options)) or True
    )
    LIMIT.take("192.0.2.1")
    assert len(kept) == 1
    assert "192.0.2.1" not in str(kept)


def test_a_dead_cache_stops_nobody_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(throttling.cache, "get_many", fail)
    with caplog.at_level(logging.ERROR):
        assert LIMIT.take("192.0.2.1") == 0
        LIMIT.give_back("192.0.2.1")
        assert not LIMIT.is_reached("192.0.2.1")
    assert len(caplog.records) == 3


def test_counts_lie_where_pages_do_not_push_them_out() -> None:
    limit = Limit("things", most=1, window=timedelta(hours=1))
    limit.take("192.0.2.1")
    cache.clear()
    assert limit.take("192.0.2.1") > 0


def test_over_the_limit_nothing_is_counted() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert [LIMIT.take("192.0.2.1") for _ in range(3)] == [0, 0, 3600]
        clock.shift(timedelta(minutes=30))
        assert LIMIT.take("192.0.2.1") == 1800
        clock.shift(timedelta(minutes=30, seconds=1))
        assert LIMIT.take("192.0.2.1") == 0


def take_once(kind: type[FileBasedCache], folder: Path, limit: Limit, _number: int) -> int:
    throttling.cache = kind(str(folder), {})  # type: ignore[assignment] # in a process of its own
    return limit.take("192.0.2.1")


@pytest.mark.parametrize(("kind", "holds"), [(FileBasedCache, False), (LockedFileCache, True)])
def test_twenty_processes_at_once_get_no_more_than_the_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type[FileBasedCache], holds: bool
) -> None:
    def look_slowly(self: FileBasedCache, key: str, version: Any = None) -> bool:
        is_there = original(self, key, version)
        time.sleep(0.005)
        return is_there

    original = FileBasedCache.has_key
    monkeypatch.setattr(FileBasedCache, "has_key", look_slowly)
    limit = Limit("at-once", most=6, window=timedelta(hours=1))
    with ProcessPoolExecutor(20, mp_context=multiprocessing.get_context("fork")) as pool:
        waits = list(pool.map(partial(take_once, kind, tmp_path, limit), range(20)))
    passed = waits.count(0)
    assert (passed == limit.most) if holds else (passed > limit.most)


def test_a_count_whose_time_is_over_makes_room_in_files_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(throttling, "cache", LockedFileCache(str(tmp_path), {}))
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert [LIMIT.take("192.0.2.1") for _ in range(3)] == [0, 0, 3600]
        clock.shift(timedelta(hours=1, seconds=1))
        assert LIMIT.take("192.0.2.1") == 0


def test_a_process_that_holds_the_counts_for_ever_stops_nobody(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = "home.throttling.LockedFileCache"
    settings.CACHES = {**settings.CACHES, "counters": {"BACKEND": backend, "LOCATION": str(tmp_path)}}
    monkeypatch.setattr(throttling, "LONGEST_LOCK", 0.1)
    assert LIMIT.take("192.0.2.1") == 0
    with (tmp_path / "lock").open() as file:
        lock_file(file, seconds=1)
        assert LIMIT.take("192.0.2.1") == 0
        assert LIMIT.take("192.0.2.1") == 0  # not counted
    assert LIMIT.take("192.0.2.1") == 0
    assert LIMIT.take("192.0.2.1") > 0
