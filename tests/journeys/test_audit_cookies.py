"""The audit of cookies, run as people run it: the demo passes; what is planted is found, named, and fails it."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from playwright.sync_api import Error
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Page, get_page_models

from home import csp
from policies.cookie_audit.browser import Site
from policies.cookie_audit.visitor import AuditError, Limits
from tests.factories import cookie_policy, declare_cookies

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PLANTED_PAGE = """{% extends "base.html" %}{% load static consent_tags %}
{% block main %}<p>Hello</p><img src="ORIGIN/pixel.gif" alt="">
BREAKS<img src="FAR/pixel.gif" alt="" loading="lazy">{% endblock %}
{% block scripts %}
  <script src="{% static 'tracker.js' %}"></script>
  {% optional_script "analytics" "visits.js" %}
{% endblock %}"""
SCRIPTS = {
    "tracker.js": """document.cookie = "_tracker=1; path=/";
        if (navigator.globalPrivacyControl) sessionStorage.setItem("heard\\x1b[2J", "1");
        indexedDB.open("numbers");
        const keys = Object.keys;
        Object.keys = (of) => of instanceof Storage ? [] : keys(of);
        Object.defineProperty(window, "indexedDB", {value: {databases: async () => []}});
        Object.defineProperty(window, "caches", {value: {keys: () => new Promise(() => {})}});
        window.requestIdleCallback = () => {};""",
    "visits.js": 'localStorage.setItem("visits", "1"); document.cookie = "_counted=1; path=/; max-age=60";',
}


def audit(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, and return what it said and how it ended."""
    command = [sys.executable, "manage.py", "audit_cookies", "--quiet-for", "0.05", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=240)


def refused(*arguments: str) -> str:
    """Run the command, which must end with 2, in a thread: ours has Playwright in it already. Return what it said."""
    with ThreadPoolExecutor(1) as threads, pytest.raises(CommandError) as caught:
        threads.submit(call_command, "audit_cookies", *arguments).result(timeout=60)
    assert caught.value.returncode == 2
    return str(caught.value)


def test_the_demo_is_as_declared_on_every_page_type(
    live_server: LiveServer, demo: None, tmp_path: Path
) -> None:
    result = audit(live_server.url, "--alone", "--json", str(tmp_path / "audit.json"))
    assert (result.returncode, result.stderr) == (0, "")
    told = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert told["findings"] == told["not_looked_at"] == []
    assert told["states"] == ["before", "signal", "rejected", "all", "withdrawn", "basket"]  # one category
    assert {row["name"]: row["states"] for row in told["seen"]} == {
        "basket": ["basket"],
        "basket_count": ["basket"],
        "consent": ["rejected", "all", "withdrawn"],
        "https://www.openstreetmap.org": ["all"],
    }
    visited = {page.specific_class for page in Page.objects.live() if page.get_url() in told["pages"]}
    assert visited == {model for model in get_page_models() if model._meta.app_label != "wagtailcore"}
    assert {"/basket/", "/cookies/", "/no-such-page-here/"} <= set(told["pages"])
    for kind in (r"/[a-z-]+/versions/", r"/[a-z-]+/versions/\d+/", r"/[a-z-]+/compare/\d+/\d+/"):
        assert any(re.fullmatch(kind, path) for path in told["pages"]), kind


class _Pixels(BaseHTTPRequestHandler):
    asked: int

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(200)
        self.send_header("Content-Type", "image/gif")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def third_party() -> Iterator[str]:
    """Run a server of somebody else's."""
    _Pixels.asked = 0
    yield from _serving(_Pixels)


def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _far(third_party: str) -> str:
    """Name the same server otherwise, for a picture that only loads when somebody scrolls down to it."""
    return third_party.replace("127.0.0.1", "localhost")


