"""A database or a cache that refuses, resets, hangs: a bounded wait, a plain answer, and back by itself."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from home.page_cache import tokens
from tests.config import editing
from tests.faults import outages
from tests.faults.outages import Site

# `django_db` and `slow`: the copy of the database that the site starts from is made before the first test.
pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.postgresql]

FAULTS = ["refused", "reset", "silent"]
SOON = 4.0  # seconds, on a busy machine: each wait alone is a tenth of it


@pytest.fixture(scope="module")
def site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with outages.site(tmp_path_factory.mktemp("faults")) as found:
        found.served.edit(editing.fill)
        found.served.get("/")  # makes the rows of the settings
        yield found


@pytest.mark.parametrize("fault", FAULTS)
def test_without_its_cache_the_site_goes_on(site: Site, fault: str) -> None:
    site.wait_until("/readyz/", 200)
    with site.cache.broken(fault):
        for path in ("/a/", "/rules/", "/shop/", "/healthz/", "/admin/login/"):
            status, seconds = site.timed(path)
            assert (path, status) == (path, 200)
            assert seconds < SOON
        ready = site.served.get("/readyz/")
        assert (ready.status, '"cache": false' in ready.text, '"database": true' in ready.text) == (
            503,
            True,
            True,
        )
    site.wait_until("/readyz/", 200)


def test_a_change_that_the_cache_could_not_be_told_of_shows_when_it_is_back(site: Site) -> None:
    site.wait_until("/readyz/", 200)
    assert "First words" in site.served.get("/b/").text
    with site.cache.broken("refused"):
        site.served.edit(editing.publish, "b")  # the server itself does not see that the cache is away
    site.served.edit(tokens.retry)  # as the worker does, and each process when it ends
    assert "First words" not in site.served.get("/b/").text


def test_a_slow_network_breaks_nothing(site: Site) -> None:
    site.wait_until("/readyz/", 200)
    with site.cache.broken("slow", delay=0.02), site.database.broken("slow", delay=0.02):
        for path in ("/rules/", "/shop/", "/admin/login/", "/readyz/"):
            assert (path, site.timed(path)[0]) == (path, 200)


@pytest.mark.parametrize("fault", FAULTS)
def test_without_its_database_the_site_says_so_and_comes_back(site: Site, fault: str) -> None:
    site.wait_until("/readyz/", 200)
    site.served.get("/a/")
    with site.database.broken(fault):
        first = site.served.get("/not-kept/")
        assert (first.status, first.headers["Retry-After"]) == (503, "60")
        assert "back soon" in first.text
        site.wait_until("/a/", 200)  # it is in the page cache
        for path, expected in (("/contact/", 503), ("/admin/login/", 503), ("/healthz/", 200)):
            status, seconds = site.timed(path)
            assert (path, status) == (path, expected)
            assert seconds < SOON
        status, seconds = site.timed("/readyz/")
        assert status == 503
        assert seconds < SOON
    site.wait_until("/not-kept/", 404)
    site.wait_until("/readyz/", 200)


def test_many_wait_for_a_silent_database_no_longer_than_one(site: Site) -> None:
    site.wait_until("/readyz/", 200)
    with site.database.broken("silent"), ThreadPoolExecutor(5 * outages.THREADS) as visitors:
        answers = [
            *visitors.map(lambda number: site.timed(f"/nothing-{number}/"), range(5 * outages.THREADS))
        ]
    assert {status for status, _seconds in answers} == {503}
    assert max(seconds for _status, seconds in answers) < 3 * SOON
    site.wait_until("/readyz/", 200)


def test_a_row_that_somebody_holds_ends_in_a_plain_answer(site: Site) -> None:
    site.wait_until("/readyz/", 200)
    held, done = threading.Event(), threading.Event()
    name = site.served.environment["DATABASE_URL"].rpartition("/")[2]

    def hold() -> None:
        with outages.connected(name) as there:
            there.cursor().execute("LOCK TABLE wagtailcore_page IN ACCESS EXCLUSIVE MODE")
            held.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    try:
        status, seconds = site.timed("/locked/")
    finally:
        done.set()
        holder.join()
    assert status == 503
    assert seconds < 10
    site.wait_until("/locked/", 404)


def test_however_many_ask_the_site_takes_one_connection_a_thread(site: Site) -> None:
    site.wait_until("/readyz/", 200)
    with ThreadPoolExecutor(60) as visitors:
        statuses = {*visitors.map(lambda number: site.timed(f"/b/?page={number}")[0], range(60))}
    assert statuses == {200}
    name = site.served.environment["DATABASE_URL"].rpartition("/")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [name])
        assert cursor.fetchone()[0] <= outages.THREADS + 1  # and the editor's
