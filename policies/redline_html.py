"""Reads canonical markup into lines for the redline, and writes lines with marks back as well-formed markup.

A line is a run of words directly inside a block, with the blocks around it; inline formatting belongs to the words.
`ins` and `del` are only ever written around words inside a block, never around blocks, so that lists and tables stay
valid. It compares nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from html import escape
from typing import NamedTuple

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from lxml import etree

from policies import cleaning

Attributes = tuple[tuple[str, str], ...]
Formatting = tuple[tuple[str, Attributes], ...]

BREAK = "\x00"  # stands for `br` in a run's text; NUL cannot occur in a parsed document
_SPACE = " \t\n\r\f"  # HTML's white space: a no-break space is part of a word
_SPACES = re.compile(f"[{_SPACE}]+")
_TOKEN = re.compile(f"([{_SPACE}]*)({BREAK}|[^{_SPACE}{BREAK}]+)")
_VOID_BLOCKS = frozenset({"hr"})
_SKIPPED = frozenset({"col", "colgroup"})
# A redline has its own `ins` and `del`; those of the text are shown as what they look like.
_OWN_MARKS = {"ins": "u", "del": "s"}
_OUR_ID = re.compile(r"change-\d+")


class Kind(StrEnum):
    """What became of a piece of text."""

    KEPT = "kept"
    DELETED = "del"
    INSERTED = "ins"


class Token(NamedTuple):
    """A word (or a part of one, where formatting changes inside it), with the white space before it."""

    space: str
    formatting: Formatting
    text: str


class Run(NamedTuple):
    """A stretch of text with one formatting."""

    formatting: Formatting
    text: str


class Segment(NamedTuple):
    """A stretch of a line that was kept, deleted or inserted."""

    kind: Kind
    tokens: list[Token]


class Change(NamedTuple):
    """An entry of the list of changes: anchor, and what happened in a few words."""

    id: str
    label: str


@dataclass(frozen=True, eq=False)
class Block:
    """A block element. Two are the same only if they are the same object."""

    tag: str
    attributes: Attributes


@dataclass(frozen=True, eq=False)
class Line:
    """Words directly inside a block; the innermost block is last in `path`. Without runs: an empty block."""

    path: tuple[Block, ...]
    runs: tuple[Run, ...]

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The names of the blocks around it."""
        return tuple(block.tag for block in self.path)

    @cached_property
    def key(self) -> tuple[tuple[str, ...], tuple[Run, ...]]:
        """What makes two lines equal."""
        return self.tags, self.runs

    def tokens(self) -> list[Token]:
        """Cut the line into words. The first has a space before it, wherever it stood."""
        tokens: list[Token] = []
        pending = ""
        for formatting, text in self.runs:
            first = len(tokens)
            tokens += [Token(space, formatting, word) for space, word in _TOKEN.findall(text)]
            if first < len(tokens):
                tokens[first] = tokens[first]._replace(space=pending + tokens[first].space)
                pending = ""
            pending += text[len(text.rstrip(_SPACE)) :]
        return [tokens[0]._replace(space=" "), *tokens[1:]] if tokens else []

    def words(self) -> frozenset[str]:
        """The different words of the line, for a rough measure of likeness."""
        return frozenset("".join(run.text for run in self.runs).replace(BREAK, " ").split())


def read(html: str) -> list[Line]:
    """Cut canonical markup into lines."""
    return _Reader().read(cleaning.parse(html))


