"""How long a page is kept, by us, by browsers and by shared caches."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from wagtail import hooks

from home.models import ContentPage
from tests.home.page_cache.asking import change_unseen, get, is_kept

pytestmark = pytest.mark.django_db


@time_machine.travel("2026-11-27 12:00 +0000", tick=False)
def test_browsers_must_ask_each_time_and_shared_caches_may_keep(about: ContentPage) -> None:
    assert get("/about/").headers["Cache-Control"] == "public, max-age=0, s-maxage=300"


def test_shared_caches_keep_no_page_longer_than_we_do(about: ContentPage) -> None:
    with time_machine.travel("2026-11-27 12:00 +0000", tick=False) as clock:
        get("/about/")
        clock.shift(100)
        assert get("/about/").headers["Cache-Control"] == "public, max-age=0, s-maxage=200"


def test_a_page_is_rendered_anew_when_its_time_is_over(about: ContentPage) -> None:
    with time_machine.travel("2026-11-27 12:00 +0000", tick=False) as clock:
        get("/about/")
        change_unseen(about)
        clock.shift(299)
        assert b"First words" in get("/about/").body
        clock.shift(1)
        assert b"Changed behind the cache" in get("/about/").body


CHANGE = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


@hooks.register_temporarily("register_known_changes", lambda: [lambda now: CHANGE])
def test_no_page_outlives_the_next_known_change(about: ContentPage) -> None:
    with time_machine.travel(CHANGE - timedelta(seconds=40), tick=False) as clock:
        assert get("/about/").headers["Cache-Control"] == "public, max-age=0, s-maxage=40"
        change_unseen(about)
        clock.shift(40)
        assert b"First words" not in get("/about/").body


@hooks.register_temporarily("register_known_changes", lambda: [lambda now: CHANGE])
def test_a_page_is_not_kept_in_the_last_second_before_a_change(about: ContentPage) -> None:
    with time_machine.travel(CHANGE - timedelta(milliseconds=500), tick=False):
        assert "s-maxage" not in get("/about/").headers["Cache-Control"]
        assert not is_kept("/about/", about)


@hooks.register_temporarily("register_known_changes", lambda: [lambda now: CHANGE if now < CHANGE else None])
def test_a_page_that_was_begun_before_a_change_and_finished_after_it_is_not_kept(
    about: ContentPage, changing_answers: list
) -> None:
    with time_machine.travel(CHANGE - timedelta(seconds=2), tick=False) as clock:
        changing_answers.append(lambda response, request: clock.shift(3))
        assert not is_kept("/about/", about)


@pytest.mark.both_databases
def test_a_page_that_expires_is_not_shown_longer(about: ContentPage) -> None:
    about.expire_at = timezone.now() + timedelta(seconds=60)
    about.save()
    seconds = int(get("/robots.txt").headers["Cache-Control"].rpartition("=")[2])
    assert 50 <= seconds <= 60


def test_a_page_that_goes_live_is_not_awaited_longer(about: ContentPage) -> None:
    about.title = "Opening hours"
    about.go_live_at = timezone.now() + timedelta(seconds=90)
    about.save_revision().publish()
    seconds = int(get("/robots.txt").headers["Cache-Control"].rpartition("=")[2])
    assert 80 <= seconds <= 90
