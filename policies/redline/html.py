"""Reads canonical markup into lines for the redline, and writes lines with marks back as well-formed markup.

A line is a run of words directly inside a block, with the blocks around it; inline formatting belongs to the words.
`ins` and `del` are only ever written around words inside a block, never around blocks, so that lists and tables stay
valid. It compares nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape, unescape
from typing import NamedTuple

from django.utils.translation import gettext as _
from lxml import etree

from policies.text import markup

Attributes = tuple[tuple[str, str], ...]
Formatting = tuple[tuple[str, Attributes], ...]

BREAK = "<br>"  # as it stands in the text of a run, where every other `<` is escaped
SPACE = " \t\n\r\f"  # HTML's white space: a no-break space is part of a word
_OTHER_SPACE = SPACE.replace(" ", "")
_VOID_BLOCKS = frozenset({"hr"})
_SKIPPED = frozenset({"html", "body", "col", "colgroup"})
# A redline has its own `ins` and `del`; those of the text are shown as what they look like.
_OWN_MARKS = {"ins": "u", "del": "s"}
_WORDS_OF_A_LABEL = 10
_OUR_ID = re.compile(r"change-\d+")


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

    def plain_words(self) -> list[str]:
        """Return its words without markup."""
        return _plain("".join([text for _formatting, text in self.words])).split()

    def without_space(self) -> "Segment":
        """Leave out the space before the first word."""
        (formatting, text), *others = self.words
        return Segment(self.kind, [(formatting, text.lstrip(SPACE)), *others])


class Change(NamedTuple):
    """An entry of the list of changes: anchor, and what happened in a few words."""

    id: str
    label: str


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


def _hidden_words() -> dict[Kind, tuple[str, str]]:
    """What a screen reader says at the two ends of a mark, as most do not announce the elements themselves."""
    return {
        Kind.INSERTED: (_hidden(_("[added:")), _hidden(_("end of added text]"))),
        Kind.DELETED: (_hidden(_("[removed:")), _hidden(_("end of removed text]"))),
    }


def _hidden(words: str) -> str:
    return f'<span class="visually-hidden"> {escape(words)} </span>'


def _labels() -> dict[tuple[bool, bool], str]:
    """Return what the list of changes says of words that were removed, added, both; of neither: they only look new."""
    return {
        (True, False): _("Removed: “%(old)s”"),
        (False, True): _("Added: “%(new)s”"),
        (True, True): _("“%(old)s” became “%(new)s”"),
        (False, False): _("Formatting or link of “%(new)s”"),
    }


@dataclass
class Writer:
    """Writes lines in order, opening and closing blocks as their paths ask."""

    new_blocks: set[Block]
    words: Counter[Kind] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _open: tuple[Block, ...] = ()
    _ids: set[str] = field(default_factory=set)
    _change: dict[Kind, list[str]] = field(default_factory=dict)  # the words of the change being written
    _hidden: dict[Kind, tuple[str, str]] = field(default_factory=_hidden_words)
    # Translated once a redline: looking words up costs more than the rest.
    _labels: dict[tuple[bool, bool], str] = field(default_factory=_labels)

    def write_kept(self, line: Line) -> None:
        """Write a line that is the same in both texts."""
        self._move_to(line.path)
        self._keep(line.runs)

    def write(self, path: tuple[Block, ...], segments: Iterable[Segment]) -> None:
        """Write a line with marks."""
        self._move_to(path)
        filled = [segment for segment in segments if segment.words]
        filled[:1] = [segment.without_space() for segment in filled[:1]]
        for segment in filled:
            if segment.kind is Kind.KEPT:
                self._keep(segment.words)
            else:
                self._mark(segment)

    def finish(self) -> str:
        """Close everything and return the markup."""
        self._close_change()
        self._move_to(())
        return "".join(self._parts).strip()

    def _keep(self, words: Sequence[Run]) -> None:
        self._close_change()
        self._parts += self._inline(words)

    def _mark(self, segment: Segment) -> None:
        kind, words = segment
        plain = segment.plain_words()
        self.words[kind] += len(plain)
        anchor = "" if self._change else f' id="change-{len(self.changes) + 1}"'
        self._change.setdefault(kind, []).extend(plain)
        start, end = self._hidden[kind]
        self._parts += [f"<{kind}{anchor}>{start}", *self._inline(words), f"{end}</{kind}>"]

    def _close_change(self) -> None:
        if self._change:
            old, new = self._change.get(Kind.DELETED, []), self._change.get(Kind.INSERTED, [])
            label = self._labels[old != new and bool(old), old != new and bool(new)]
            label %= {"old": _short(old), "new": _short(new)}
            self.changes.append(Change(f"change-{len(self.changes) + 1}", label))
            self._change = {}

    def _move_to(self, path: tuple[Block, ...]) -> None:
        shared = _shared_length(self._open, path)
        if shared == len(path) == len(self._open):
            self._parts.append("\n")  # two lines of one block do not touch
        for block in reversed(self._open[shared:]):
            if block.tag not in _VOID_BLOCKS:
                self._parts.append(f"</{block.tag}>")
        for block in path[shared:]:
            self._parts.append(self._tag(block.tag, block.attributes, keeps_id=block in self.new_blocks))
        self._open = path

    def _inline(self, words: Iterable[Run]) -> list[str]:
        parts: list[str] = []
        opened: Formatting = ()
        for formatting, text in words:
            if formatting == opened:
                parts.append(text)
            else:
                # The space between two formattings belongs to neither.
                bare = text.lstrip(SPACE)
                parts += self._reformat(opened, formatting, text[: len(text) - len(bare)])
                parts.append(bare)
                opened = formatting
        if opened:
            parts += self._reformat(opened, ())
        return parts

    def _reformat(self, before: Formatting, after: Formatting, between: str = "") -> list[str]:
        shared = _shared_length(before, after)
        closing = [f"</{tag}>" for tag, _attributes in reversed(before[shared:])]
        return [*closing, between, *(self._tag(tag, attributes) for tag, attributes in after[shared:])]

    def _tag(self, tag: str, attributes: Attributes, *, keeps_id: bool = True) -> str:
        if not attributes:
            return f"<{tag}>"
        kept = [
            (name, value) for name, value in attributes if name != "id" or (keeps_id and self._is_free(value))
        ]
        return "".join([f"<{tag}", *(f' {name}="{escape(value)}"' for name, value in kept), ">"])

    def _is_free(self, anchor: str) -> bool:
        if anchor in self._ids or _OUR_ID.fullmatch(anchor):
            return False
        self._ids.add(anchor)
        return True


def _plain(text: str) -> str:
    return unescape(text.replace(BREAK, " ")) if "<" in text or "&" in text else text


def _shared_length(before: Sequence[object], after: Sequence[object]) -> int:
    differing = (i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1])
    return next(differing, min(len(before), len(after)))


def _short(words: list[str]) -> str:
    more = " …" if len(words) > _WORDS_OF_A_LABEL else ""
    return " ".join(words[:_WORDS_OF_A_LABEL]) + more
