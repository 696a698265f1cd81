"""Writes the lines of a redline, with marks, as well-formed markup, and lists the changes in it.

`ins` and `del` are only ever written around words inside a block, never around blocks, so that lists and tables stay
valid. What the redline itself says stands in elements of the classes `visually-hidden` (for screen readers) and
`redline-note` (for all): no text can have these. It compares nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from html import escape, unescape
from typing import NamedTuple

from django.utils.translation import gettext as _

from policies.redline.moves import Move
from policies.redline.reader import BREAK, Attributes, Block, Formatting, Kind, Line, Run, Segment, plain_text
from policies.text.parsing import SPACE
from policies.text.quotes import isolated

_VOID_BLOCKS = frozenset({"hr"})
_WORDS_OF_A_LABEL = 10
_WORDS_AROUND = 8
_OUR_ID = re.compile(r"change-\d+|moved-\d+-(?:old|new)")
_TAG = re.compile("<[^>]*>")  # as the writer writes it: no value holds a `>`


class Change(NamedTuple):
    """An entry of the list of changes: anchor, what happened in a few words and in full, heading of its section."""

    id: str
    label: str
    sentence: str
    section: str


def section_label(name: str) -> str:
    """Return what a section is called in lists of changes."""
    return _("Section “%(name)s”") % {"name": isolated(name)} if name else _("Before the first heading")


def _hidden_words() -> dict[Kind, tuple[str, str]]:
    """What a screen reader says at the two ends of a mark, as most do not announce the elements themselves."""
    return {
        Kind.INSERTED: (_hidden(_("[added:")), _hidden(_("end of added text]"))),
        Kind.DELETED: (_hidden(_("[removed:")), _hidden(_("end of removed text]"))),
        Kind.KEPT: (_hidden(_("[moved:")), _hidden(_("end of moved text]"))),
    }


def _hidden(words: str) -> str:
    return f'<span class="visually-hidden"> {escape(words)} </span>'


def _labels() -> dict[tuple[bool, bool], str]:
    """Return what the list of changes says of words that were removed, added, both; of neither: they only look new."""
    return {
        (True, False): _("Removed: “%(old)s”"),
        (False, True): _("Added: “%(new)s”"),
        (True, True): _("“%(old)s” became “%(new)s”"),
        (False, False): _("Formatting of “%(new)s”"),
    }


def _move_label(move: Move) -> str:
    """Return what stands at one end of a move: where the other end is."""
    is_old = move.end is Kind.DELETED
    if move.source != move.target:
        words = _("Moved to: %(section)s") if is_old else _("Moved here from: %(section)s")
        words %= {"section": section_label(move.target if is_old else move.source)}
    elif is_old:
        words = _("Moved down") if move.is_down else _("Moved up")
    else:
        words = _("Moved here from above") if move.is_down else _("Moved here from below")
    return _("%(moved)s, and edited") % {"moved": words} if move.is_edited else words


@dataclass
class Writer:
    """Writes lines in order, opening and closing blocks as their paths ask. In `words`, moved ones are kept, twice."""

    new_blocks: set[Block]
    words: Counter[Kind] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _open: tuple[Block, ...] = ()
    _ids: set[str] = field(default_factory=set)
    _section: str = ""
    _move: Move | None = None
    _change: dict[Kind, str] = field(default_factory=dict)  # the words of the change being written
    _before: str = ""  # the words kept before it in its line
    _hidden: dict[Kind, tuple[str, str]] = field(default_factory=_hidden_words)
    # Translated once a redline: looking words up costs more than the rest.
    _labels: dict[tuple[bool, bool], str] = field(default_factory=_labels)
    _changed: str = field(default_factory=lambda: _("Changed: %(change)s"))
    _in_context: str = field(default_factory=lambda: _("%(change)s, in “%(context)s”"))

    def begin(self, section: str, move: Move | None) -> None:
        """Say where the next line stands, and whether it moved. A change ends with its section."""
        if (section, move) != (self._section, self._move):
            self._close_change()
            self._section, self._move = section, move

    def write_kept(self, line: Line) -> None:
        """Write a line that is the same in both texts."""
        self._close_change()
        self._move_to(line.path)
        self._parts += self._inline(line.runs)

    def write(self, path: tuple[Block, ...], segments: Iterable[Segment], urls: Set[str]) -> None:
        """Write a line with marks: of one kind, and the change goes on in the next line; else it stands alone.

        `urls` are shown where marked links lead to them.
        """
        self._before = ""
        filled = [segment for segment in segments if segment.words]
        filled[:1] = [segment.without_space() for segment in filled[:1]]
        is_alone = len(filled) > 1 and not self._move
        if is_alone:
            self._close_change()
        shared = self._move_to(path)
        between = " | " if any(block.tag == "tr" for block in shared) else "\n"
        for segment in filled:
            if segment.kind is Kind.KEPT and not self._move:
                self._keep(segment.words)
            else:
                self._mark(segment, urls, between)
            between = ""
        if is_alone:
            self._close_change()

    def finish(self) -> str:
        """Close everything and return the markup."""
        self._close_change()
        self._move_to(())
        return "".join(self._parts).strip()

    def _keep(self, runs: Sequence[Run]) -> None:
        text = plain_text(runs)
        self._close_change(text)
        self._before = text
        self._parts += self._inline(runs)

    def _mark(self, segment: Segment, urls: Set[str], between: str) -> None:
        kind, runs = segment
        tag = self._move.end if self._move else kind
        self.words[kind] += len(plain_text(runs).split())
        anchor = "" if self._change else f' id="change-{len(self.changes) + 1}"'
        start, end = self._hidden[kind]
        look = ' class="moved"' if kind is Kind.KEPT else ""
        if self._move and not self._change:
            note = self._note_of_move(self._move)
            start = f"{_hidden('[')}{note}" if kind is Kind.KEPT else f"{note}{start}"
        inline = "".join(self._inline(runs, urls))
        self._parts.append(f"<{tag}{look}{anchor}>{start}{inline}{end}</{tag}>")
        said = f"{self._change[tag]}{between}" if tag in self._change else ""
        text = unescape(_TAG.sub("", inline.replace(BREAK, " ")))
        self._change[tag] = said + " " * text[:1].isspace() + " ".join(text.split())

    @staticmethod
    def _note_of_move(move: Move) -> str:
        here, there = ("old", "new") if move.end is Kind.DELETED else ("new", "old")
        ends = f'id="moved-{move.number}-{here}" href="#moved-{move.number}-{there}"'
        return f'<a class="redline-note" {ends}>{escape(_move_label(move))}</a>'

    def _close_change(self, after: str = "") -> None:
        """End a change; `after` are the words that its line goes on with."""
        if not self._change:
            return
        old, new = (self._change.get(kind, "").strip() for kind in (Kind.DELETED, Kind.INSERTED))
        if self._move:
            where, template = _move_label(self._move), _("%(where)s: “%(words)s”")
            label = template % {"where": where, "words": _short(old or new)}
            is_told_whole = new or self._move.is_edited
            sentence = template % {"where": where, "words": isolated(old or new)} if is_told_whole else label
        else:
            template = self._labels[old != new and bool(old), old != new and bool(new)]
            label = template % {"old": _short(old), "new": _short(new)}
            sentence = template % {"old": isolated(old), "new": isolated(new)}
            if old and new and old != new:
                sentence = self._changed % {"change": sentence}
            if context := self._context(after):
                sentence = self._in_context % {"change": sentence, "context": isolated(context)}
        self.changes.append(Change(f"change-{len(self.changes) + 1}", label, sentence, self._section))
        self._change = {}

    def _context(self, after: str) -> str:
        """Return the words around a change in its line as it reads now; empty if nothing of it was kept."""
        if not self._before and not after:
            return ""
        before, behind = self._before.rsplit(None, _WORDS_AROUND), after.split(None, _WORDS_AROUND)
        start = "… " * (len(before) > _WORDS_AROUND) + " ".join(before[-_WORDS_AROUND:])
        end = " ".join(behind[:_WORDS_AROUND]) + " …" * (len(behind) > _WORDS_AROUND)
        new = self._change.get(Kind.INSERTED, "")
        middle = new if 0 < len(new.split()) <= _WORDS_AROUND else " …"
        return f"{start}{middle}{' ' * after[:1].isspace()}{end}".strip()

    def _move_to(self, path: tuple[Block, ...]) -> tuple[Block, ...]:
        """Close and open blocks; return those that the next line has in common with the one before it."""
        shared = _shared_length(self._open, path)
        if shared == len(path) == len(self._open):
            self._parts.append("\n")  # two lines of one block do not touch
        for block in reversed(self._open[shared:]):
            if block.tag not in _VOID_BLOCKS:
                self._parts.append(f"</{block.tag}>")
        for block in path[shared:]:
            self._parts.append(self._tag(block.tag, block.attributes, keeps_id=block in self.new_blocks))
        self._open = path
        return path[:shared]

    def _inline(self, words: Iterable[Run], urls: Set[str] = frozenset()) -> list[str]:
        """Write words with their formatting, and behind its link each of the `urls`."""
        parts: list[str] = []
        opened: Formatting = ()
        for formatting, text in words:
            if formatting == opened:
                parts.append(text)
            else:
                # The space between two formattings belongs to neither.
                bare = text.lstrip(SPACE)
                parts += self._reformat(opened, formatting, urls, text[: len(text) - len(bare)])
                parts.append(bare)
                opened = formatting
        if opened:
            parts += self._reformat(opened, (), urls)
        return parts

    def _reformat(self, old: Formatting, new: Formatting, urls: Set[str], between: str = "") -> list[str]:
        shared = _shared_length(old, new)
        closing = [self._end_tag(tag, attributes, urls) for tag, attributes in reversed(old[shared:])]
        return [*closing, between, *(self._tag(tag, attributes) for tag, attributes in new[shared:])]

    @staticmethod
    def _end_tag(tag: str, attributes: Attributes, urls: Set[str]) -> str:
        noted = [value for name, value in attributes if name == "href" and value in urls]
        notes = [f'<span class="redline-note"> ({escape(link)})</span>' for link in noted]
        return "".join([f"</{tag}>", *notes])

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


def _short(text: str) -> str:
    words = text.split(None, _WORDS_OF_A_LABEL)
    return isolated(" ".join(words[:_WORDS_OF_A_LABEL]) + " …" * (len(words) > _WORDS_OF_A_LABEL))
