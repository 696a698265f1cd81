"""Reads canonical markup into lines for the redline.

A line is a run of words directly inside a block, with the blocks around it; inline formatting belongs to the words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape, unescape
from typing import NamedTuple

from lxml import etree

from policies.text import markup
from policies.text.headings import HEADINGS
from policies.text.parsing import SPACE

Attributes = tuple[tuple[str, str], ...]
Formatting = tuple[tuple[str, Attributes], ...]

BREAK = "<br>"  # as it stands in the text of a run, where every other `<` is escaped
_OTHER_SPACE = SPACE.replace(" ", "")
_HEADINGS = frozenset((tag,) for tag in HEADINGS)
_SKIPPED = frozenset({"html", "body", "col", "colgroup"})
# A redline has its own `ins` and `del`; those of the text are shown as what they look like.
_OWN_MARKS = {"ins": "u", "del": "s"}


class Kind(StrEnum):
    """What became of a piece of text."""

    KEPT = "kept"
    DELETED = "del"
    INSERTED = "ins"


# A stretch of text with one formatting. Plain tuples, as a redline handles thousands; the text is markup already
# (`&amp;`), so that it is escaped once.
Run = tuple[Formatting, str]
Runs = tuple[Run, ...]


class Segment(NamedTuple):
    """A stretch of a line that was kept, deleted or inserted."""

    kind: Kind
    words: Sequence[Run]

    def without_space(self) -> "Segment":
        """Leave out the space before the first word."""
        (formatting, text), *others = self.words
        return Segment(self.kind, [(formatting, text.lstrip(SPACE)), *others])


@dataclass(eq=False, slots=True)
class Block:
    """A block element. Two are the same only if they are the same object."""

    tag: str
    attributes: Attributes


@dataclass(eq=False, slots=True)
class Line:
    """Words directly inside a block; the innermost block is last in `path`. Without runs: an empty block."""

    path: tuple[Block, ...]
    tags: tuple[str, ...]  # the names of the blocks of its path
    runs: Runs

    @property
    def key(self) -> tuple[tuple[str, ...], Runs]:
        """What makes two lines equal."""
        return self.tags, self.runs

    @property
    def is_heading(self) -> bool:
        return self.tags[-1:] in _HEADINGS

    @property
    def text(self) -> str:
        """Its words without markup."""
        return " ".join(plain_text(self.runs).split())

    @property
    def keeps_space(self) -> bool:
        """Whether its white space is a part of what it says."""
        return "pre" in self.tags

    def words(self) -> frozenset[str]:
        """The different words of the line, for a rough measure of likeness."""
        return frozenset("".join([text for _formatting, text in self.runs]).replace(BREAK, " ").split())


def read(html: str) -> list[Line]:
    """Cut canonical markup into lines."""
    # No tree is built: making its elements would cost more than all the rest of the reading.
    parser = etree.HTMLParser(target=_Reader(), huge_tree=True)
    return etree.HTML(f"<html><body>{html}</body></html>", parser)


class _Reader:
    """What the parser reports to, as lxml calls it: `start`, `end`, `data` and at last `close`."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.path: tuple[Block, ...] = ()
        self.tags: tuple[str, ...] = ()
        self.formatting: Formatting = ()
        self.runs: list[tuple[Formatting, list[str]]] = []  # in pieces, as the parser stops at each entity
        self.lines_before: list[int] = []  # for each open block: how many lines there were when it opened

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in markup.BLOCK_TAGS:
            self._flush()
            self.path = (*self.path, Block(tag, tuple(attributes.items())))
            self.tags = (*self.tags, tag)
            self.lines_before.append(len(self.lines))
        elif tag == "br":
            self._text(BREAK)
        elif tag not in _SKIPPED:
            self.formatting = (*self.formatting, (_OWN_MARKS.get(tag, tag), tuple(attributes.items())))

    def end(self, tag: str) -> None:
        if tag in markup.BLOCK_TAGS:
            self._flush()
            if self.lines_before.pop() == len(self.lines):
                self.lines.append(Line(self.path, self.tags, ()))
            self.path, self.tags = self.path[:-1], self.tags[:-1]
        elif tag != "br" and tag not in _SKIPPED:
            self.formatting = self.formatting[:-1]

    def data(self, text: str) -> None:
        self._text(escape(text, quote=False))

    def close(self) -> list[Line]:
        self._flush()
        return self.lines

    def _text(self, text: str) -> None:
        if not self.runs:
            # Most white space stands between blocks and begins no line.
            if "pre" not in self.tags and not (text := text.lstrip(SPACE)):
                return
        elif self.runs[-1][0] == self.formatting:
            self.runs[-1][1].append(text)
            return
        self.runs.append((self.formatting, [text]))

    def _flush(self) -> None:
        if not self.runs:
            return
        runs = [(formatting, "".join(pieces)) for formatting, pieces in self.runs]
        self.runs = []
        if "pre" not in self.tags:
            runs = _collapsed(runs)
        if line := _without_outer_space(runs):
            self.lines.append(Line(self.path, self.tags, line))


def _collapsed(runs: Iterable[Run]) -> list[Run]:
    """Write each stretch of white space as one space, also across runs."""
    found: list[Run] = []
    after_space = True
    for formatting, raw in runs:
        text = _single_spaced(raw)
        if after_space:
            text = text.removeprefix(" ")
        if text:
            after_space = text.endswith(" ")
            found.append((formatting, text))
    return found


def _single_spaced(text: str) -> str:
    # Several times as fast as a pattern, which would stop at each space.
    if not text.isprintable():
        for space in _OTHER_SPACE:
            text = text.replace(space, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def _without_outer_space(runs: list[Run]) -> Runs:
    """Drop white space at the end of a line, and lines of nothing else."""
    while runs:
        formatting, text = runs.pop()
        if text := text.rstrip(SPACE):
            return (*runs, (formatting, text))
    return ()


def letters(runs: Iterable[Run]) -> int:
    """Count the letters of runs."""
    return sum([len(text) for _formatting, text in runs])


def links(runs: Iterable[Run]) -> set[tuple[str, str]]:
    """Return the links in runs: words and URL of each."""
    attributes = ((text, pair) for formatting, text in runs for _tag, pairs in formatting for pair in pairs)
    return {(text.strip(SPACE), value) for text, (name, value) in attributes if name == "href"}


def plain_text(runs: Iterable[Run]) -> str:
    """Return the words of runs without markup, spaced as they are."""
    text = "".join([text for _formatting, text in runs])
    return unescape(text.replace(BREAK, " ")) if "<" in text or "&" in text else text
