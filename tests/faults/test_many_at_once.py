"""Many clients at the same moment: who signs in leaves the site to its visitors, and no limit is passed."""

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

from home import throttling
from home.caching import TolerantRedisCache
from home.throttling import Limit
from policies.consent.views import SAVES
from tests.config import editing
from tests.faults import outages
from tests.faults.outages import Site
from tests.served_site import HOST

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.postgresql]

SOON = 4.0  # seconds, on a busy machine; without a bound on hashes it is forty
TOKEN = "a" * 32


# --- A site as it is served ----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, hashing = tmp_path_factory.mktemp("many"), "tests.faults.settings_hashing"
    with outages.site(folder, threads=8, DJANGO_SETTINGS_MODULE=hashing) as found:
        found.served.edit(editing.declare_cookies)
        found.served.get("/cookies/")  # makes the rows of the settings
        yield found


def post(site: Site, path: str, **fields: str) -> int:
    """Send a form as a browser does, with a token for the admin, and return the status."""
    body = urlencode({"csrfmiddlewaretoken": TOKEN, **fields})
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {HOST}",
        "Connection: close",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        f"Cookie: csrftoken={TOKEN}",
        "Sec-Fetch-Site: same-origin",
    ]
    return site.served.send("\r\n".join([*lines, "", body]).encode())[0]


def test_forty_wrong_passwords_at_once_leave_the_site_to_its_visitors(site: Site) -> None:
    def sign_in(number: int) -> int:
        return post(site, "/admin/login/", username=f"a{number}@example.com", password="wrong")

    with ThreadPoolExecutor(40) as pool:
        signing_in: list[Future[int]] = [pool.submit(sign_in, number) for number in range(40)]
        waits = []
        while not all(one.done() for one in signing_in) or not waits:
            status, seconds = site.timed("/cookies/")
            assert status == 200
            waits.append(seconds)
            time.sleep(0.05)
        wait(signing_in)
    assert max(waits) < SOON
    statuses = [one.result() for one in signing_in]
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 2


def test_of_240_choices_of_one_client_at_once_as_many_are_saved_as_the_limit_says(site: Site) -> None:
    def save(_number: int) -> int:
        return post(site, "/cookies/", notice="1", choice="none")

    with ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(save, range(240)))
    assert statuses.count(303) == SAVES.most
    assert statuses.count(429) == 240 - SAVES.most


# --- The limit alone, in more processes ----------------------------------------------------------------------
class TwoSteps(RedisCache):
    """A cache whose `add` looks first and writes later."""

    def add(self, key: str, value: Any, timeout: Any = None, version: Any = None) -> bool:
        if self.has_key(key, version):
            return False
        self.set(key, value, timeout, version)
        return True


def take_in_threads(kind: type[RedisCache], url: str, limit: Limit, times: int) -> list[int]:
    throttling.cache = kind(url, {})  # type: ignore[assignment] # in a process of its own
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(limit.take, ["192.0.2.1"] * times))


@pytest.mark.parametrize(("kind", "holds"), [(TwoSteps, False), (TolerantRedisCache, True)])
def test_redis_gives_no_client_more_than_the_limit(
    tmp_path: Path, kind: type[RedisCache], holds: bool
) -> None:
    limit = Limit("at-once", most=20, window=timedelta(hours=1))
    fork = multiprocessing.get_context("fork")
    with outages.redis(tmp_path) as port, ProcessPoolExecutor(4, mp_context=fork) as pool:
        take = partial(take_in_threads, kind, f"redis://127.0.0.1:{port}/0", limit)
        waits = [wait for waits in pool.map(take, [30] * 4) for wait in waits]
    passed = waits.count(0)
    assert (passed == limit.most) if holds else (passed > limit.most)


def test_memory_gives_no_client_more_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "cache", LocMemCache("at-once", {}))
    limit = Limit("at-once", most=20, window=timedelta(hours=1))
    with ThreadPoolExecutor(40) as pool:
        waits = list(pool.map(limit.take, ["192.0.2.1"] * 120))
    assert waits.count(0) == limit.most