class _Reader:
    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.path: list[Block] = []
        self.formatting: list[tuple[str, Attributes]] = []
        self.runs: list[Run] = []
        self.lines_before: list[int] = []  # for each open block: how many lines there were when it opened

    def read(self, root: etree._Element) -> list[Line]:
        # Iterative, so that deep nesting needs no deep stack.
        for event, node in etree.iterwalk(root, events=("start", "end")):
            if node is root:
                self._text(node.text if event == "start" else "")
            elif event == "start":
                self._start(node)
            else:
                self._end(node)
        self._flush()
        return self.lines

    def _start(self, node: etree._Element) -> None:
        if node.tag in cleaning.BLOCK_TAGS:
            self._flush()
            self.path.append(Block(node.tag, tuple(node.items())))
            self.lines_before.append(len(self.lines))
        elif node.tag == "br":
            self._text(BREAK)
        elif node.tag not in _SKIPPED:
            self.formatting.append((_OWN_MARKS.get(node.tag, node.tag), tuple(node.items())))
        self._text(node.text)

    def _end(self, node: etree._Element) -> None:
        if node.tag in cleaning.BLOCK_TAGS:
            self._flush()
            if self.lines_before.pop() == len(self.lines):
                self.lines.append(Line(tuple(self.path), ()))
            self.path.pop()
        elif node.tag != "br" and node.tag not in _SKIPPED:
            self.formatting.pop()
        self._text(node.tail)

    def _text(self, text: str | None) -> None:
        if not text:
            return
        formatting = tuple(self.formatting)
        if self.runs and self.runs[-1].formatting == formatting:
            text = self.runs.pop().text + text
        self.runs.append(Run(formatting, text))

    def _flush(self) -> None:
        runs, self.runs = self.runs, []
        keeps_space = any(block.tag == "pre" for block in self.path)
        line = tuple(_without_outer_space(runs if keeps_space else _collapsed(runs)))
        if line:
            self.lines.append(Line(tuple(self.path), line))


def _collapsed(runs: Iterable[Run]) -> list[Run]:
    """Write each stretch of white space as one space, also across runs."""
    found: list[Run] = []
    after_space = True
    for run in runs:
        text = _SPACES.sub(" ", run.text)
        if after_space:
            text = text.removeprefix(" ")
        if text:
            after_space = text.endswith(" ")
            found.append(Run(run.formatting, text))
    return found


def _without_outer_space(runs: list[Run]) -> Iterator[Run]:
    """Drop white space at the end of a line, and lines of nothing else."""
    while runs and not runs[-1].text.rstrip(_SPACE):
        runs.pop()
    for index, run in enumerate(runs):
        yield Run(run.formatting, run.text.rstrip(_SPACE)) if index == len(runs) - 1 else run


def _hidden_words() -> dict[Kind, tuple[str, str]]:
    """What a screen reader says at the two ends of a mark, as most do not announce the elements themselves."""
    return {
        Kind.INSERTED: (_hidden(_("[added:")), _hidden(_("end of added text]"))),
        Kind.DELETED: (_hidden(_("[removed:")), _hidden(_("end of removed text]"))),
    }


def _hidden(words: str) -> str:
    return f'<span class="visually-hidden"> {escape(words)} </span>'


