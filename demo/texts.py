"""Reads the texts of the demo: Markdown into the blocks of page bodies, `key: value` files into dicts."""

import re
from pathlib import Path
from typing import Any

from django.apps import apps
from markdown_it import MarkdownIt
from markdown_it.token import Token

FOLDER = Path(__file__).resolve().parent / "texts"
SHOP_ONLY = " {shop}"  # after a heading: a site without a shop leaves the section out
_FACT = re.compile(r"^\{\{ (\w+) \}\}$")
_markdown = MarkdownIt("commonmark").enable("table")

Block = tuple[str, Any]
Section = tuple[str, str]


def read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8").strip()


def title_and_rest(markdown: str) -> tuple[str, str]:
    """Split a text into the title of its first line and what follows."""
    first, _, rest = markdown.partition("\n")
    return first.removeprefix("# ").strip(), rest.strip()


def lead_and_rest(markdown: str) -> tuple[str, str]:
    """Split off the first paragraph."""
    lead, _, rest = markdown.strip().partition("\n\n")
    return " ".join(lead.split()), rest.strip()


def sections(markdown: str, marker: str = "## ") -> list[Section]:
    """Split a text at its headings: (heading, what follows)."""
    parts = re.split(rf"^{marker}", markdown, flags=re.MULTILINE)[1:]
    return [
        (heading.strip().removesuffix(SHOP_ONLY), body.strip())
        for heading, _, body in (part.partition("\n") for part in parts)
        if apps.is_installed("store") or not heading.strip().endswith(SHOP_ONLY)
    ]


def html(markdown: str) -> str:
    return _markdown.render(markdown).strip()


def pairs(name: str) -> dict[str, str]:
    """Read a file of `key: value` lines."""
    return dict(line.split(": ", 1) for line in read(name).splitlines() if ": " in line)


def records(name: str) -> list[dict[str, str]]:
    """Read a file of `key: value` groups, divided by lines of three dashes."""
    return [
        dict(line.split(": ", 1) for line in group.strip().splitlines() if ": " in line)
        for group in read(name).split("\n---\n")
    ]


def policy_blocks(markdown: str) -> list[Block]:
    """Turn Markdown into the blocks of a policy; a line like {{ cookies }} becomes a live fact."""
    blocks: list[Block] = []
    text: list[Token] = []
    for group in _top_level(_markdown.parse(markdown)):
        block = _special_block(group)
        if block is None:
            text += group
            continue
        _flush(text, blocks)
        blocks.append(block)
    _flush(text, blocks)
    return blocks


def _top_level(tokens: list[Token]) -> list[list[Token]]:
    groups: list[list[Token]] = []
    for token in tokens:
        if token.level == 0 and token.nesting >= 0:
            groups.append([])
        groups[-1].append(token)
    return groups


def _special_block(group: list[Token]) -> Block | None:
    kind = group[0].type
    if kind == "heading_open":
        return "heading", {"text": group[1].content, "level": group[0].tag[1]}
    if kind == "table_open":
        return "table", _table(group)
    if kind == "paragraph_open" and (fact := _FACT.match(group[1].content)):
        return "live_fact", fact[1]
    return None


def _flush(text: list[Token], blocks: list[Block]) -> None:
    if text:
        blocks.append(("paragraph", _markdown.renderer.render(text, _markdown.options, {}).strip()))
        text.clear()


def _table(group: list[Token]) -> dict[str, Any]:
    rows: list[list[str]] = []
    for token, content in zip(group, [*group[1:], group[-1]], strict=True):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in {"th_open", "td_open"}:
            rows[-1].append(content.content)
    head, *body = rows
    return {
        "columns": [{"type": "rich_text", "heading": heading} for heading in head],
        "rows": [{"values": [_markdown.renderInline(cell) for cell in row]} for row in body],
        "caption": "",
    }
