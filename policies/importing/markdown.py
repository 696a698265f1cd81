"""Turns a Markdown file into what a version holds: title, canonical markup, date. Whole, or not at all.

Conversion may drop what can run or load, never a word: the words of the source are counted against those of the
result, and a text that would lose one (past the parser's nesting limit, in a table row that is too long) is refused.
It reads and writes no files and no database.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape, unescape
from typing import Any

from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from policies.importing import markdown_limits
from policies.text.limits import MAX_DEPTH, TextRefusedError, refuse_characters
from policies.text.lost_words import count_words, refuse_losses, words_of_markup
from policies.text.markup import Body, canonical_body, clean_html
from policies.text.parsing import inner_html, parse_untrusted

TITLE_LENGTH = 255
_LINES_WITH_DATE = 10
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)
_ENTRY = re.compile(r"^([ \t]*)([\w-]+)[ \t]*:[ \t]*(?:(?:\n[ \t]*- .*)+|(.*))$", re.MULTILINE)
_PLACE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}-(\d+)\Z", re.ASCII)
_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" if len(name) > 3 else name for name in _MONTHS)  # noqa: PLR2004
_DATE = re.compile(
    r"(?<!\bto )(?:"  # the end of a span
    r"(?<!\d)(?P<y1>\d{4})-(?P<m1>\d{1,2})-(?P<d1>\d{1,2})(?!\d)"
    rf"|\b(?P<m2>{_MONTH})\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{{4}})\b"
    rf"|\b(?P<d3>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<m3>{_MONTH})\.?,?\s+(?P<y3>\d{{4}})\b)",
    re.ASCII | re.IGNORECASE,
)
# What Markdown itself writes with letters or digits, and does not print.
_LIST_NUMBER = re.compile(r"^([ \t>*+-]*)\d{1,9}[.)](?=[ \t\n])", re.MULTILINE)
_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.){1,999})\](:?)", re.DOTALL)
_NOTE = re.compile(r"^\[\^[^\]\s]+\]:", re.MULTILINE)
_FENCE = re.compile(r"^([ \t>]*)(```+|~~~+).*$", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """A converted file. `source` is its text as it was, `markdown` without front matter; `body` has no title."""

    title: str
    body: Body
    source: str
    front_matter: dict[str, str]
    markdown: str


def decode(content: bytes) -> str:
    """Read the bytes of a file as text: UTF-8, with or without a byte order mark."""
    if content.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        raise TextRefusedError(_("it is not UTF-8 but UTF-16; save it as UTF-8"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextRefusedError(_("it is not UTF-8 (byte %(place)d)"), place=error.start) from None
    return tidy(text)


def tidy(text: str) -> str:
    """Give a text the line ends that parsers know; refuse characters that are no text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    refuse_characters(text)
    return text


def convert(text: str, *, fallback_title: str) -> Document:
    front_matter, markdown = _split(text)
    markdown_limits.refuse_text(markdown)
    parser = _parser()
    references: dict[str, Any] = {}
    try:
        tokens = parser.parse(markdown, references)
        markdown_limits.refuse_tokens(tokens)
        _refuse_notes(tokens, references.get("references", {}))
        heading, kept = _without_title(tokens)
        markup = re.sub(r"(?i)(</?)h1\b", r"\1h2", parser.renderer.render(kept, parser.options, references))
    except RecursionError:
        raise TextRefusedError(_("it is nested too deeply")) from None
    title = " ".join((heading or front_matter.get("title") or fallback_title).split())
    if len(title) > TITLE_LENGTH:
        raise TextRefusedError(_("its title is longer than 255 characters"))
    shown = words_of_markup(markup)  # before all else: it refuses what cannot be cleaned
    markup = _images_as_words(markup)
    refuse_characters(clean_html(markup))  # they may be written as entities
    body = canonical_body(markup)
    refuse_losses(_source_words(markdown, references.get("references", {})), count_words(_token_text(tokens)))
    refuse_losses(shown, count_words(body.text))
    if not body.text:
        raise TextRefusedError(_("it holds no text"))
    return Document(title=title, body=body, source=text, front_matter=front_matter, markdown=markdown)


def date_of(name: str, document: Document) -> tuple[date, int]:
    """Return from which day a file holds, and which file of that day it is."""
    name = name.rsplit(".", 1)[0]
    named, front_matter = _only_date(name), document.front_matter
    stated = _only_date(front_matter.get("date", ""), is_stated="date" in front_matter)
    if named and stated and stated != named:
        words = _("its name says %(named)s, its front matter %(stated)s")
        raise TextRefusedError(words, named=named, stated=stated)
    lines = document.markdown.strip().splitlines()[:_LINES_WITH_DATE]
    if found := named or stated or _only_date("\n".join(lines)):
        place = _PLACE.search(name)
        return found, int(place[1][:9]) if place else 1
    raise TextRefusedError(_("neither its name, nor its front matter, nor its first ten lines name a date"))


