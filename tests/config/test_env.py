"""The environment's values: typed, an empty one the same as none, nonsense refused with its name."""

import ast
import runpy
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

SETTINGS = Path(env.__file__).parent / "settings"


@pytest.mark.parametrize(("given", "value"), [("12", 12), (" 12 ", 12), ("0", 0), ("", 300), (" ", 300)])
def test_a_number_is_read(monkeypatch: pytest.MonkeyPatch, given: str, value: int) -> None:
    monkeypatch.setenv("PAGE_CACHE_SECONDS", given)
    assert env.number("PAGE_CACHE_SECONDS", 300) == value


def test_a_text_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_PASSPHRASE", " $correct horse # battery ")
    assert env.text("BACKUP_PASSPHRASE") == "$correct horse # battery"


@pytest.mark.parametrize("given", ["many", "-1", "1.5", "1_000", "²"])
def test_a_value_that_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("PAGE_CACHE_SECONDS", given)
    with pytest.raises(ImproperlyConfigured, match="PAGE_CACHE_SECONDS must be a whole number"):
        env.number("PAGE_CACHE_SECONDS", 300)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("HOLD_MINUTES", "30", "HOLD_MINUTES must be at least 35, not 30."),
        ("HOLD_MINUTES", "1440", "HOLD_MINUTES must be at most 1430, not 1440."),
        ("MOST_OF_ONE_ITEM", "0", "MOST_OF_ONE_ITEM must be at least 1, not 0."),
        ("MOST_OF_ONE_ITEM", "100", "MOST_OF_ONE_ITEM must be at most 99, not 100."),
        ("MOST_UNPAID_ORDERS", "0", "MOST_UNPAID_ORDERS must be at least 1, not 0."),
        ("MOST_UNPAID_ITEMS", "0", "MOST_UNPAID_ITEMS must be at least 1, not 0."),
    ],
)
def test_a_limit_of_the_shop_that_cannot_be_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str, words: str
) -> None:
    monkeypatch.setenv(name, given)
    with pytest.raises(ImproperlyConfigured, match=f"^{words}$"):
        runpy.run_path(str(SETTINGS / "base.py"))


@pytest.mark.parametrize("given", ["35", "1430"])
def test_holds_may_be_as_short_and_as_long_as_stripe_allows(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    """Half an hour to a day, less what a late answer and a clock of ours may take."""
    monkeypatch.setenv("HOLD_MINUTES", given)
    assert runpy.run_path(str(SETTINGS / "base.py"))["HOLD_MINUTES"] == int(given)


@pytest.mark.parametrize(
    ("given", "value"), [("true", True), ("YES", True), ("1", True), ("off", False), ("0", False), ("", True)]
)
def test_a_yes_or_no_is_read(monkeypatch: pytest.MonkeyPatch, given: str, value: bool) -> None:
    monkeypatch.setenv("SERVE_MEDIA", given)
    assert env.flag("SERVE_MEDIA", default=True) is value


def test_a_value_that_is_neither_yes_nor_no_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHIND_PROXY", "ture")
    with pytest.raises(ImproperlyConfigured, match="BEHIND_PROXY must be true or false"):
        env.flag("BEHIND_PROXY", default=False)


def test_a_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "www.example.com, example.com,")
    assert env.names("ALLOWED_HOSTS") == ["www.example.com", "example.com"]
    monkeypatch.setenv("ALLOWED_HOSTS", "")
    assert env.names("ALLOWED_HOSTS", "localhost") == ["localhost"]


def imported_from_env(path: Path) -> set[str]:
    """Return the names that a settings module takes from config.env."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "config.env"
    ]
    return {alias.name for node in found for alias in node.names}


def test_settings_read_the_environment_only_through_these_functions() -> None:
    names = {path.name: imported_from_env(path) for path in SETTINGS.glob("*.py")}
    assert {"number", "flag"} <= names["base.py"]
    assert [name for name, taken in names.items() if taken & {"env", "environ"}] == []


@pytest.mark.parametrize("url", ["", "filecache:///srv/cache", "redis://localhost:6379/0"])
def test_counts_and_redlines_are_kept_apart_from_pages(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("CACHE_URL", url)
    kept = env.caches(default="filecache:///srv/cache")
    assert set(kept) == {"default", "tokens", "counters", "redlines"}
    kept.pop("tokens")  # one key, beside the pages
    places = {(one["LOCATION"], one.get("KEY_PREFIX", "")) for one in kept.values()}
    assert len(places) == len(kept)
    if "redis" not in url:
        most = {name: one["OPTIONS"]["MAX_ENTRIES"] for name, one in kept.items()}
        assert most == {"default": 20_000, "counters": 20_000, "redlines": 2_000}
        assert kept["counters"]["BACKEND"] == "home.throttling.LockedFileCache"


@pytest.mark.parametrize(
    "given", ["", "http://timestamp.example.com", "https://timestamp.example.com:8443/tsr?policy=1"]
)
def test_the_url_of_a_timestamp_authority_is_read(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("TIMESTAMP_URL", f" {given} ")
    assert env.timestamp_url() == given


@pytest.mark.parametrize(
    "given",
    [
        "timestamp.example.com",
        "ftp://timestamp.example.com/",
        "https://",
        "https:///tsr",
        "https://timestamp.example.com:99999/",
        "https://timestamp.example.com:port/",
        "https://user:password@timestamp.example.com/",
        "https://timestamp.example.com/a b",
        "https://timestamp.example.com/a\nb",
        "https://zeit.exämple.com/",
        "https://[::1/",
        f"https://timestamp.example.com/{'x' * 200}",
    ],
)
def test_what_is_no_url_of_an_authority_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("TIMESTAMP_URL", given)
    with pytest.raises(ImproperlyConfigured, match="TIMESTAMP_URL must be"):
        env.timestamp_url()
