"""What the audit of cookies answers before it looks at anything: bad URLs, bad options, a missing library."""

import re
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from policies import cookie_audit


def refused(*arguments: str) -> str:
    """Run the command, which must end with 2; return what it said."""
    with pytest.raises(CommandError) as caught:
        call_command("audit_cookies", *arguments)
    assert caught.value.returncode == 2
    return str(caught.value)


@pytest.fixture
def _without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("policies.cookie_audit.browser", "policies.cookie_audit.visitor"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.delattr(cookie_audit, name.rpartition(".")[2], raising=False)
    monkeypatch.setitem(sys.modules, "playwright", None)
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)


@pytest.mark.usefixtures("_without_library")
def test_without_its_library_it_names_the_commands_that_install_it() -> None:
    words = refused("http://127.0.0.1:9")
    assert "-m pip install playwright" in words
    assert "-m playwright install chromium" in words


@pytest.mark.usefixtures("_without_library")
def test_the_site_itself_is_what_is_audited_where_nothing_is_named(settings: Settings) -> None:
    settings.SITE_URL = "https://shop.example"
    assert "Playwright" in refused()
    settings.SITE_URL = "shop.example"
    assert "shop.example" in refused()


@pytest.mark.parametrize(
    "url",
    [
        "shop.example",
        "ftp://shop.example",
        "https://",
        "https://shop.example:99999",
        "https://shop.example:port",
        "https://me:secret@shop.example",
        "https://shop.example/about/",
        "https://shop.example/?a=1",
        "http://[::1",
        "javascript:alert(1)",
        " ",
    ],
)
def test_what_is_no_url_of_a_site_is_refused(url: str) -> None:
    assert "Not the URL of a site" in refused(url)


@pytest.mark.parametrize(
    "options",
    [
        ["--pages", "0"],
        ["--pages", "²"],
        ["--pages", "1001"],
        ["--timeout", "nan"],
        ["--timeout", "-1"],
        ["--timeout", "1e9"],
        ["--limit", "0"],
        ["--limit", "1001"],
        ["--quiet-for", "0"],
        ["--quiet-for", "soon"],
    ],
)
def test_a_number_that_makes_no_sense_is_refused(options: list[str]) -> None:
    with pytest.raises(CommandError, match=re.escape(options[1])):  # typed into a shell, it ends with 2
        call_command("audit_cookies", "http://127.0.0.1:9", *options)


def test_a_result_that_could_not_be_written_is_refused_at_once(tmp_path: Path) -> None:
    for target in (tmp_path, tmp_path / "none/audit.json"):
        assert "--json" in refused("http://127.0.0.1:9", "--json", str(target))
