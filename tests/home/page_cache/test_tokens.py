"""The tokens of the page cache: new with every change, and nothing kept while a change is on its way."""

import fcntl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import environ
import pytest
import time_machine
from django.core.cache import caches
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings
from wagtail.contrib.redirects.models import Redirect

from home.caching import breaker
from home.models import ContentPage, HomePage
from home.page_cache import tokens
from tests.redis_server import RedisServer, redis_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(autouse=True, params=["file", "key", "redis"])
def backing(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path, redis: RedisServer) -> str:
    """Keep the tokens in a file beside a cache of files, in Redis, and in any other cache."""
    places = {"file": f"filecache://{tmp_path}/cache", "redis": redis.url}
    if request.param in places:
        default = environ.Env.cache_url_config(places[request.param])
        settings.CACHES = {**settings.CACHES, "tokens": default}
        caches["tokens"].clear()
    return request.param


def of_site() -> str:
    return tokens.current().values["site"]


def test_tokens_stay_until_something_changes() -> None:
    before = tokens.current()
    assert tokens.current() == before
    assert before.values["site"]
    assert before.may_store("site")
    tokens.changed("site")
    assert of_site() != before.values["site"]
    assert tokens.current().may_store("site")


def test_a_change_of_one_name_leaves_the_others_alone() -> None:
    before = tokens.current().of("site", "shop")
    tokens.changed("shop")
    site, shop = tokens.current().of("site", "shop")
    assert site == before[0]
    assert shop != before[1]


def test_nothing_is_kept_from_the_change_to_its_commit() -> None:
    seen = [of_site()]
    with transaction.atomic():
        tokens.changed("site")
        seen.append(of_site())
        assert not tokens.current().may_store("site")
    seen.append(of_site())
    assert tokens.current().may_store("site")
    assert len(set(seen)) == 3


def test_a_pause_that_nobody_ends_ends_by_itself_after_a_minute() -> None:
    with time_machine.travel(time.time(), tick=False) as clock, transaction.atomic():
        tokens.changed("site")
        clock.shift(59.9)
        assert not tokens.current().may_store("site")
        clock.shift(0.2)
        assert tokens.current().may_store("site")


def test_a_transaction_that_outlives_its_pause_takes_another_at_its_next_change() -> None:
    with time_machine.travel(time.time(), tick=False) as clock, transaction.atomic():
        tokens.changed("site")
        clock.shift(61)
        tokens.changed("site")
        assert not tokens.current().may_store("site")
    assert tokens.current().may_store("site")


def test_a_rollback_ends_its_pause() -> None:
    with transaction.atomic():
        tokens.changed("site")
        transaction.set_rollback(True)
    assert tokens.current().may_store("site")


def test_a_change_after_a_savepoint_that_was_rolled_back_pauses_again() -> None:
    with transaction.atomic():
        with transaction.atomic():
            tokens.changed("site")
            transaction.set_rollback(True)
        assert tokens.current().may_store("site")
        tokens.changed("site")
        assert not tokens.current().may_store("site")
        before = of_site()
    assert of_site() != before
    assert tokens.current().may_store("site")


def test_many_changes_in_one_transaction_take_one_pause_a_name() -> None:
    with transaction.atomic():
        for _ in range(50):
            tokens.changed("site")
            tokens.changed("shop")
        assert len(tokens.current().pauses) == 2
        assert len(connection.run_on_commit) == 2
    assert tokens.current().pauses == {}


@pytest.mark.postgresql
def test_a_commit_leaves_the_pause_of_another_transaction() -> None:
    def change_beside() -> None:
        with transaction.atomic():
            tokens.changed("site")
            assert len(tokens.current().pauses) == 2
        connection.close()

    with transaction.atomic():
        tokens.changed("site")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(change_beside).result()
        assert len(tokens.current().pauses) == 1
        assert not tokens.current().may_store("site")
    assert tokens.current().may_store("site")


