"""SITE_URL is the one place that says where the site lives; Wagtail's own record follows it at each migrate."""

import pytest
from django.core.management import call_command
from pytest_django import Settings
from wagtail.models import Site

from config import default_site

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def where_it_lives() -> tuple[str, int]:
    """Return host and port of Wagtail's default site."""
    site = Site.objects.get(is_default_site=True)
    return site.hostname, site.port


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://www.example.com", ("www.example.com", 443)),
        ("http://www.example.com", ("www.example.com", 80)),
        ("http://127.0.0.1:8123", ("127.0.0.1", 8123)),
    ],
)
def test_migrate_gives_the_default_site_the_address_of_the_settings(
    settings: Settings, url: str, place: tuple[str, int]
) -> None:
    settings.WAGTAILADMIN_BASE_URL = settings.SITE_URL = url
    call_command("migrate", verbosity=0)
    assert where_it_lives() == place


def test_a_site_at_its_address_is_left_alone(settings: Settings, django_assert_num_queries: object) -> None:
    settings.WAGTAILADMIN_BASE_URL = settings.SITE_URL = "https://www.example.com"
    default_site.ensure_default_site()
    with django_assert_num_queries(1):
        default_site.ensure_default_site()


def test_without_a_default_site_nothing_is_made_up(settings: Settings) -> None:
    Site.objects.update(is_default_site=False)
    settings.WAGTAILADMIN_BASE_URL = settings.SITE_URL = "https://www.example.com"
    default_site.ensure_default_site()
    assert not Site.objects.filter(hostname="www.example.com").exists()
