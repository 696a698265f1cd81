"""Every page type has its template, and none of them holds code that the content security policy refuses."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from wagtail.models import Page, get_page_models

from tests.project import APPS, ROOT


def templates_missing(models: Iterable[type[Page]]) -> list[str]:
    """Return the templates that page types name and nobody wrote."""
    names = [
        getattr(model, attribute)
        for model in models
        for attribute in ("template", "landing_page_template")
        if hasattr(model, attribute)
    ]
    missing = []
    for name in names:
        try:
            get_template(name)
        except TemplateDoesNotExist:
            missing.append(name)
    return missing


def test_every_page_type_has_its_template() -> None:
    ours = [model for model in get_page_models() if model._meta.app_label in APPS]
    assert ours, "no page type was looked at"
    assert templates_missing(ours) == []


def test_a_page_type_without_a_template_is_seen() -> None:
    class Forgotten:
        template = "home/base_page_nobody_wrote.html"

    assert templates_missing([Forgotten]) == ["home/base_page_nobody_wrote.html"]


class _Inline(HTMLParser):
    """Collects what a strict content security policy would not run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.code_expected = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        kind = dict(attrs).get("type") or ""
        is_data = kind.endswith("json")
        self.code_expected = tag == "style" or (tag == "script" and not is_data)
        self.found += [f"{tag} {name}=" for name in sorted(names) if name == "style" or name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self.code_expected = False

    def handle_data(self, data: str) -> None:
        if self.code_expected and data.strip():
            self.found.append(data.strip()[:40])


def inline_code(html: str) -> list[str]:
    """Return inline scripts, inline styles and event attributes of a template."""
    parser = _Inline()
    parser.feed(re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", html))
    parser.close()
    return parser.found


def public_templates() -> list[Path]:
    """Return the templates of pages that visitors open; mails and the admin know other rules."""
    folders = [ROOT / "templates", *(ROOT / app / "templates" for app in APPS)]
    paths = [path for folder in folders for path in folder.rglob("*.html")]
    return [path for path in paths if not {"emails", "wagtailadmin", "admin"} & set(path.parts)]


def test_no_template_holds_inline_code() -> None:
    found = {
        str(path.relative_to(ROOT)): inline_code(path.read_text(encoding="utf-8"))
        for path in public_templates()
    }
    assert {path: pieces for path, pieces in found.items() if pieces} == {}
    assert found, "no template was looked at"


@pytest.mark.parametrize(
    ("html", "pieces"),
    [
        ("<script>go()</script>", 1),
        ("<style>p { color: red }</style>", 1),
        ('<p style="color: red">', 1),
        ('<a href="/" onclick="go()">', 1),
        ('<script src="a.js" defer></script><script type="application/ld+json">{"a": 1}</script><p>1</p>', 0),
        ("{% if on %}<p>{{ style }}</p>{% endif %}", 0),
    ],
)
def test_inline_code_is_seen(html: str, pieces: int) -> None:
    assert len(inline_code(html)) == pieces
