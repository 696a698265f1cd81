"""The system checks find the mistakes they are there for."""

from pathlib import Path

from pytest_django import Settings

from config import checks
from tests.faults.timestamp_authorities import Authority


def test_the_settings_pass() -> None:
    assert list(checks.page_cache_is_first()) == []
    assert list(checks.csrf_protection_is_on()) == []


def test_a_middleware_before_the_page_cache_is_an_error(settings: Settings) -> None:
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware", *settings.MIDDLEWARE]
    assert [message.id for message in checks.page_cache_is_first()] == ["config.E001"]


def test_a_missing_csrf_middleware_is_an_error(settings: Settings) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
    assert [message.id for message in checks.csrf_protection_is_on()] == ["config.E002"]


def test_roots_of_timestamps_that_cannot_be_read_are_an_error(settings: Settings, tmp_path: Path) -> None:
    assert list(checks.roots_of_timestamps_are_readable()) == []
    empty, words, damaged = (tmp_path / name for name in ("empty", "words", "damaged"))
    empty.touch()
    words.write_text("Our roots.", encoding="utf-8")
    damaged.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", encoding="utf-8")
    for path in (tmp_path, tmp_path / "gone.pem", empty, words, damaged):
        settings.TIMESTAMP_CA_FILE = str(path)
        (message,) = checks.roots_of_timestamps_are_readable()
        assert message.id == "config.E014"
        assert message.msg.startswith("TIMESTAMP_CA_FILE cannot be read")


def test_roots_of_timestamps_that_can_be_read_pass(settings: Settings, tmp_path: Path) -> None:
    settings.TIMESTAMP_CA_FILE = str(Authority(tmp_path).roots)
    assert list(checks.roots_of_timestamps_are_readable()) == []
