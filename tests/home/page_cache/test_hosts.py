"""A page is kept for the site's own host and scheme only."""

import pytest
from django.conf import settings
from django.test import Client

from config.wsgi import application
from home.models import ContentPage
from tests.home.page_cache.asking import get, is_kept

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


def test_a_forged_host_is_refused_and_fills_no_cache(about: ContentPage) -> None:
    assert get("/about/", host="evil.example").status == "400 Bad Request"
    assert get("/about/", host="").status == "400 Bad Request"


@pytest.mark.parametrize(
    "host", ["localhost:8000", "127.0.0.1", "127.0.0.1:8001", "testserver", "[::1]:8000"]
)
def test_another_host_is_answered_and_not_kept(about: ContentPage, host: str) -> None:
    size = application.pages.bytes
    get("/about/", host=host)
    get("/robots.txt", host=host)
    assert application.pages.bytes == size
    assert b"http://127.0.0.1:8000/sitemap.xml" in get("/robots.txt").body


@pytest.mark.parametrize(
    ("site", "host"),
    [
        ("http://testserver", "TestServer"),
        ("http://testserver", "testserver."),
        ("http://testserver", "testserver:80"),
        ("http://testserver", "TESTSERVER.:80"),
        ("http://testserver:8000", "Testserver:8000"),
        ("http://testserver:8000", "testserver.:8000"),
    ],
)
def test_an_odd_spelling_of_the_host_leads_to_the_canonical_url(
    client: Client, about: ContentPage, monkeypatch: pytest.MonkeyPatch, site: str, host: str
) -> None:
    monkeypatch.setattr(settings, "SITE_URL", site)
    for method in (client.get, client.head):
        answer = method("/about/?a=%20b", headers={"host": host})
        assert (answer.status_code, answer.headers["Location"]) == (301, f"{site}/about/?a=%20b")
    assert client.post("/about/", headers={"host": host}).status_code != 301


def test_our_host_as_it_is_leads_nowhere(client: Client, about: ContentPage) -> None:
    for host in ("testserver", "127.0.0.1:8000", "TestServer"):
        assert client.get("/about/", headers={"host": host}).status_code == 200


def test_another_scheme_is_not_kept(about: ContentPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_scheme", "https")
    assert not is_kept("/about/", about)


@pytest.mark.parametrize(
    ("forwarded", "kept"),
    [("https", True), ("https, http", True), ("http", False), ("HTTPS", False), ("", False)],
)
def test_behind_a_proxy_the_scheme_is_what_the_proxy_says(
    about: ContentPage, monkeypatch: pytest.MonkeyPatch, forwarded: str, kept: bool
) -> None:
    monkeypatch.setattr(application, "_scheme", "https")
    monkeypatch.setattr(application, "_proxy_header", "HTTP_X_FORWARDED_PROTO")
    monkeypatch.setattr(application, "_https", "https")
    assert is_kept("/about/", about, x_forwarded_proto=forwarded) is kept


def test_without_a_proxy_nobody_may_name_the_scheme(about: ContentPage) -> None:
    assert is_kept("/about/", about, x_forwarded_proto="https")
