"""A site whose database and cache can fail: real ones, each behind a proxy."""

import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from django.db import connection

from programs_for_tests import find_redis
from tests.faults.proxy import Address, Proxy, proxy
from tests.migrated_database import copy_of
from tests.served_site import ServedSite, free_port

THREADS = 4  # of a web server, see tests.served_site


class Site:
    """A web server with one worker, its database and its cache."""

    def __init__(self, served: ServedSite, database: Proxy, cache: Proxy) -> None:
        self.served, self.database, self.cache = served, database, cache

    def timed(self, path: str) -> tuple[int, float]:
        """Return status and seconds of a GET."""
        began = time.monotonic()
        status = self.served.get(path).status
        return status, time.monotonic() - began

    def wait_until(self, path: str, status: int, *, seconds: float = 20) -> None:
        """Ask until the answer has this status."""
        end = time.monotonic() + seconds
        while (found := self.served.get(path).status) != status:
            assert time.monotonic() < end, f"{path} is still {found}"
            time.sleep(0.1)


@contextmanager
def site(folder: Path, *, threads: int = THREADS, **environment: str) -> Iterator[Site]:
    """Start everything."""
    with proxy(_postgresql_address()) as database, redis(folder) as port, proxy(("127.0.0.1", port)) as cache:
        name = new_database()
        urls = {
            "DATABASE_URL": f"postgres://postgres@127.0.0.1:{database.port}/{name}",
            "CACHE_URL": f"redis://127.0.0.1:{cache.port}/0",
        }
        options = {"servers": 1, "workers": 1, "threads": threads}
        with ServedSite(folder, **options, **{**urls, **environment}) as served:
            yield Site(served, database, cache)


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """Start a server that keeps nothing on the disk; yield its port."""
    program, port = find_redis(), free_port()
    assert program, "make test installs it"
    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    ]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def _postgresql_address() -> Address:
    ours = connection.get_connection_params()
    return f"{ours['host']}/.s.PGSQL.{ours.get('port', 5432)}"


@contextmanager
def connected(database: str) -> Iterator[Any]:
    """Connect to a database of the tests' server, past every proxy."""
    with closing(psycopg2.connect(**{**connection.get_connection_params(), "dbname": database})) as there:
        yield there


def new_database() -> str:
    """Make a migrated database beside that of the tests; it goes with their server."""
    name = f"faults_{uuid.uuid4().hex}"
    for database, statements in (
        (connection.get_connection_params()["dbname"], f"CREATE DATABASE {name}"),
        (name, copy_of("postgresql.sql").read_text(encoding="utf-8")),
    ):
        with connected(database) as there:
            there.autocommit = True
            there.cursor().execute(statements)
    return name
