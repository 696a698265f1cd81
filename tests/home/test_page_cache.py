"""The page cache: the same bytes for everyone, right at the request after a change, never a visitor's own answer."""

import gzip
from datetime import UTC, datetime, timedelta

import brotli
import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from wagtail import hooks
from wagtail.models import PageViewRestriction

from home.models import BrandSettings, ContentPage, HomePage, User
from home.page_cache import tokens

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def about() -> ContentPage:
    """Publish a content page at /about/."""
    home = HomePage.objects.get()
    page = ContentPage(title="About", slug="about", intro="First words")
    home.add_child(instance=page)
    Client().get("/")  # makes the rows of the settings
    tokens.reset()  # what a test changes never commits, so that nothing would be kept
    return page


def test_the_second_request_is_answered_without_a_query(
    client: Client, about: ContentPage, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = client.get("/about/")
    with django_assert_num_queries(0):
        second = client.get("/about/")
    assert second.content == first.content
    assert b"First words" in second.content


def test_a_cached_page_carries_the_security_headers(client: Client, about: ContentPage) -> None:
    client.get("/about/")
    response = client.get("/about/")
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_a_publication_shows_at_the_next_request(
    client: Client,
    about: ContentPage,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client.get("/about/")
    about.intro = "Second words"
    with django_capture_on_commit_callbacks(execute=True):
        about.save_revision().publish()
    assert b"Second words" in client.get("/about/").content


def test_unpublishing_shows_at_the_next_request(
    client: Client,
    about: ContentPage,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client.get("/about/")
    with django_capture_on_commit_callbacks(execute=True):
        about.unpublish()
    assert client.get("/about/").status_code == 404


def test_a_page_made_private_is_private_at_the_next_request(
    client: Client,
    about: ContentPage,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client.get("/about/")
    with django_capture_on_commit_callbacks(execute=True):
        PageViewRestriction.objects.create(page=about, restriction_type=PageViewRestriction.LOGIN)
    assert client.get("/about/").status_code == 302


def test_changed_brand_settings_show_at_the_next_request(
    client: Client,
    about: ContentPage,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client.get("/about/")
    brand = BrandSettings.for_site(about.get_site())
    brand.name = "Another Name"
    with django_capture_on_commit_callbacks(execute=True):
        brand.save()
    assert b"Another Name" in client.get("/about/").content


def test_a_page_rendered_while_another_is_published_is_not_kept(
    client: Client, about: ContentPage, monkeypatch: pytest.MonkeyPatch
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
        assert b"First words" in client.get("/about/").content
    assert b"Second words" in client.get("/about/").content


@pytest.mark.parametrize(("encoding", "decode"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_compressed_copies_hold_the_same_page(
    client: Client, about: ContentPage, encoding: str, decode: object
) -> None:
    plain = client.get("/about/").content
    response = client.get("/about/", headers={"accept-encoding": encoding})
    assert response.headers["Content-Encoding"] == encoding
    assert response.headers["Vary"] == "Accept-Encoding"
    assert decode(response.content) == plain


def test_a_refused_encoding_is_not_used(client: Client, about: ContentPage) -> None:
    response = client.get("/about/", headers={"accept-encoding": "br;q=0, gzip"})
    assert response.headers["Content-Encoding"] == "gzip"


def test_a_browser_that_has_the_page_gets_304(client: Client, about: ContentPage) -> None:
    etag = client.get("/about/").headers["ETag"]
    response = client.get("/about/", headers={"if-none-match": etag})
    assert response.status_code == 304
    assert response.content == b""


def test_browsers_must_ask_each_time_and_shared_caches_may_keep(client: Client, about: ContentPage) -> None:
    assert client.get("/about/").headers["Cache-Control"] == "public, max-age=0, s-maxage=300"


CHANGE = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


@hooks.register_temporarily("register_known_changes", lambda: [lambda now: CHANGE])
def test_no_page_outlives_the_next_known_change(client: Client, about: ContentPage) -> None:
    with time_machine.travel(CHANGE - timedelta(seconds=40), tick=False):
        assert client.get("/about/").headers["Cache-Control"] == "public, max-age=0, s-maxage=40"


@hooks.register_temporarily("register_known_changes", lambda: [lambda now: CHANGE])
def test_a_page_is_not_kept_in_the_last_second_before_a_change(client: Client, about: ContentPage) -> None:
    with time_machine.travel(CHANGE - timedelta(milliseconds=500), tick=False):
        assert "s-maxage" not in client.get("/about/").headers["Cache-Control"]


def test_somebody_signed_in_is_not_answered_from_the_cache(client: Client, about: ContentPage) -> None:
    client.get("/about/")
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    about.intro = "Changed behind the cache"
    ContentPage.objects.filter(pk=about.pk).update(intro=about.intro)
    assert about.intro.encode() in client.get("/about/").content


def test_a_page_shown_to_a_signed_in_user_is_not_cached(client: Client, about: ContentPage) -> None:
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    assert b"wagtail-userbar" in client.get("/about/").content
    assert b"wagtail-userbar" not in Client().get("/about/").content


def test_a_page_with_a_query_string_is_not_kept(client: Client, about: ContentPage) -> None:
    client.get("/about/?utm=1")
    ContentPage.objects.filter(pk=about.pk).update(intro="Changed behind the cache")
    assert b"Changed behind the cache" in client.get("/about/?utm=1").content


def test_a_404_is_not_kept(client: Client) -> None:
    assert client.get("/later/").status_code == 404
    HomePage.objects.get().add_child(instance=ContentPage(title="Later", slug="later"))
    assert client.get("/later/").status_code == 200


def test_two_visitors_get_the_same_bytes_without_any_cookie(about: ContentPage) -> None:
    responses = [Client().get("/about/") for _ in range(2)]
    assert responses[0].content == responses[1].content
    assert not any(response.cookies for response in responses)


def test_a_port_that_is_not_ours_makes_no_copy_of_its_own(client: Client, about: ContentPage) -> None:
    client.get("/robots.txt")
    size = len(cache._cache)
    for port in range(1000, 1010):
        answer = client.get("/robots.txt", headers={"Host": f"testserver:{port}"})
        assert f"testserver:{port}" in answer.content.decode()
    assert len(cache._cache) == size
    assert "http://testserver/sitemap.xml" in client.get("/robots.txt").content.decode()


def test_ways_to_write_the_host_share_a_copy(client: Client, about: ContentPage) -> None:
    client.get("/about/")
    size = len(cache._cache)
    for host in ("TestServer", "testserver:80"):
        assert client.get("/about/", headers={"Host": host}).status_code == 200
    assert len(cache._cache) == size


def test_a_page_that_expires_is_not_shown_longer(client: Client, about: ContentPage) -> None:
    about.expire_at = timezone.now() + timedelta(seconds=60)
    about.save()
    seconds = int(client.get("/robots.txt").headers["Cache-Control"].rpartition("=")[2])
    assert 50 <= seconds <= 60


def test_a_page_that_goes_live_is_not_awaited_longer(client: Client, about: ContentPage) -> None:
    about.title = "Opening hours"
    about.go_live_at = timezone.now() + timedelta(seconds=90)
    about.save_revision().publish()
    seconds = int(client.get("/robots.txt").headers["Cache-Control"].rpartition("=")[2])
    assert 80 <= seconds <= 90


def test_a_forged_host_is_refused_and_fills_no_cache(client: Client, about: ContentPage) -> None:
    assert client.get("/about/", headers={"host": "evil.example"}).status_code == 400


def test_head_is_answered_like_get_without_a_body(client: Client, about: ContentPage) -> None:
    client.get("/about/")
    response = client.head("/about/")
    assert response.status_code == 200
    assert int(response.headers["Content-Length"]) > 1000
    assert response.content == b""
