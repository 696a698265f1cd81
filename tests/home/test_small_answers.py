"""The small public answers: health, robots, site map, security contact, errors."""

import re
import sqlite3
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F
from django.test import Client
from django.urls import reverse
from wagtail.models import PageViewRestriction

from home.models import BrandSettings, HomePage, WorkerHeartbeat
from home.outages import is_outage
from tests import site_maps
from tests.embeds import page_with_embeds
from tests.factories import home_page, policy_page, publish

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


def test_healthz_answers_without_asking_anything(client: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):
        response = client.get("/healthz/")
    assert response.content == b"ok\n"


WELL = {"database": True, "connections": True, "cache": True, "worker": True, "clock": True}


def test_readyz_says_what_answers(client: Client) -> None:
    WorkerHeartbeat.beat()
    response = client.get("/readyz/")
    assert response.status_code == 200
    assert response.json() == WELL
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.both_databases
def test_readyz_names_a_database_that_is_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", broken)
    response = client.get("/readyz/")
    assert response.status_code == 503
    unknown = {"connections": False, "worker": False, "clock": True}  # nobody says that it is wrong
    assert response.json() == {"database": False, "cache": True, **unknown}


@pytest.mark.both_databases
def test_readyz_names_a_database_without_the_tables_of_the_site(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE home_workerheartbeat RENAME TO gone")
    response = client.get("/readyz/")
    assert (response.status_code, response.json()["database"]) == (503, False)


@pytest.mark.both_databases
def test_readyz_names_a_cache_that_is_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise ConnectionError

    WorkerHeartbeat.beat()
    monkeypatch.setattr(cache, "set", broken, raising=False)
    response = client.get("/readyz/")
    assert response.status_code == 503
    assert response.json() == {**WELL, "cache": False}


@pytest.mark.both_databases
def test_readyz_names_a_worker_that_did_nothing_for_ten_minutes_though_the_site_is_ready(
    client: Client,
) -> None:
    WorkerHeartbeat.beat()
    WorkerHeartbeat.objects.update(at=F("at") - timedelta(seconds=590))
    assert client.get("/readyz/").json() == WELL
    WorkerHeartbeat.objects.update(at=F("at") - timedelta(seconds=10))
    response = client.get("/readyz/")
    assert response.status_code == 200
    assert response.json() == {**WELL, "worker": False}


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_database_that_is_away_is_answered_with_a_plain_page(
    client: Client, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def away(*_args: object, **_kwargs: object) -> None:
        raise kind

    client.raise_request_exception = False
    with monkeypatch.context() as outage:
        outage.setattr(connection, "cursor", away)
        response = client.get("/robots-and-more/")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "60"
    assert "back soon" in response.content.decode()


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SQLITE_BUSY", True),
        ("SQLITE_IOERR_WRITE", True),
        ("SQLITE_FULL", True),
        ("SQLITE_ERROR", False),
        (None, True),
    ],
)
def test_a_table_that_is_missing_is_no_outage_though_sqlite_calls_it_operational(
    name: str | None, expected: bool
) -> None:
    error = OperationalError("no such table: home_user")
    error.__cause__ = sqlite3.OperationalError()
    if name:
        error.__cause__.sqlite_errorname = name
    assert is_outage(error) is expected


def test_robots_keeps_crawlers_out_of_the_admin_and_names_the_site_map(client: Client) -> None:
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /admin/" in text
    assert "Sitemap: http://testserver/sitemap.xml" in text


def test_robots_keeps_crawlers_out_of_what_visitors_choose(client: Client) -> None:
    assert f"Disallow: {reverse('policies:cookies')}\n" in client.get("/robots.txt").content.decode()


@pytest.mark.both_databases
def test_the_site_map_lists_the_public_pages_and_no_others(client: Client) -> None:
    publish(policy_page())
    policy_page("Draft")
    private = page_with_embeds(slug="private")
    PageViewRestriction.objects.create(page=private, restriction_type=PageViewRestriction.LOGIN)
    root = home_page().full_url
    assert set(re.findall(r"<loc>(.*?)</loc>", site_maps.read(client))) == {root, f"{root}house-rules/"}


def test_security_txt_names_the_address_from_the_brand_settings(client: Client) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404
    brand = BrandSettings.for_site(HomePage.objects.get().get_site())
    brand.email = "hello@example.com"
    brand.save()
    cache.clear()
    text = client.get("/.well-known/security.txt").content.decode()
    assert "Contact: mailto:hello@example.com" in text
    assert "Expires: " in text


@pytest.mark.parametrize(
    "path", ["/nothing-here/", "/privacy-policy/versions/", "/a/b/c/", "/%00/", "/\u202e/", "/x" * 500 + "/"]
)
def test_an_unknown_address_is_a_404_page_of_the_site(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert b"<main" in response.content


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_changing_methods_are_refused_where_nothing_changes(client: Client, method: str) -> None:
    assert getattr(client, method)("/robots.txt").status_code == 405