def test_changes_at_once_lose_none() -> None:
    def change(number: int) -> None:
        tokens.changed(f"name-{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(40)))
    assert {f"name-{number}" for number in range(40)} <= tokens.current().values.keys()


@time_machine.travel(1_800_000_000, tick=False)
def test_two_changes_within_a_tick_of_the_clock_make_files_that_differ(backing: str) -> None:
    if backing == "file":
        file = Path(caches["tokens"]._dir) / tokens.KEY
        times = []
        for _ in range(3):
            tokens.changed("site")
            times.append(file.stat().st_mtime_ns)
        assert times == [1_800_000_000 * 10**9 + number for number in range(3)]


def test_tokens_that_were_lost_are_new_ones(backing: str) -> None:
    before = of_site()
    if backing == "file":
        (Path(caches["tokens"]._dir) / tokens.KEY).unlink()
    else:
        caches["tokens"].clear()
    assert of_site() != before


def test_a_cache_that_fails_keeps_nothing_and_stops_no_change(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "no-folder").touch()
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {
        **settings.CACHES,
        "tokens": {"BACKEND": backend, "LOCATION": tmp_path / "no-folder/x"},
    }
    assert not tokens.current().may_store("site")
    assert of_site() != of_site()
    tokens.changed("site")
    assert caplog.text.count("The cache does not answer") == 1


def test_a_damaged_file_of_tokens_is_replaced(backing: str) -> None:
    if backing == "file":
        before = of_site()
        (Path(caches["tokens"]._dir) / tokens.KEY).write_text("{", encoding="utf-8")
        assert of_site() != before
    assert tokens.current().may_store("site")


def test_reset_ends_the_pauses_of_all(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with transaction.atomic():
        tokens.changed("site")
        before = of_site()
        tokens.reset()
        assert tokens.current().may_store("site")
        assert of_site() != before
        tokens.changed("site")
        assert not tokens.current().may_store("site")


def test_tokens_ask_no_database() -> None:
    with CaptureQueriesContext(connection) as queries:
        tokens.current()
        tokens.changed("site")
    assert len(queries) == 0


def test_outside_of_a_transaction_nothing_is_kept_from_the_announcement_to_the_change() -> None:
    seen = [of_site()]
    tokens.changing("site")
    seen.append(of_site())
    assert not tokens.current().may_store("site")
    tokens.changed("site")
    seen.append(of_site())
    assert tokens.current().may_store("site")
    assert len(set(seen)) == 3


def test_announcements_within_others_all_end() -> None:
    for say in (tokens.changing, tokens.changing, tokens.changed, tokens.changed):
        say("site")
    assert tokens.current().pauses == {}


def test_an_announcement_in_a_transaction_is_its_change() -> None:
    with transaction.atomic():
        tokens.changing("site")
        tokens.changed("site")
        assert len(tokens.current().pauses) == 1
    assert tokens.current().may_store("site")


def test_a_row_is_saved_while_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    during, original = [], Redirect._save_table

    def save(self: Redirect, *args: object, **kwargs: object) -> object:
        during.append(tokens.current().may_store("site"))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Redirect, "_save_table", save)
    Redirect(old_path="/old", redirect_link="/new").save()
    assert during == [False]
    assert tokens.current().may_store("site")


def test_a_connection_that_redis_closed_is_opened_again(
    backing: str, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tokens.current()
    monkeypatch.setattr(redis, "hangs_up", True)
    for _ in range(3):
        assert tokens.current() == before
    assert tokens.current().may_store("site")


def test_redis_is_asked_once_at_a_hit(backing: str, redis: RedisServer) -> None:
    tokens.current()
    asked = redis.asked
    for _ in range(10):
        tokens.current()
    assert redis.asked == asked + (10 if backing == "redis" else 0)


def test_without_redis_nothing_is_kept(backing: str, redis: RedisServer, settings: Settings) -> None:
    if backing == "redis":
        settings.CACHES = {
            **settings.CACHES,
            "tokens": environ.Env.cache_url_config("redis://127.0.0.1:9/0"),  # nobody answers there
        }
        assert not tokens.current().may_store("site")
        tokens.changed("site")


def test_a_change_that_could_not_be_written_is_written_before_the_next_page(
    backing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, or Redis away for a moment, while somebody publishes."""
    before, kind = of_site(), type(tokens._backing())

    def full(_self: object, _change: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(kind, "change", full)
        tokens.changed("site")
        assert not tokens.current().may_store("site")
        assert of_site() != before
    breaker.close()  # as after two seconds
    assert of_site() != before
    assert tokens.current().may_store("site")


def test_a_change_of_one_name_holds_up_no_other() -> None:
    with transaction.atomic():
        tokens.changed("shop")
        assert not tokens.current().may_store("site", "shop")
        assert tokens.current().may_store("site")


def test_saving_a_draft_changes_nothing_that_visitors_see() -> None:
    page = ContentPage(title="About", slug="about")
    HomePage.objects.get().add_child(instance=page)
    before = of_site()
    page.title = "About us"
    page.save_revision()
    assert of_site() == before
    page.save_revision().publish()
    assert of_site() != before


def test_a_publication_that_is_scheduled_is_a_change() -> None:
    """Until when pages may be kept is another moment now."""
    page = ContentPage(title="About", slug="about")
    HomePage.objects.get().add_child(instance=page)
    page.go_live_at = timezone.now() + timedelta(hours=1)
    draft = page.save_revision()
    before = of_site()
    draft.publish()
    assert of_site() != before


def test_a_process_that_holds_the_file_for_ever_stops_no_change(backing: str) -> None:
    if backing != "file":
        return
    before = of_site()
    with (Path(caches["tokens"]._dir) / f"{tokens.KEY}.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        began = time.monotonic()
        tokens.changed("site")
        assert time.monotonic() - began < 5
        assert not tokens.current().may_store("site")
    breaker.close()  # as after two seconds
    assert of_site() != before
    assert tokens.current().may_store("site")
