"""The system checks find the mistakes they are there for."""

from pytest_django import Settings

from config import checks


def test_the_settings_pass() -> None:
    assert list(checks.page_cache_is_first()) == []
    assert list(checks.csrf_protection_is_on()) == []


def test_a_middleware_before_the_page_cache_is_an_error(settings: Settings) -> None:
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware", *settings.MIDDLEWARE]
    assert [message.id for message in checks.page_cache_is_first()] == ["config.E001"]


def test_a_missing_csrf_middleware_is_an_error(settings: Settings) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
    assert [message.id for message in checks.csrf_protection_is_on()] == ["config.E002"]
