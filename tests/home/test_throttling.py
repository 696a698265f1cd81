"""The limit for each client: counts in a sliding window, keeps no IP address, refuses nobody without a cache."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from home import throttling
from home.throttling import Limit

LIMIT = Limit("tests", most=2, window=timedelta(hours=1))


def test_a_client_at_the_limit_waits_until_the_first_count_is_an_hour_old() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(2):
            assert LIMIT.seconds_to_wait("192.0.2.1") == 0
            LIMIT.count("192.0.2.1")
            clock.shift(timedelta(minutes=10))
        assert LIMIT.seconds_to_wait("192.0.2.1") == 40 * 60
        clock.shift(timedelta(minutes=40, seconds=1))
        assert LIMIT.seconds_to_wait("192.0.2.1") == 0


@pytest.mark.parametrize(
    ("other", "waits"),
    [
        ("2001:db8::2", True),  # a household has many IPv6 addresses
        ("2001:db8:0:1::1", False),
        ("192.0.2.1", False),
        ("no address", False),
    ],
)
def test_a_household_is_one_client(other: str, waits: bool) -> None:
    for _ in range(2):
        LIMIT.count("2001:db8::1")
    assert bool(LIMIT.seconds_to_wait(other)) == waits


def test_limits_count_apart() -> None:
    for _ in range(2):
        LIMIT.count("192.0.2.1")
    assert Limit("others", most=2, window=timedelta(hours=1)).seconds_to_wait("192.0.2.1") == 0


def test_no_ip_address_is_kept_in_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[object] = []
    monkeypatch.setattr(throttling.cache, "set", lambda *parts, **options: kept.append((parts, options)))
    LIMIT.count("192.0.2.1")
    assert len(kept) == 1
    assert "192.0.2.1" not in str(kept)


def test_a_dead_cache_stops_nobody_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(throttling.cache, "get", fail)
    with caplog.at_level(logging.ERROR):
        assert LIMIT.seconds_to_wait("192.0.2.1") == 0
        LIMIT.count("192.0.2.1")
    assert len(caplog.records) == 2


def test_counts_lie_where_pages_do_not_push_them_out() -> None:
    limit = Limit("things", most=1, window=timedelta(hours=1))
    limit.count("192.0.2.1")
    cache.clear()
    assert limit.seconds_to_wait("192.0.2.1") > 0
