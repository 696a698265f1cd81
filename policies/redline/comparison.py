"""Compares two texts word by word, inside the structure of their blocks.

Method: both texts are cut into lines (paragraphs, list items, cells), each with the blocks around it. Lines are
matched first; where lines were replaced, similar ones are paired and their words are matched. The result is exact:
without its `ins` it has the words of the old text, without its `del` those of the new one. Words whose formatting or
link changed count as replaced. A text's own `ins` and `del` are shown as `u` and `s`.

The work is bounded by a count of comparisons, not by a clock, so the same pair always gives the same result; beyond
it lines are replaced whole, and `is_coarse` says so. It never changes a version and reads nothing but the two texts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from policies.redline import words
from policies.redline.matching import ALIKE, Budget, similar_pairs, similarity, stretches
from policies.redline.reader import Block, Kind, Line, Segment, read
from policies.redline.words import Ends
from policies.redline.writer import Change, Writer

# Part of the key under which redlines are kept: raise it with every change of the method or of the markup.
ALGORITHM = 3
# How many comparisons one redline may cost, in pairs of equal words; about a second or two at most.
BUDGET = 10_000_000


@dataclass(frozen=True)
class Redline:
    """The finished comparison. `html` is safe to print; `changes` are its anchors in order."""

    html: str
    words_added: int
    words_removed: int
    changes: list[Change]
    is_coarse: bool


@dataclass
class _Pairing:
    """Maps blocks of the old text to those of the new one, so that a removed item stays in its list."""

    new_of: dict[Block, Block] = field(default_factory=dict)
    taken: set[Block] = field(default_factory=set)

    def learn(self, old: Line, new: Line) -> None:
        """Pair the blocks around two matched lines, from the outside inwards."""
        for ours, theirs in zip(old.path, new.path, strict=False):
            known = self.new_of.get(ours)
            if known is None and theirs not in self.taken:
                self.new_of[ours] = theirs
                self.taken.add(theirs)
            elif known is not theirs:
                return

    def place(self, old: Line) -> tuple[Block, ...]:
        """Return the place of a removed line in the new text, as far as that has one."""
        return tuple(self.new_of.get(block, block) for block in old.path)


class _Step(NamedTuple):
    """One line of the result: kept or changed (both; then with its ends), removed (old) or added (new)."""

    old: Line | None
    new: Line | None
    ends: Ends | None = None


def compare(old_html: str, new_html: str, *, budget: int = BUDGET) -> Redline:
    """Compare two canonical texts, word by word.

    `budget` bounds the work, in comparisons of two words; what it does not reach for is shown as replaced whole.
    """
    limit = Budget(budget)
    steps = list(_steps(read(old_html), read(new_html), limit))
    pairing = _Pairing()
    for step in steps:
        if step.old and step.new:
            pairing.learn(step.old, step.new)
    writer = Writer(new_blocks={block for step in steps if step.new for block in step.new.path})
    for step in steps:
        _write(writer, step, pairing, limit)
    return Redline(
        html=writer.finish(),
        words_added=writer.words[Kind.INSERTED],
        words_removed=writer.words[Kind.DELETED],
        changes=writer.changes,
        is_coarse=limit.exceeded,
    )


def _write(writer: Writer, step: _Step, pairing: _Pairing, budget: Budget) -> None:
    if step.old and not step.new:
        writer.write(pairing.place(step.old), [Segment(Kind.DELETED, step.old.runs)])
    elif step.new and not step.old:
        writer.write(step.new.path, [Segment(Kind.INSERTED, step.new.runs)])
    elif step.new and not step.ends:
        writer.write_kept(step.new)
    elif step.new and step.ends:
        segments = words.segments(step.ends, budget, keeps_space=step.new.keeps_space)
        writer.write(step.new.path, segments)


def _steps(old: list[Line], new: list[Line], budget: Budget) -> Iterator[_Step]:
    codes: dict[Hashable, int] = {}  # a number for each different line: its key is hashed once only
    old_codes, new_codes = (
        [codes.setdefault(line.key, len(codes)) for line in lines] for lines in (old, new)
    )
    for is_same, ours, theirs in stretches(old_codes, new_codes, budget):
        if is_same:
            yield from map(_Step, old[ours], new[theirs])
        else:
            yield from _replaced(old[ours], new[theirs], budget)


def _replaced(old: list[Line], new: list[Line], budget: Budget) -> Iterator[_Step]:
    """Pair the lines that are similar; what stands between is removed and added whole."""
    if (pairs := _one_by_one(old, new)) is not None:
        yield from pairs
        return
    done_old = done_new = 0
    for i, j in similar_pairs(old, new, budget):
        yield from _whole(old[done_old:i], new[done_new:j])
        yield _Step(old[i], new[j], words.common_ends(old[i], new[j]))
        done_old, done_new = i + 1, j + 1
    yield from _whole(old[done_old:], new[done_new:])


def _one_by_one(old: list[Line], new: list[Line]) -> list[_Step] | None:
    """Pair each line with the one in its place, if all these pairs are alike."""
    if len(old) != len(new):
        return None
    steps = []
    for ours, theirs in zip(old, new, strict=True):
        if ours.tags != theirs.tags or not ours.runs or not theirs.runs:
            return None
        ends = words.common_ends(ours, theirs)
        if ends.share() < ALIKE and similarity(ours.words(), theirs.words()) < ALIKE:
            return None
        steps.append(_Step(ours, theirs, ends))
    return steps


def _whole(old: Iterable[Line], new: Iterable[Line]) -> Iterator[_Step]:
    yield from (_Step(line, None) for line in old)
    yield from (_Step(None, line) for line in new)
