"""The page cache: the same bytes for everyone, right at the request after a change, never a visitor's own answer.

Two servers with two workers each: tests/config/test_page_cache_served.py.
"""

import json
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks
from wagtail.models import PageViewRestriction

from config.wsgi import application
from home.models import BrandSettings, ContentPage, HomePage, User
from home.page_cache import middleware, tokens
from tests.home.page_cache.asking import change_unseen, get, is_kept

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


# --- What is kept ------------------------------------------------------------------------------------------
def test_the_second_request_is_answered_without_a_query(about: ContentPage) -> None:
    first = get("/about/")
    with CaptureQueriesContext(connection) as queries:
        second = get("/about/")
    assert len(queries) == 0
    assert second.body == first.body
    assert b"First words" in second.body


def test_hits_are_counted_and_logged(about: ContentPage, caplog: pytest.LogCaptureFixture) -> None:
    get("/about/")
    before = application.hits, application.misses
    with caplog.at_level("INFO", logger="home.page_cache"):
        get("/about/")
    assert (application.hits, application.misses) == (before[0] + 1, before[1])
    assert "From the page cache: GET '/about/'" in caplog.text


def test_a_cached_page_carries_the_security_headers(about: ContentPage) -> None:
    get("/about/")
    headers = get("/about/").headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_an_unknown_query_string_is_answered_from_the_cache(about: ContentPage) -> None:
    get("/about/")
    change_unseen(about)
    for query in ("utm_source=x", "gclid=1&fbclid=2", "page=2", "&&&", "=", "%ff", "a" * 5_000, "%00"):
        assert b"First words" in get(f"/about/?{query}").body


@pytest.mark.both_databases
def test_whoever_answered_the_consent_bar_is_answered_from_the_cache(about: ContentPage) -> None:
    get("/about/")
    change_unseen(about)
    cookies = ("consent=1.abc.2.analytics", "basket=x; basket_count=3", "a=b; c", "=;;,")
    assert all(b"First words" in get("/about/", cookie=cookie).body for cookie in cookies)


def test_the_path_is_what_counts_however_it_is_written(about: ContentPage) -> None:
    get("/about/")
    change_unseen(about)
    assert b"First words" in get("/%61bout/").body


def test_the_mark_says_what_the_layer_must_know(client: Client, about: ContentPage) -> None:
    with time_machine.travel("2026-11-27 12:00 +0000", tick=False):
        mark = json.loads(client.get("/about/").headers[middleware.MARK])
    end = datetime(2026, 11, 27, 12, 5, tzinfo=UTC).timestamp()
    assert mark == {"until": end, "tokens": ["site"], "parameters": []}


def test_two_visitors_get_the_same_bytes_without_any_cookie(about: ContentPage) -> None:
    answers = [get("/about/", cookie=cookie) for cookie in ("", "consent=1.x")]
    assert answers[0].body == answers[1].body
    assert all("Set-Cookie" not in answer.headers for answer in answers)


# --- Right again after a change ------------------------------------------------------------------------------
def test_a_publication_shows_at_the_next_request(
    about: ContentPage, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    get("/about/")
    about.intro = "Second words"
    with django_capture_on_commit_callbacks(execute=True):
        about.save_revision().publish()
    assert b"Second words" in get("/about/").body


def test_unpublishing_shows_at_the_next_request(
    about: ContentPage, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    get("/about/")
    with django_capture_on_commit_callbacks(execute=True):
        about.unpublish()
    assert get("/about/").status == "404 Not Found"


@pytest.mark.both_databases
def test_a_page_made_private_is_private_at_the_next_request(
    about: ContentPage, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    get("/about/")
    with django_capture_on_commit_callbacks(execute=True):
        PageViewRestriction.objects.create(page=about, restriction_type=PageViewRestriction.LOGIN)
    assert get("/about/").status == "302 Found"


def test_changed_brand_settings_show_at_the_next_request(
    about: ContentPage, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    get("/about/")
    brand = BrandSettings.for_site(about.get_site())
    brand.name = "Another Name"
    with django_capture_on_commit_callbacks(execute=True):
        brand.save()
    assert b"Another Name" in get("/about/").body


def test_a_page_rendered_while_another_is_published_is_not_kept(
    about: ContentPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race: the change commits after the page was rendered and before it is stored."""
    original = ContentPage.serve

    def publish_meanwhile(self: ContentPage, request: object, *args: object, **kwargs: object) -> object:
        response = original(self, request, *args, **kwargs).render()
        ContentPage.objects.filter(pk=self.pk).update(intro="Second words")
        tokens.reset()
        return response

    with monkeypatch.context() as patch:
        patch.setattr(ContentPage, "serve", publish_meanwhile)
        assert b"First words" in get("/about/").body
    assert b"Second words" in get("/about/").body


def test_a_page_rendered_before_the_commit_is_not_kept(about: ContentPage) -> None:
    """The race: the change is made and not committed, and the page still shows what was before."""
    tokens.changed("site")  # the transaction of the test is that of the change
    get("/about/")
    change_unseen(about)
    assert b"Changed behind the cache" in get("/about/").body


# --- What is never kept --------------------------------------------------------------------------------------
def test_somebody_signed_in_is_not_answered_from_the_cache(about: ContentPage) -> None:
    get("/about/")
    change_unseen(about)
    session = f"a=b; {settings.SESSION_COOKIE_NAME}=abc"
    assert b"Changed behind the cache" in get("/about/", cookie=session).body


def test_a_page_shown_to_a_signed_in_user_is_not_cached(client: Client, about: ContentPage) -> None:
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    session = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    assert b"wagtail-userbar" in get("/about/", cookie=session).body
    assert b"wagtail-userbar" not in get("/about/").body


def test_a_404_is_not_kept() -> None:
    assert get("/later/").status == "404 Not Found"
    HomePage.objects.get().add_child(instance=ContentPage(title="Later", slug="later"))
    assert get("/later/").status == "200 OK"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "NONSENSE"])
def test_other_methods_pass_by(about: ContentPage, method: str) -> None:
    get("/about/")
    hits = application.hits
    get("/about/", method=method)
    assert application.hits == hits


@pytest.mark.parametrize(
    "change",
    [
        lambda response, request: response.set_cookie("a", "b"),
        lambda response, request: response.headers.__setitem__("Cache-Control", "no-store"),
        lambda response, request: response.headers.__setitem__("Cache-Control", "max-age=3, private"),
        lambda response, request: response.headers.__setitem__("Vary", "Cookie"),
        lambda response, request: response.headers.__setitem__("Vary", "Accept-Encoding, User-Agent"),
        lambda response, request: response.headers.__setitem__("Vary", "*"),
        lambda response, request: response.headers.__setitem__("Content-Encoding", "x"),
        lambda response, request: setattr(response, "status_code", 203),
        lambda response, request: setattr(request, "is_preview", True),
        lambda response, request: setattr(request, "encoding", "latin-1"),  # reads the query anew
    ],
    ids=[
        "cookie",
        "no-store",
        "private",
        "cookies",
        "agents",
        "all",
        "encoded",
        "203",
        "preview",
        "encoding",
    ],
)
def test_an_answer_that_is_not_for_everybody_is_not_kept(
    about: ContentPage, changing_answers: list, change: object
) -> None:
    changing_answers.append(change)
    assert not is_kept("/about/", about)


def test_the_page_of_those_tests_is_kept_when_nobody_changes_the_answer(
    about: ContentPage, changing_answers: list
) -> None:
    assert is_kept("/about/", about)
