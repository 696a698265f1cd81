"""A disk that is full (cache, media, log, SQLite's database): a plain answer, nothing half-written, back by itself.

The limit on the size of files (RLIMIT_FSIZE) is set to nothing for the processes of a running site: then each write
to a file fails, and needs no rights. The log of the web server is a file, too.
"""

import io
import os
import re
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from PIL import Image

from config.env import caches
from home.page_cache import tokens
from tests.config import editing
from tests.faults import filled, outages
from tests.migrated_database import copy_of
from tests.served_site import Page, ServedSite

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.both_databases]
FREE = resource.RLIM_INFINITY


class Disk:
    """Of a served site."""

    def __init__(self, site: ServedSite) -> None:
        self.site = site

    def wait_until_ready(self) -> None:
        end = time.monotonic() + 20
        while not is_ready(self.site):
            assert time.monotonic() < end
            time.sleep(0.1)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let no process of the site write to a file."""
        processes = [*_family(self.site.servers[0].pid), self.site.editor.pid]
        for process in processes:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (0, FREE))
        try:
            yield
        finally:
            for process in processes:
                resource.prlimit(process, resource.RLIMIT_FSIZE, (FREE, FREE))


def _family(process: int) -> Iterator[int]:
    yield process
    for child in Path(f"/proc/{process}/task/{process}/children").read_text("utf-8").split():
        yield from _family(int(child))


@pytest.fixture(scope="module")
def disk(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    folder = tmp_path_factory.mktemp("disk")
    url = {"sqlite": _new_sqlite, "postgresql": _new_postgresql}[connection.vendor](folder)
    with ServedSite(folder, servers=1, workers=1, log=folder / "log", DATABASE_URL=url) as site:
        site.edit(editing.fill)
        site.get("/")
        yield Disk(site)


def _new_sqlite(folder: Path) -> str:
    shutil.copy(copy_of("sqlite3"), folder / "db.sqlite3")
    return f"sqlite:///{folder / 'db.sqlite3'}"


def _new_postgresql(_folder: Path) -> str:
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{outages.new_database()}"


def picture() -> bytes:
    data = io.BytesIO()
    Image.effect_noise((90, 60), 80).convert("RGB").save(data, "JPEG")
    return data.getvalue()


class Editor:
    """Somebody who is signed in to the admin."""

    def __init__(self, site: ServedSite) -> None:
        self.site = site
        self.cookie = f"sessionid={site.edit(filled.sign_in)}"
        form = site.get("/admin/images/add/", Cookie=self.cookie)
        self.token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)[1]
        self.cookie += f"; {form.headers['Set-Cookie'].partition(';')[0]}"

    def upload(self, title: str, data: bytes) -> Page:
        fields = {"csrfmiddlewaretoken": self.token, "title": title, "description": "New", "tags": ""}
        boundary = "b" * 40
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        file = 'Content-Disposition: form-data; name="file"; filename="new.jpg"\r\nContent-Type: image/jpeg'
        parts += [f"--{boundary}\r\n{file}\r\n\r\n".encode(), data, f"\r\n--{boundary}--\r\n".encode()]
        headers = {
            "Cookie": self.cookie,
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Origin": self.site.environment["SITE_URL"],
        }
        return self.site.get("/admin/images/add/", method="POST", body=b"".join(parts), **headers)


def is_ready(site: ServedSite) -> bool:
    return site.get("/readyz/").status == 200


@pytest.fixture(autouse=True)
def _is_well(disk: Disk) -> Iterator[None]:
    """Begin and end with a site that is well: by itself, within seconds."""
    disk.wait_until_ready()
    yield
    disk.wait_until_ready()


def test_pages_go_on_while_neither_cache_nor_log_can_be_written(disk: Disk) -> None:
    with disk.full():
        for path in ("/a/", "/rules/", "/shop/", "/listed/", "/healthz/", "/contact/?x=1", "/admin/login/"):
            assert (path, disk.site.get(path).status) in {(path, 200), ("/contact/?x=1", 404)}
        assert disk.site.get("/nothing-here/").status == 404  # which is logged
        assert not is_ready(disk.site)


@pytest.mark.postgresql  # SQLite's database is on the same disk
def test_a_change_that_can_be_written_nowhere_but_in_the_database_shows_all_the_same(disk: Disk) -> None:
    assert "First words" in disk.site.get("/published/").text
    with disk.full():
        disk.site.edit(editing.publish)
        assert "Second words" in disk.site.get("/published/").text
    assert "Second words" in disk.site.get("/published/").text


def test_a_picture_is_uploaded_whole_or_not_at_all(disk: Disk) -> None:
    editor = Editor(disk.site)
    with disk.full():
        answer = editor.upload("Lost", picture())
        assert answer.status == 503
        assert "back soon" in answer.text
        assert answer.headers["Retry-After"] == "60"
    assert disk.site.edit(filled.pictures, "Lost") == []
    assert editor.upload("Lost", picture()).status == 302
    assert disk.site.edit(filled.pictures, "Lost") == [True]


def test_a_page_whose_pictures_cannot_be_made_says_so_and_shows_them_when_they_can(disk: Disk) -> None:
    disk.site.edit(filled.picture_page)
    with disk.full():
        answer = disk.site.get("/shop/jug-jug/")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    answer = disk.site.get("/shop/jug-jug/")
    assert answer.status == 200
    addresses = set(re.findall(r"/media/images/[^\s\",]+", answer.text))
    assert addresses
    assert all(disk.site.edit(filled.is_picture, address) for address in addresses)


def test_what_a_visitor_sends_is_kept_or_refused(disk: Disk) -> None:
    """On PostgreSQL, whose disk is another, it is kept."""
    basket = disk.site.edit(filled.new_basket)

    def add() -> int:
        headers = {
            "Cookie": f"basket={basket}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": disk.site.environment["SITE_URL"],
        }
        return disk.site.get("/basket/add/", method="POST", body="sku=CUP&quantity=1", **headers).status

    with disk.full():
        assert add() == (303 if connection.vendor == "postgresql" else 503)
    assert add() == 303
    assert disk.site.edit(filled.in_basket, basket) == (2 if connection.vendor == "postgresql" else 1)


def test_a_redis_without_memory_keeps_no_page_of_before_a_change(tmp_path: Path) -> None:
    """It answers what it has, and takes nothing new."""
    with outages.redis(tmp_path) as port:
        url = f"redis://127.0.0.1:{port}/0"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CACHE_URL", url)
            configured: dict[str, Any] = caches(default=url)
        with override_settings(CACHES=configured):
            tokens.reset()
            before = tokens.current()
            _limit_memory(port, "1")
            tokens.changed("site")
            tokens._failed.clear()  # as in the other web servers, which do not know of it
            tokens.breaker.close()
            assert tokens.current().of("site") != before.of("site")
            assert not tokens.current().may_store("site")
            _limit_memory(port, "0")
            tokens.breaker.close()
            assert tokens.current().may_store("site")


def _limit_memory(port: int, size: str) -> None:
    import redis  # noqa: PLC0415 - as the site itself

    with redis.Redis(port=port) as server:
        server.config_set("maxmemory", size)
