"""Writes the lines of a redline, with marks, as well-formed markup, and lists the changes in it.

`ins` and `del` are only ever written around words inside a block, never around blocks, so that lists and tables stay
valid. It compares nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

from django.utils.translation import gettext as _

from policies.redline.reader import SPACE, Attributes, Block, Formatting, Kind, Line, Run, Segment

_VOID_BLOCKS = frozenset({"hr"})
_WORDS_OF_A_LABEL = 10
_OUR_ID = re.compile(r"change-\d+")


class Change(NamedTuple):
    """An entry of the list of changes: anchor, and what happened in a few words."""

    id: str
    label: str


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


def _shared_length(before: Sequence[object], after: Sequence[object]) -> int:
    differing = (i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1])
    return next(differing, min(len(before), len(after)))


def _short(words: list[str]) -> str:
    more = " …" if len(words) > _WORDS_OF_A_LABEL else ""
    return " ".join(words[:_WORDS_OF_A_LABEL]) + more
