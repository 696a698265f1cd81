"""The system checks find the mistakes they are there for."""

from pathlib import Path

from django.core.checks import WARNING
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
    assert list(checks.timestamps_can_be_checked()) == []
    settings.TIMESTAMP_URL = "https://tsa.example"
    empty, words, damaged = (tmp_path / name for name in ("empty", "words", "damaged"))
    empty.touch()
    words.write_text("Our roots.", encoding="utf-8")
    damaged.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", encoding="utf-8")
    for path in (tmp_path, tmp_path / "gone.pem", empty, words, damaged):
        settings.TIMESTAMP_CA_FILE = str(path)
        (message,) = checks.timestamps_can_be_checked()
        assert message.id == "config.E014"
        assert message.msg.startswith("TIMESTAMP_CA_FILE cannot be read")


def test_roots_of_timestamps_that_can_be_read_pass(settings: Settings, tmp_path: Path) -> None:
    settings.TIMESTAMP_URL, settings.TIMESTAMP_CA_FILE = "https://tsa.example", str(Authority(tmp_path).roots)
    assert list(checks.timestamps_can_be_checked()) == []


def test_an_authority_without_its_roots_is_a_warning_and_plain_http_is_none(
    settings: Settings, tmp_path: Path
) -> None:
    for url in ("http://tsa.example", "https://tsa.example"):
        settings.TIMESTAMP_URL, settings.TIMESTAMP_CA_FILE = url, ""
        (message,) = checks.timestamps_can_be_checked()
        assert (message.id, message.level) == ("config.W001", WARNING)
        assert "plain http" in message.hint
        settings.TIMESTAMP_CA_FILE = str(Authority(tmp_path).roots)
        assert list(checks.timestamps_can_be_checked()) == []


def test_roots_without_an_authority_are_a_warning(settings: Settings, tmp_path: Path) -> None:
    settings.TIMESTAMP_CA_FILE = str(Authority(tmp_path).roots)
    (message,) = checks.timestamps_can_be_checked()
    assert (message.id, message.level, bool(message.hint)) == ("config.W002", WARNING, True)