def _only_date(text: str, *, is_stated: bool = False) -> date | None:
    """Return the date that a text names. Where it is stated as the date, it must be there, and once."""
    dates = [_date(match) for match in _DATE.finditer(text)]
    if is_stated and len(dates) != 1:
        raise TextRefusedError(_("the date in its front matter is not one date such as “date: 2018-02-01”"))
    if len({*dates}) > 1:
        words = _("it names several dates, %(one)s and %(other)s; name it by the one from which it holds")
        raise TextRefusedError(words, one=min(dates), other=max(dates))
    return dates[0] if dates else None


def _date(match: re.Match[str]) -> date:
    number = next(n for n in "123" if match[f"y{n}"])
    year, month, day = (match[f"{part}{number}"] for part in "ymd")
    if not month.isdigit():
        month = str(1 + next(i for i, name in enumerate(_MONTHS) if name.startswith(month.lower()[:3])))
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise TextRefusedError(_("the date %(date)s does not exist"), date=f"{year}-{month}-{day}") from None


def _split(text: str) -> tuple[dict[str, str], str]:
    """Part front matter from a text. A text may begin with a rule too: refuse what may be either."""
    match = _FRONT_MATTER.match(text)
    lines = (match[1] or "") if match else ""
    entries: defaultdict[str, list[str]] = defaultdict(list)
    for indent, key, value in _ENTRY.findall(lines):
        # The date of something else in there is not that of the text, and is not passed over either.
        entries[key.lower()].append("" if indent else value.strip().strip("\"'"))
    if match is None or not entries:
        return {}, text
    if _ENTRY.sub("", lines).strip() or entries.keys().isdisjoint({"title", "date"}):
        raise TextRefusedError(_("its first lines, between ---, are neither text nor front matter alone"))
    return {key: " ".join(filter(None, values)) for key, values in entries.items()}, text[match.end() :]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_DEPTH}).enable("table")
    markdown_limits.limit_tables(parser)
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]  # its way to keep a URL as it is, for cleaning
    parser.add_render_rule("image", _image_as_words)
    return parser


def _image_as_words(_self: object, tokens: Sequence[Token], index: int, *_rest: object) -> str:
    # A policy holds words only. A picture's description is words.
    return escape(tokens[index].content)


def _images_as_words(html: str) -> str:
    """Keep the words of pictures that are written as HTML, as of those in Markdown."""
    if "<img" not in html.lower():
        return html
    root = parse_untrusted(html)
    for image in list(root.iter("img")):
        image.tail = image.get("alt", "") + (image.tail or "")
        image.drop_tree()
    return inner_html(root)


def _refuse_notes(tokens: Iterable[Token], references: Iterable[str]) -> None:
    """Refuse footnotes. They are no part of plain Markdown: their marks would stand in the text, or become links."""
    is_written = any(token.type == "inline" and _NOTE.search(token.content) for token in tokens)
    if is_written or any(name.startswith("^") for name in references):
        raise TextRefusedError(_("it has footnotes such as [^1]; write their words into the text"))


def _without_title(tokens: list[Token]) -> tuple[str, list[Token]]:
    """Take the first top heading out of the text: the page shows it as its title."""
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h1" and token.level == 0:
            words = "".join(_shown(child) for child in tokens[index + 1].children or [])
            if words.strip():
                return words, tokens[:index] + tokens[index + 3 :]
    return "", tokens


def _shown(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    return "" if token.type == "html_inline" else token.content


def _source_words(body: str, references: dict[str, Any]) -> Counter[str]:
    """Count the words that a file's text must still have once it was parsed."""
    text = _FENCE.sub(r"\1", _LIST_NUMBER.sub(r"\1", body))
    unprinted: Counter[str] = Counter()
    for match in _LABEL.finditer(text):
        # A definition and the label of each use are not printed; its URL is, at each use.
        is_definition_or_use = match[2] or text[match.start() - 1 : match.start()] == "]"
        if is_definition_or_use and normalizeReference(match[1]) in references:
            unprinted.update(count_words(match[1]))
    for reference in references.values():
        unprinted.update(count_words(unescape(f"{reference.get('href')} {reference.get('title') or ''}")))
    return count_words(unescape(text)) - unprinted


def _token_text(tokens: Iterable[Token]) -> str:
    """Return all that the parser kept: text, code, markup, URLs."""
    return "\n".join(
        line
        for token in markdown_limits.pieces(tokens)
        for line in (unescape(token.content), *map(str, token.attrs.values()))
    )
