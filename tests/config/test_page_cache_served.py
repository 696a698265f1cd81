"""The page cache under real servers, two with two workers each: changes, kills and bad input.

Every kind of change shows at the next request to each; the kinds are those of the table in
docs/decisions/0023-pages-in-the-process.md. Whatever is sent, nothing is kept that is not the page.
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from django.db import connection, transaction

from home.page_cache import tokens
from tests.config import editing
from tests.migrated_database import copy_of
from tests.served_site import ROOT, ServedSite

# Without a test of the database, nobody would make the copy that the site starts from.
pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.both_databases]

PAUSE_SECONDS = 4  # instead of 60, so that the tests can wait until it is over


@pytest.fixture(scope="module")
def site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    """Start the site with the pages that the tests change."""
    folder = tmp_path_factory.mktemp("served")
    url = {"sqlite": new_sqlite, "postgresql": new_postgresql}[connection.vendor](folder)
    with ServedSite(folder, DATABASE_URL=url, PAUSE_SECONDS=str(PAUSE_SECONDS)) as served:
        served.edit(editing.fill)
        served.get("/")  # makes the rows of the settings
        yield served


def new_sqlite(folder: Path) -> str:
    file = folder / "db.sqlite3"
    shutil.copy(copy_of("sqlite3"), file)
    return f"sqlite:///{file}"


def new_postgresql(folder: Path) -> str:
    """Make a database beside that of the tests; it goes with their server."""
    name, ours = f"served_{os.getpid()}", connection.get_connection_params()
    for database, statements in (
        (ours["dbname"], f"CREATE DATABASE {name}"),
        (name, copy_of("postgresql.sql").read_text(encoding="utf-8")),
    ):
        with closing(psycopg2.connect(**{**ours, "dbname": database})) as there:
            there.autocommit = True
            there.cursor().execute(statements)
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"


# --- Each kind of change -------------------------------------------------------------------------------------
KINDS: dict[str, tuple[Callable[[], None], str, str, int | str]] = {
    # kind: what is done, the URL that shows it, words that are there before, words or the status after
    "publish": (editing.publish, "/published/", "First words", "Second words"),
    "unpublish": (editing.unpublish, "/unpublished/", "First words", 404),
    "move": (editing.move, "/a/moved/", "First words", 301),
    "slug": (editing.rename, "/renamed/", "First words", 301),
    "delete": (editing.delete, "/deleted/", "First words", 404),
    "restriction": (editing.restrict, "/restricted/", "First words", 302),
    "settings": (editing.set_brand, "/a/", "First words", "Another Name"),
    "menu": (editing.put_into_menu, "/b/", "First words", 'href="/listed/"'),
    "image": (editing.describe_image, "/shop/cup-cup/", 'alt="A blue cup"', 'alt="A green cup"'),
    "document": (editing.delete_document, "/listed/", "manual.txt", "<a>Manual</a>"),
    "redirect": (editing.redirect, "/formerly/", "not found", 302),
    "stock": (editing.sell_out, "/shop/mug-mug/", "only 3 left", "Sold out"),
    "price": (editing.raise_price, "/shop/cup-cup/", "£12.50", "£13.50"),
    "cookies": (editing.declare_cookies, "/a/", "First words", "data-consent-bar"),
    "ledger": (editing.seal_ledger, "/.well-known/policy-ledger.json", '"number": 0', '"number": 1'),
    "withdrawal": (editing.withdraw, "/rules/", "/rules/versions/2/", "Be kind."),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_shows_at_the_next_request_to_each_worker(site: ServedSite, kind: str) -> None:
    change, path, before, after = KINDS[kind]
    for page in site.everywhere(path):
        assert before in page.text, page.text[-3_000:]
        assert not isinstance(after, str) or kind == "withdrawal" or after not in page.text
    site.edit(change)
    for page in site.everywhere(path):
        if isinstance(after, int):
            assert page.status == after
        else:
            assert after in page.text
            assert kind != "withdrawal" or before not in page.text


def test_a_version_takes_effect_at_its_moment_on_each_worker(site: ServedSite) -> None:
    moment = site.edit(editing.announce, 5)
    pages = site.everywhere("/rules/")
    assert time.time() < moment, "the machine is too slow for this test"
    assert not any("Be kindest." in page.text.partition("<footer")[0].partition("<h1")[2] for page in pages)
    lasting = [re.search(r"s-maxage=(\d+)", page.headers["Cache-Control"]) for page in pages]
    assert all(int(found[1]) <= 5 for found in lasting if found)
    time.sleep(max(0, moment - time.time()))
    assert all("Be kindest." in page.text for page in site.everywhere("/rules/"))


def test_what_is_promised_changes_at_the_cut_off_hour_on_each_worker(site: ServedSite) -> None:
    moment = site.edit(editing.close_at, 3)
    pages = site.everywhere("/shop/cup-cup/")
    assert time.time() < moment, "the machine is too slow for this test"
    assert all(" today<" in page.text for page in pages)
    time.sleep(max(0, moment - time.time()))
    pages = site.everywhere("/shop/cup-cup/")
    assert all("if ordered by " in page.text and " today<" not in page.text for page in pages)


def test_what_nobody_is_told_of_does_not_show(site: ServedSite) -> None:
    """The pages of the tests above came from the cache: with the guard off each of them fails."""
    for page in site.everywhere("/b/"):
        assert "First words" in page.text
    site.edit(editing.change_unseen, "b")
    old = sum("First words" in page.text for page in site.everywhere("/b/"))
    assert old > 8  # a worker that was not asked before knows no page


def test_the_workers_give_the_same_page_the_same_tag(site: ServedSite) -> None:
    assert len({page.headers["ETag"] for page in site.everywhere("/a/")}) == 1


def test_the_table_of_the_decision_names_these_kinds() -> None:
    text = (ROOT / "docs/decisions/0023-pages-in-the-process.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| ([a-z]+) \|", text, re.MULTILINE)) - {"kind"}
    assert named == {*KINDS, "time"}


# --- A process that dies while it changes something ----------------------------------------------------------
def begin_change_and_die(folder: str, where: str) -> None:
    """Change a page in a process that waits before its commit, and dies before it or right after it."""
    if os.fork():
        return
    try:
        if where == "without the guard":
            tokens._renewed.__kwdefaults__["add"] = ""
            original = tokens._renewed
            tokens._renewed = lambda old, *, name, add="", remove=(): original(old, name=name, remove=remove)
        tokens._Reopening.__call__ = lambda self: os._exit(9)
        with transaction.atomic():
            editing.publish("race")
            Path(folder, "changed").touch()
            while not Path(folder, "go-on").exists():
                time.sleep(0.01)
            if where == "before the commit":
                os._exit(9)
    finally:
        os._exit(1)


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def outcome(site: ServedSite, folder: Path, where: str) -> list[str]:
    """Return the words that visitors see: while a change waits for its commit, after a kill, after the pause."""
    site.edit(editing.change_unseen, "race", "First words")
    site.edit("home.page_cache.tokens:reset")
    seen = [words(site)]
    site.edit(begin_change_and_die, str(folder), where)
    wait_for(folder / "changed")
    seen.append(words(site))
    (folder / "go-on").touch()
    time.sleep(0.5)
    seen.append(words(site))
    time.sleep(PAUSE_SECONDS)
    seen.append(words(site))
    return seen


def words(site: ServedSite) -> str:
    [found] = {re.search("First words|Second words", page.text)[0] for page in site.everywhere("/race/")}
    return found


def is_kept(site: ServedSite) -> bool:
    site.edit(editing.change_unseen, "race", "Changed behind the cache")
    return any("Changed behind the cache" not in page.text for page in site.everywhere("/race/"))


def test_a_process_that_dies_after_its_commit_leaves_an_old_page_without_the_guard(
    site: ServedSite, tmp_path: Path
) -> None:
    """What the tests below guard against: a page from before the commit is kept, and nobody says that it is old."""
    assert outcome(site, tmp_path, "without the guard") == ["First words"] * 4


def test_a_process_that_dies_after_its_commit_leaves_no_old_page(site: ServedSite, tmp_path: Path) -> None:
    assert outcome(site, tmp_path, "after the commit") == ["First words"] * 2 + ["Second words"] * 2
    assert is_kept(site)


def test_a_process_that_dies_before_its_commit_leaves_the_page_as_it_was(
    site: ServedSite, tmp_path: Path
) -> None:
    assert outcome(site, tmp_path, "before the commit") == ["First words"] * 4
    assert is_kept(site)


# --- Bad input -------------------------------------------------------------------------------------------------
GET = b"GET /a/ HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nConnection: close\r\n"
HTTP_1_0 = b"GET /a/ HTTP/1.0\r\n"


def with_path(path: bytes) -> bytes:
    return GET.replace(b"/a/", path)


def with_host(host: bytes) -> bytes:
    return GET.replace(b"127.0.0.1:8000", host)


RAW: dict[str, tuple[bytes, set[int]]] = {
    "range": (GET + b"Range: bytes=0-9\r\n", {200}),
    "ranges": (GET + b"Range: bytes=0-9,20-29,-1\r\n", {200}),
    "endless range": (GET + b"Range: bytes=" + b"0-," * 2_000 + b"\r\n", {200}),
    "nonsense as a range": (GET + b"Range: \xff\xfe=a-b\r\n", {200}),
    "if-range": (GET + b'Range: bytes=5-\r\nIf-Range: "a"\r\n', {200}),
    "unknown encoding": (GET + b"Accept-Encoding: zstd;q=1.0, *;q=0\r\n", {200}),
    "no encoding": (GET + b"Accept-Encoding: identity;q=0, *;q=0\r\n", {200}),
    "two encodings": (GET + b"Accept-Encoding: x\r\nAccept-Encoding: y\r\n", {200}),
    "nonsense as an encoding": (GET + b"Accept-Encoding: \xff\x80;;q==,;=\r\n", {200}),
    "endless encoding": (GET + b"Accept-Encoding: " + b"x;q=0.1," * 2_000 + b"\r\n", {200}),
    "http/1.0": (HTTP_1_0 + b"Host: 127.0.0.1:8000\r\n", {200}),
    "http/1.0 without a host": (HTTP_1_0, {200, 400}),
    "http/1.1 without a host": (GET.replace(b"Host: 127.0.0.1:8000\r\n", b""), {200, 400}),
    "two hosts": (GET + b"Host: evil.example\r\n", {200, 400}),
    "forged host": (with_host(b"evil.example"), {400}),
    "another port": (with_host(b"127.0.0.1:1"), {200}),
    "host with a path": (with_host(b"127.0.0.1:8000/a"), {400}),
    "host with a name": (with_host(b"a@127.0.0.1:8000"), {400}),
    "host in bytes": (with_host(b"\xff\xfe"), {400}),
    "endless host": (with_host(b"a." * 3_000), {400}),
    "host with a dot": (with_host(b"127.0.0.1.:8000"), {301}),
    "forwarded host": (GET + b"X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n", {200}),
    "whole url": (with_path(b"http://evil.example/a/"), {200, 400}),
    "another path below": (GET + b"X-Original-URL: /b/\r\nX-Rewrite-URL: /b/\r\n", {200}),
    "another method below": (GET + b"X-HTTP-Method-Override: POST\r\n", {200}),
    "endless query": (with_path(b"/a/?" + b"a=b&" * 8_000), {200, 400, 414, 431}),
    "nul in the query": (with_path(b"/a/?a=%00"), {200, 400}),
    "bytes in the query": (with_path(b"/a/?a=%ff%fe&%c3=%28"), {200}),
    "nonsense as a tag": (GET + b'If-None-Match: ,,"\xff W/ *x\r\n', {200}),
    "endless tags": (GET + b"If-None-Match: " + b'"a",' * 2_000 + b"\r\n", {200}),
    "nonsense as a date": (GET + b"If-Modified-Since: yesterday\r\nIf-Unmodified-Since: -1\r\n", {200}),
    "a tag that must match": (GET + b'If-Match: "a"\r\n', {200, 412}),
    "a mark of its own": (GET + b'X-Page-Cache: {"until": 9e9, "tokens": [], "parameters": []}\r\n', {200}),
    "body": (GET + b"Content-Length: 3\r\nContent-Type: text/plain; charset=hex\r\n", {200, 400}),
    "dots in the path": (with_path(b"/b/../a/"), {200, 400, 404}),
    "slashes in the path": (with_path(b"//a//"), {400, 404, 301}),
    "nul in the path": (with_path(b"/a/%00"), {400, 404}),
    "bytes in the path": (with_path(b"/%ff%fe/"), {400, 404}),
}


@pytest.mark.parametrize("name", RAW)
@pytest.mark.parametrize("is_known", [False, True], ids=["new", "known"])
def test_whatever_is_sent_gets_a_refusal_or_the_page_and_leaves_the_page_as_it_is(
    site: ServedSite, name: str, is_known: bool
) -> None:
    request, expected = RAW[name]
    site.edit("home.page_cache.tokens:reset")
    before = site.get("/a/") if is_known else None
    for _ in range(2):
        status, answer = site.send(request + b"\r\n" + b"abc" * ("body" in name))
        assert status in expected
        assert status != 200 or b"First words" in answer
        assert b"evil.example" not in answer
    after = site.get("/a/")
    assert "First words" in after.text
    assert 'href="http://127.0.0.1:8000/a/"' in after.text
    assert before is None or (before.text, before.headers["ETag"]) == (after.text, after.headers["ETag"])


def test_without_these_settings_a_pause_lasts_a_minute(settings: object) -> None:
    assert settings.PAGE_CACHE_PAUSE_SECONDS == 60
