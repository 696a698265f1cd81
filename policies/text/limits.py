"""The limits of what can become the text of a policy: its size, its shape, its characters.

Markup that no parser reads whole, or only in a very long time, is refused before anything is tried with it. A small
file can stand for a large text, so what it would become counts as well as what it is; real texts are far below each
limit. It changes and stores nothing.
"""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from lxml import etree

from policies.text import markup, parsing

MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_LENGTH = 10_000_000  # characters, once references, notes and attributes stand wherever they are shown
MAX_DEPTH = 100  # parsers drop what is nested some 250 deep
MAX_ATTRIBUTES = 100  # of a tag: readers take far too long over more
FREE_ATTRIBUTES = 50  # characters of attributes that may stand around any number of words

# Readers take far too long over a tag with very many attributes. Read as browsers do, in one pass (possessive).
_LONG_TAG = re.compile(
    r"""<[a-zA-Z][^\s/>]*+(?:[\s/]*+(?:[^\s/>=][^\s/>=]*+|=[^\s/>=]*+)"""
    r"""(?:\s*+=\s*+(?:"[^"]*+"?+|'[^']*+'?+|[^\s>"'][^\s>]*+)?+)?+)"""
    rf"{{{MAX_ATTRIBUTES + 1}}}"
)
# Letters that show in another order than they are written, or not at all, let people read what the record does not say
# (“Trojan Source”). Right-to-left text needs none of these: it has its own direction, marks and isolates.
# It may have isolates, so this is not what `home.characters` refuses.
_MISLEADING = re.compile(rf"{parsing.CONTROL_CHARACTERS.pattern}|[\u202a-\u202e\U000e0000-\U000e007f]")


class TextRefusedError(Exception):
    """A text cannot be taken whole. The message says why, to follow “file: ”; `values` are put into it."""

    def __init__(self, reason: str | Promise, **values: object) -> None:
        super().__init__(str(reason) % values if values else reason)


def refuse_file(size: int) -> None:
    """Refuse a file of too many bytes."""
    if size > MAX_FILE_BYTES:
        raise TextRefusedError(_("it is larger than %(most)d MB"), most=MAX_FILE_BYTES // 1024**2)


def refuse_length(length: int) -> None:
    """Refuse a text that would become too long."""
    if length > MAX_LENGTH:
        words = _("written out, it would have more than %(most)d characters: it repeats long URLs or notes")
        raise TextRefusedError(words, most=MAX_LENGTH)


def misleading(text: str) -> str:
    """Return why a text lets people read what it does not say; empty if it does not."""
    if found := _MISLEADING.search(text):
        words = _(
            "it holds the control character %(name)s: it may hide letters, or show them in another order"
        )
        return words % {"name": f"U+{ord(found[0]):04X}"}
    is_hidden = text.strip() and all(unicodedata.category(character)[0] in "CZ" for character in text)
    return _("nothing of it can be seen") if is_hidden else ""


def refuse_characters(text: str) -> None:
    """Refuse control characters, and characters that let a text read as another one."""
    if reason := misleading(text):
        raise TextRefusedError(reason)


def validate_characters(value: object) -> None:
    """Refuse them in the field of a form."""
    if reason := misleading(str(value)):
        raise ValidationError(_("This cannot be saved: %(reason)s."), params={"reason": reason})


def refuse_unreadable(html: str) -> None:
    """Refuse markup that a parser would not read whole, or not in time."""
    if _LONG_TAG.search(html):
        raise TextRefusedError(_("it has a tag with more than %(most)d attributes"), most=MAX_ATTRIBUTES)
    html = html.lower()
    if (start := html.rfind("<!--")) >= 0 and html.find("-->", start) < 0:
        raise TextRefusedError(_("its comment is never closed and would swallow the rest"))
    for tag in markup.DROPPED_WITH_CONTENT:
        start = html.rfind(f"<{tag}")
        if tag != "embed" and start >= 0 and html.find(f"</{tag}", start) < 0:
            raise TextRefusedError(_("its <%(tag)s> is never closed and would swallow the rest"), tag=tag)


def refuse_depth(root: etree._Element) -> None:
    """Refuse markup that is nested so deeply that parsers drop some of it."""
    depth = 0
    for event, _element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise TextRefusedError(_("it is nested too deeply"))


def refuse_repetition(root: etree._Element) -> None:
    """Refuse long attributes around much text.

    Parsers write formatting anew in each block inside of it, and a redline writes a link anew around each word that
    changed. So an attribute counts once for each of them.
    """
    length = inline = blocks = tags = 0  # of what is open
    for event, element in etree.iterwalk(root, events=("start", "end")):
        is_block = element.tag in markup.BLOCK_TAGS
        sign = 1 if event == "start" else -1
        if event == "start":
            length += max(inline - FREE_ATTRIBUTES, 0) + (tags + blocks if is_block else 0)
        if is_block:
            blocks += sign * _length_of_attributes(element)
        else:
            inline += sign * _length_of_attributes(element)
            tags += sign * len(f"<{element.tag}></{element.tag}>")
        text = element.text if event == "start" else element.tail
        if text and inline > FREE_ATTRIBUTES:
            length += (inline - FREE_ATTRIBUTES) * (1 + sum(map(text.count, parsing.SPACE)))
        refuse_length(length)


def _length_of_attributes(element: etree._Element) -> int:
    kept = markup.ALLOWED_ATTRIBUTES["*"] | markup.ALLOWED_ATTRIBUTES.get(element.tag, set())
    return sum(len(name) + len(value) for name, value in element.items() if name in kept)