@dataclass
class Writer:
    """Writes lines in order, opening and closing blocks as their paths ask."""

    new_blocks: set[Block]
    words: Counter[Kind] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _open: list[Block] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)
    _change: dict[Kind, list[str]] = field(default_factory=dict)  # the words of the change being written
    _hidden: dict[Kind, tuple[str, str]] = field(default_factory=_hidden_words)

    def write_kept(self, line: Line) -> None:
        """Write a line that is the same in both texts."""
        self._close_change()
        self._move_to(line.path)
        self._parts.append(self._inline(line.runs))

    def write(self, path: tuple[Block, ...], segments: Iterable[Segment]) -> None:
        """Write a line with marks."""
        self._move_to(path)
        for kind, tokens in _from_line_start(segments):
            if kind is Kind.KEPT:
                self._close_change()
                self._parts.append(self._inline(_as_runs(tokens)))
            else:
                self._mark(kind, tokens)

    def finish(self) -> str:
        """Close everything and return the markup."""
        self._close_change()
        self._move_to(())
        return "".join(self._parts).strip()

    def _mark(self, kind: Kind, tokens: list[Token]) -> None:
        text = "".join(token.space + token.text for token in tokens).replace(BREAK, " ").strip()
        self.words[kind] += len(text.split())
        anchor = "" if self._change else f' id="change-{len(self.changes) + 1}"'
        self._change.setdefault(kind, []).append(text)
        start, end = self._hidden[kind]
        self._parts.append(f"<{kind}{anchor}>{start}{self._inline(_as_runs(tokens))}{end}</{kind}>")

    def _close_change(self) -> None:
        if self._change:
            label = _label(self._change.get(Kind.DELETED, []), self._change.get(Kind.INSERTED, []))
            self.changes.append(Change(f"change-{len(self.changes) + 1}", label))
            self._change = {}

    def _move_to(self, path: tuple[Block, ...]) -> None:
        shared = 0
        while shared < min(len(path), len(self._open)) and path[shared] is self._open[shared]:
            shared += 1
        if shared == len(path) == len(self._open):
            self._parts.append("\n")  # two lines of one block do not touch
        for block in reversed(self._open[shared:]):
            self._parts.append("" if block.tag in _VOID_BLOCKS else f"</{block.tag}>")
        for block in path[shared:]:
            self._parts.append(self._tag(block.tag, block.attributes, keeps_id=block in self.new_blocks))
        self._open = list(path)

    def _inline(self, runs: Iterable[Run]) -> str:
        parts: list[str] = []
        opened: Formatting = ()
        for formatting, text in runs:
            parts.append(self._reformat(opened, formatting))
            parts.append(escape(text, quote=False).replace(BREAK, "<br>"))
            opened = formatting
        parts.append(self._reformat(opened, ()))
        return "".join(parts)

    def _reformat(self, before: Formatting, after: Formatting) -> str:
        shared = 0
        while shared < min(len(before), len(after)) and before[shared] == after[shared]:
            shared += 1
        closing = [f"</{tag}>" for tag, _attributes in reversed(before[shared:])]
        return "".join([*closing, *(self._tag(tag, attributes) for tag, attributes in after[shared:])])

    def _tag(self, tag: str, attributes: Attributes, *, keeps_id: bool = True) -> str:
        kept = [
            (name, value) for name, value in attributes if name != "id" or (keeps_id and self._is_free(value))
        ]
        return "".join([f"<{tag}", *(f' {name}="{escape(value)}"' for name, value in kept), ">"])

    def _is_free(self, anchor: str) -> bool:
        if anchor in self._ids or _OUR_ID.fullmatch(anchor):
            return False
        self._ids.add(anchor)
        return True


def _from_line_start(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Leave out empty segments, and the space before the first word."""
    filled = [segment for segment in segments if segment.tokens]
    for index, (kind, tokens) in enumerate(filled):
        yield Segment(kind, tokens if index else [tokens[0]._replace(space=""), *tokens[1:]])


def _as_runs(tokens: Iterable[Token]) -> Iterator[Run]:
    """Join words of one formatting; the space between two formattings belongs to neither."""
    formatting: Formatting = ()
    text: list[str] = []
    for token in tokens:
        if token.formatting != formatting:
            yield Run(formatting, "".join(text))
            shared = _shared(formatting, token.formatting)
            yield Run(shared, token.space)
            formatting, text = token.formatting, [token.text]
        else:
            text += [token.space, token.text]
    yield Run(formatting, "".join(text))


def _shared(before: Formatting, after: Formatting) -> Formatting:
    length = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    return before[: min(len(before), len(after))] if length is None else before[:length]


def _label(removed: list[str], added: list[str]) -> str:
    old, new = _short(" ".join(removed)), _short(" ".join(added))
    if not removed:
        return _("Added: “%(new)s”") % {"new": new}
    if not added:
        return _("Removed: “%(old)s”") % {"old": old}
    if old == new:
        return _("Formatting or link of “%(new)s”") % {"new": new}
    return _("“%(old)s” became “%(new)s”") % {"old": old, "new": new}


def _short(text: str) -> str:
    return Truncator(text).words(10, truncate=" …")