@pytest.fixture
def _planted(third_party: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the home page a tracker, a foreign picture, and a counter that is declared as somebody else's."""
    (tmp_path / "home").mkdir()
    page = (
        PLANTED_PAGE.replace("ORIGIN", third_party)
        .replace("FAR", _far(third_party))
        .replace("BREAKS", "<br>" * 500)
    )
    (tmp_path / "home/home_page.html").write_text(page, encoding="utf-8")
    for name, script in SCRIPTS.items():
        (tmp_path / name).write_text(script, encoding="utf-8")
    [django_templates, *others] = settings.TEMPLATES
    folders = [tmp_path, *django_templates["DIRS"]]
    settings.TEMPLATES = [{**django_templates, "DIRS": folders}, *others]
    settings.STATICFILES_DIRS = [*settings.STATICFILES_DIRS, tmp_path]
    service = csp.Provider(
        key="pixels", name="Pixels", purpose="", sources={"img-src": (third_party, _far(third_party))}
    )
    monkeypatch.setattr(csp, "providers_in_use", lambda: [service])


@pytest.mark.usefixtures("_planted")
def test_what_is_planted_is_found_though_its_script_hides_it(
    live_server: LiveServer, third_party: str
) -> None:
    declare_cookies("needed", "consent", is_required=True)
    declare_cookies("analytics", "visits", storage="local", party="third")
    declare_cookies("analytics", "_counted")  # goes when it is withdrawn, as it should
    declare_cookies("media", "videos")
    cookie_policy()
    result = audit(live_server.url, "--pages", "1")
    assert result.returncode == 1
    everywhere = "before, signal, rejected, only analytics, only media, all, withdrawn"
    expected = {
        "undeclared: IndexedDB numbers of localhost": everywhere,
        "undeclared: cookie _tracker of localhost": everywhere,
        "undeclared: session storage heard\\x1b[2J of localhost": "signal",
        f"without consent: request {third_party}": "before, signal, rejected",
        f"without consent: request {_far(third_party)}": "before, signal, rejected",
        "left behind: local storage visits of localhost": "withdrawn",
        f"left behind: request {third_party}": "withdrawn",
        f"left behind: request {_far(third_party)}": "withdrawn",
        "other party than declared: local storage visits of localhost": "only analytics, all, withdrawn",
    }
    assert f"{len(expected)} finding(s)" in result.stderr
    lines = [line.strip() for line in result.stdout.partition("Findings\n")[2].splitlines()]
    for line, (what, states) in zip(lines, expected.items(), strict=False):
        assert line.startswith(f"{what}: ")
        assert line.endswith(f"(in {states}; first on /)")
    assert _Pixels.asked
    kept = next(line.split() for line in result.stdout.splitlines() if line.startswith("local storage"))
    assert kept[2:] == ["visits", "localhost", *". . . x . x x .".split(), "Analytics", "/"]
    assert "Not done, since no page offers it: basket" in result.stdout


# Where a page does not come to rest → its template, its script, and in which states. All end with the first choice.
ENDLESS = {
    "/basket/": ("store/basket.html", "while (!document.cookie);", ("before", "signal")),
    "/cookies/": (
        "policies/cookies.html",
        "addEventListener('load', () => setTimeout(() => { while (!document.cookie); }, 20));",
        ("before", "signal"),
    ),
    "/no-such-page-here/": (
        "404.html",
        "setInterval(() => document.cookie || fetch('/healthz/'), 20);",
        ("before", "signal"),
    ),
}


@pytest.fixture
def _endless(settings: Any, tmp_path: Path) -> None:
    """Give three pages scripts without end: one as it loads, one afterwards, one that asks the network for ever."""
    for number, (template, script, _states) in enumerate(ENDLESS.values()):
        path = tmp_path / template
        path.parent.mkdir(exist_ok=True)
        element = f'<script src="/static/endless{number}.js"></script>'
        path.write_text(
            f'{{% extends "base.html" %}}{{% block scripts %}}{element}{{% endblock %}}', encoding="utf-8"
        )
        (tmp_path / f"endless{number}.js").write_text(script, encoding="utf-8")
    [django_templates, *others] = settings.TEMPLATES
    settings.TEMPLATES = [{**django_templates, "DIRS": [tmp_path, *django_templates["DIRS"]]}, *others]
    settings.STATICFILES_DIRS = [*settings.STATICFILES_DIRS, tmp_path]


@pytest.mark.usefixtures("_endless")
def test_pages_that_never_come_to_rest_are_named_and_the_others_are_looked_at(
    live_server: LiveServer, tmp_path: Path
) -> None:
    declare_cookies("needed", "consent", is_required=True)
    declare_cookies("analytics")
    cookie_policy()
    began = time.monotonic()
    result = audit(live_server.url, "--timeout", "2", "--pages", "4", "--json", str(tmp_path / "audit.json"))
    assert time.monotonic() - began < 200
    told = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    restless = {line for line in told["not_looked_at"] if "it did not come to rest in 2 s" in line}
    assert restless == {
        f"{path} ({state}): it did not come to rest in 2 s"
        for path, (_template, _script, states) in ENDLESS.items()
        for state in states
    }
    assert {line.partition(" ")[0] for line in told["not_looked_at"]} == set(ENDLESS)
    assert next(row["states"] for row in told["seen"] if row["name"] == "consent") == [
        "rejected",
        "all",
        "withdrawn",
    ]
    assert (result.returncode, told["findings"]) == (2, [])
    assert "Some pages could not be looked at" in result.stderr


def test_an_audit_ends_within_its_limit_and_says_what_is_missing(live_server: LiveServer) -> None:
    declare_cookies("needed", "consent", is_required=True)
    declare_cookies("analytics")
    cookie_policy()
    result = audit(live_server.url, "--limit", "0.1")
    assert result.returncode == 2
    assert "0.1 minutes were over" in result.stderr


class _Circles(_Pixels):
    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", f"/{self.path.count('/')}{self.path}"[:20])
        self.end_headers()


@pytest.fixture
def circles() -> Iterator[str]:
    """Run a site that sends everybody round and round."""
    yield from _serving(_Circles)


def test_a_site_that_cannot_be_audited_is_told_apart_from_a_finding(third_party: str, circles: str) -> None:
    closed = third_party.rpartition(":")[0] + ":9"
    for address, words in (
        (closed, "ECONNREFUSED"),
        (circles, "redirect"),
        (third_party, "is no page"),
    ):
        told = refused(address)
        assert told.startswith(f"{address}/ ")
        assert words in told


RECORDS = {
    "nested": '{"facts":' + "[" * 200_000 + "]" * 200_000 + "}",
    "huge number": '{"facts": ' + "9" * 5000 + "}",
    "category": '{"facts": {"services": [{"key": "a", "category": {}, "origins": []}]}}',
    "origins": '{"facts": {"services": [{"key": "a", "category": "b", "origins": [{}]}]}}',
    "cookies": '{"facts": {"cookies": [{"varname": ["x"], "cookies": [5]}]}}',
}


class _Told:
    """Stands for Playwright and for each answer: a site whose page of choices leads to a record."""

    status, headers, url = 200, {"content-type": "text/html"}, "https://shop.example/cookies/"

    def __init__(self, record: str) -> None:
        self.record, self.request = record, self

    def new_context(self, **_options: Any) -> "_Told":
        return self

    def get(self, _url: str) -> "_Told":
        return self

    def text(self) -> str:
        return self.record

    def body(self) -> bytes:
        return b"<div data-consent-page><a href='/cp/versions/1/'>Read</a></div>"


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_in_no_form_that_can_be_read_is_no_finding(record: str) -> None:
    with pytest.raises(AuditError, match="is no record of a cookie policy"):
        Site(_Told(record), "https://shop.example/", Limits()).declared()


class _TooLarge(_Told):
    def body(self) -> bytes:
        raise Error("APIResponse.body: Cannot create a string longer than 0x1fffffe8 characters")


def test_a_page_that_is_too_large_to_be_read_is_no_finding() -> None:
    with pytest.raises(AuditError, match="cannot be read: Cannot create a string"):
        Site(_TooLarge(""), "https://shop.example/", Limits())


def test_without_its_browser_the_command_names_the_one_that_installs_it(
    live_server: LiveServer, tmp_path: Path
) -> None:
    (tmp_path / "broken").touch(mode=0o755)
    for name in ("none", "broken"):
        told = refused(live_server.url, "--browser", str(tmp_path / name))
        assert f"{tmp_path / name}" in told
        assert "-m playwright install chromium" in told


# What a frame of another site does: its script never ends, or only once somebody asks about a frame in it.
HOLDING = {
    "from the start": "onload = () => setTimeout(() => { for (;;); }, 20)",
    "when asked": """Object.defineProperty(HTMLIFrameElement.prototype, "src", {get() { for (;;); }});
        onload = () => document.documentElement.append(document.createElement("iframe"))""",
}


class _HoldingFrame(_Pixels):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(
            f"<!doctype html><script>{HOLDING[self.path[1:].replace('%20', ' ')]}</script>".encode()
        )


@pytest.fixture
def frame_server() -> Iterator[str]:
    """Run another site, at 127.0.0.1: the one that is audited is localhost."""
    yield from _serving(_HoldingFrame)


@pytest.fixture
def _holding(
    request: pytest.FixtureRequest,
    frame_server: str,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Give the home page a frame of another site that holds up whoever asks it something."""
    (tmp_path / "home").mkdir()
    frame = f'{{% block main %}}<iframe src="{frame_server}/{request.param}"></iframe>{{% endblock %}}'
    (tmp_path / "home/home_page.html").write_text(f'{{% extends "base.html" %}}{frame}', encoding="utf-8")
    [django_templates, *others] = settings.TEMPLATES
    settings.TEMPLATES = [{**django_templates, "DIRS": [tmp_path, *django_templates["DIRS"]]}, *others]
    service = csp.Provider(key="frame", name="Frame", purpose="", sources={"frame-src": (frame_server,)})
    monkeypatch.setattr(csp, "providers_in_use", lambda: [service])


def not_looked_at(target: Path, *arguments: str) -> list[str]:
    """Run the command in a thread, and return what it says that it did not see. The frame itself is a finding."""
    with ThreadPoolExecutor(1) as threads, pytest.raises(CommandError):
        threads.submit(call_command, "audit_cookies", *arguments, "--json", str(target)).result(timeout=60)
    return json.loads(target.read_text(encoding="utf-8"))["not_looked_at"]


@pytest.mark.parametrize("_holding", ["from the start"], indirect=True)
@pytest.mark.usefixtures("_holding")
def test_a_frame_that_never_comes_to_rest_is_named_with_its_page_and_the_others_are_looked_at(
    live_server: LiveServer, tmp_path: Path
) -> None:
    patience = ("--quiet-for", "0.05", "--timeout", "2", "--pages", "1")
    told = not_looked_at(tmp_path / "audit.json", live_server.url, *patience)
    assert told == [f"/ ({state}): it did not come to rest in 2 s" for state in ("before", "signal")]


@pytest.mark.parametrize("_holding", ["when asked"], indirect=True)
@pytest.mark.usefixtures("_holding")
def test_nothing_that_a_frame_does_holds_the_audit_beyond_its_limit(
    live_server: LiveServer, tmp_path: Path
) -> None:
    began = time.monotonic()
    told = not_looked_at(tmp_path / "audit.json", live_server.url, "--quiet-for", "0.05", "--limit", "0.15")
    assert told == ["“before /” and what comes after it: 0.15 minutes were over"]
    assert time.monotonic() - began < 30
