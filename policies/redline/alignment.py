"""Aligns the lines of two texts: what was kept, changed, removed and added, in an order that both texts have.

Sections are aligned first, so that nothing is matched across them. What is hardly the same any more (a section, a
paragraph) is removed and added whole, as nobody can read a mixture of old and new words.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from policies.redline import words
from policies.redline.reader import Kind, Line, Segment, letters
from policies.redline.sections import paired_headings
from policies.redline.sequence_diff import ALIKE, Budget, similar_pairs, similarity, stretches

_ANCHOR = 60  # letters: a line of this length that was kept is shown between what changed before and after it
_SHORT = 120  # letters: what is shorter can be read in any form
_REWRITTEN = 0.3  # less of the shorter text kept than this, and it was rewritten


class Step(NamedTuple):
    """One line of the result: kept (both, no segments), changed (both), removed (old) or added (new)."""

    old: Line | None
    new: Line | None
    segments: Sequence[Segment] = ()

    @property
    def line(self) -> Line:
        """The line as it is now, or as it was before it was removed."""
        return self.new or self.old  # type: ignore[return-value]  # there is always one


def align(old: list[Line], new: list[Line], budget: Budget) -> Iterator[Step]:
    """Align two texts. Without what was added, the steps are the old text; without what was removed, the new one."""
    codes: dict[Hashable, int] = {}  # a number for each different line: its key is hashed once only
    old_codes, new_codes = (
        [codes.setdefault(line.key, len(codes)) for line in lines] for lines in (old, new)
    )
    pairs = paired_headings(old, new, old_codes, new_codes)
    for (i, j), (i_end, j_end) in pairwise([(-1, -1), *pairs, (len(old), len(new))]):
        if i >= 0:
            yield from _changed(old[i], new[j], budget)
        ours, theirs = old[i + 1 : i_end], new[j + 1 : j_end]
        found = stretches(old_codes[i + 1 : i_end], new_codes[j + 1 : j_end], budget)
        steps = [
            step
            for is_same, gone, come in found
            for step in (
                map(Step, ours[gone], theirs[come])
                if is_same
                else _replaced(ours[gone], theirs[come], budget)
            )
        ]
        yield from _readable(steps)


def _readable(steps: list[Step]) -> Iterator[Step]:
    """Replace whole what was rewritten between lines that were kept: what little is the same then stands in both."""
    for is_anchor, run in groupby(steps, key=lambda step: not step.segments and _kept(step) >= _ANCHOR):
        found = list(run)
        old, new = [step.old for step in found if step.old], [step.new for step in found if step.new]
        shorter = 0 if is_anchor else min(sum(letters(line.runs) for line in lines) for lines in (old, new))
        is_rewritten = shorter >= _SHORT and sum(map(_kept, found)) < _REWRITTEN * shorter
        yield from _whole(old, new) if is_rewritten else found


def _kept(step: Step) -> int:
    """Return how many letters of a line are in both texts."""
    if step.segments:
        return sum(letters(segment.words) for segment in step.segments if segment.kind is Kind.KEPT)
    return letters(step.new.runs) if step.old and step.new else 0


def _replaced(old: list[Line], new: list[Line], budget: Budget) -> Iterator[Step]:
    """Pair the lines that are similar; what stands between is removed and added whole."""
    if (pairs := _one_by_one(old, new)) is not None:
        for ours, theirs, ends in pairs:
            yield from _changed(ours, theirs, budget, ends)
        return
    done_old = done_new = 0
    for i, j in similar_pairs(old, new, budget):
        yield from _whole(old[done_old:i], new[done_new:j])
        yield from _changed(old[i], new[j], budget)
        done_old, done_new = i + 1, j + 1
    yield from _whole(old[done_old:], new[done_new:])


def _one_by_one(old: list[Line], new: list[Line]) -> list[tuple[Line, Line, words.Ends]] | None:
    """Pair each line with the one in its place, if all these pairs are alike."""
    if len(old) != len(new):
        return None
    pairs = []
    for ours, theirs in zip(old, new, strict=True):
        if ours.tags != theirs.tags or not ours.runs or not theirs.runs:
            return None
        ends = words.common_ends(ours, theirs)
        if ends.share() < ALIKE and similarity(ours.words(), theirs.words()) < ALIKE:
            return None
        pairs.append((ours, theirs, ends))
    return pairs


def _changed(old: Line, new: Line, budget: Budget, ends: words.Ends | None = None) -> Iterable[Step]:
    """Show what changed in a line, or replace it whole. `ends`, if they are known already."""
    if old.key == new.key:
        return [Step(old, new)]
    if old.tags != new.tags or not old.runs or not new.runs:
        return _whole([old], [new])
    segments = words.segments(old, new, budget, ends)
    return [Step(old, new, segments)] if segments else _whole([old], [new])


def _whole(old: Sequence[Line], new: Sequence[Line]) -> Iterator[Step]:
    """Remove and add lines whole: first what stands in one section, then the sections that only one text has."""
    if len(old) == len(new) == 1 and old[0].is_heading and new[0].is_heading:  # of a section that goes on
        yield Step(old[0], new[0], [Segment(Kind.DELETED, old[0].runs), Segment(Kind.INSERTED, new[0].runs)])
        return
    ours, theirs = (
        next((n for n, line in enumerate(lines) if line.is_heading), len(lines)) for lines in (old, new)
    )
    for gone, come in ((old[:ours], new[:theirs]), (old[ours:], new[theirs:])):
        yield from (Step(line, None, [Segment(Kind.DELETED, line.runs)]) for line in gone)
        yield from (Step(None, line, [Segment(Kind.INSERTED, line.runs)]) for line in come)
