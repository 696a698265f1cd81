"""Answers that are made early, before most of the middleware: with the security headers, and one line in the log."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from home.page_cache.layer import PageCache
from home.request_validation import StrictWSGIHandler
from tests.config import editing
from tests.migrated_database import copy_of
from tests.served_site import HOST, ServedSite
from tests.wsgi_client import ask

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

NAMES = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy")
# What is asked → the status, and how many lines the log gets.
LARGE_FORM = (
    f"Content-Length: 3000000\r\nContent-Type: multipart/form-data; boundary=x\r\nOrigin: http://{HOST}\r\n"
)
ASKED = {
    "a foreign host": ("GET / HTTP/1.1", "Host: evil.example\r\n", 400, 1),
    "a host that is none": ("GET / HTTP/1.1", "Host: a b\r\n", 400, 1),
    "a foreign host that asks for a file": (
        "GET /static/img/shelves.svg HTTP/1.1",
        "Host: evil.example\r\n",
        200,
        0,
    ),
    "our host, spelt oddly": ("GET /a/ HTTP/1.1", f"Host: {HOST.replace(':', '.:')}\r\n", 301, 0),
    "a NUL in the query": ("GET /nothing/?a=%00 HTTP/1.1", f"Host: {HOST}\r\n", 400, 1),
    "a NUL in the path": ("GET /a%00/ HTTP/1.1", f"Host: {HOST}\r\n", 404, 1),
    "an odd charset": (
        "GET /nothing/ HTTP/1.1",
        f"Host: {HOST}\r\nContent-Type: text/plain; charset=hex\r\n",
        400,
        1,
    ),
    "a form that is too large": ("POST /contact/ HTTP/1.1", f"Host: {HOST}\r\n{LARGE_FORM}", 413, 1),
    "too many fields": (f"GET /admin/login/?{'a&' * 20_000} HTTP/1.1", f"Host: {HOST}\r\n", 400, 1),
    "a POST from elsewhere": (
        "POST /contact/ HTTP/1.1",
        f"Host: {HOST}\r\nOrigin: https://evil.example\r\n",
        403,
        1,
    ),
    "a method that is none": ("BREW / HTTP/1.1", f"Host: {HOST}\r\n", 403, 1),
    "nothing there": ("GET /nothing/ HTTP/1.1", f"Host: {HOST}\r\n", 404, 1),
    "a page": ("GET /b/ HTTP/1.1", f"Host: {HOST}\r\n", 200, 0),
    "the page again, from the cache": ("GET /b/ HTTP/1.1", f"Host: {HOST}\r\n", 200, 0),
    "a redirect": ("GET /b HTTP/1.1", f"Host: {HOST}\r\n", 301, 0),
    "a file": ("GET /static/img/shelves.svg HTTP/1.1", f"Host: {HOST}\r\n", 200, 0),
    "a picture": ("GET /media/original_images/cup.svg HTTP/1.1", f"Host: {HOST}\r\n", 200, 0),
    "the admin": ("GET /admin/ HTTP/1.1", f"Host: {HOST}\r\n", 302, 0),
    "health": ("GET /healthz/ HTTP/1.1", f"Host: {HOST}\r\n", 200, 0),
}


class Site:
    """A web server, its database and its log."""

    def __init__(self, served: ServedSite, database: Path, log: Path) -> None:
        self.served, self.database, self.log = served, database, log

    def answer(self, line: str, headers: str) -> tuple[int, Message, list[str]]:
        """Return status, headers, and the lines that the log got."""
        before = self.log.stat().st_size
        status, answer = self.served.send(f"{line}\r\n{headers}Connection: close\r\n\r\n".encode())
        head = answer.partition(b"\r\n\r\n")[0].partition(b"\r\n")[2]
        return status, message_from_bytes(head), self.log.read_bytes()[before:].decode().splitlines()

    @contextmanager
    def damaged(self) -> Iterator[None]:
        """Take a table away that every page needs."""
        rename = "ALTER TABLE {} RENAME TO {}"
        with closing(sqlite3.connect(self.database)) as there:
            there.execute(rename.format("django_session", "gone"))
            try:
                yield
            finally:
                there.execute(rename.format("gone", "django_session"))


def migrate() -> None:
    """Bring the database up to date, in the process of the editor."""
    call_command("migrate", verbosity=0)


@pytest.fixture(scope="module")
def site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("early")
    database, log = folder / "db.sqlite3", folder / "log"
    if (kept := copy_of("sqlite3")).exists():  # not where all tests run on PostgreSQL
        shutil.copy(kept, database)
    url = f"sqlite:///{database}"
    with ServedSite(folder, servers=1, workers=1, log=log, DATABASE_URL=url) as served:
        served.edit(migrate)
        served.edit(editing.fill)
        served.get("/")  # makes the rows of the settings
        yield Site(served, database, log)


@pytest.mark.parametrize("kind", ASKED)
def test_every_answer_has_the_headers_and_a_bad_request_one_line(site: Site, kind: str) -> None:
    line, headers, expected, lines = ASKED[kind]
    status, answered, logged = site.answer(line, headers)
    assert status == expected
    assert [name for name in NAMES if not answered[name]] == []
    assert answered["X-Content-Type-Options"] == "nosniff"
    assert answered["Referrer-Policy"] == "same-origin"
    assert answered["Permissions-Policy"] == settings.PERMISSIONS_POLICY
    assert len(logged) == lines, logged


def test_a_mistake_of_ours_has_the_headers_and_keeps_its_traceback(site: Site) -> None:
    with site.damaged():
        status, answered, logged = site.answer(
            "GET /admin/ HTTP/1.1", f"Host: {HOST}\r\nCookie: sessionid=abcdefghijklmnopqrstuvwxyz012345\r\n"
        )
    assert (status, [name for name in NAMES if not answered[name]]) == (500, [])
    assert any(line.startswith("Traceback") for line in logged)
    assert "no such table: django_session" in logged[-1]


def test_what_is_unchanged_is_said_without_them_as_the_browser_has_them(site: Site) -> None:
    etag = site.served.get("/b/").headers["ETag"]
    assert site.served.get("/b/", If_None_Match=etag).status == 304


def test_the_redirect_to_https_has_them() -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        answer = ask(PageCache(StrictWSGIHandler()), "/nothing/")
    assert answer.status == "301 Moved Permanently"
    assert [name for name in NAMES if name not in answer.headers] == []
