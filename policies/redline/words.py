"""Matches the words of a line that changed.

A word carries the white space before it and its formatting; where formatting changes inside a word, it is cut. Only
the middle in which two lines differ is cut into words at all: that is what makes a redline fast.
"""

import re
from itertools import repeat
from typing import NamedTuple

from policies.redline.reader import BREAK, Kind, Line, Run, Runs, Segment, letters
from policies.redline.sequence_diff import Budget, stretches
from policies.text.parsing import SPACE

_WORD = re.compile(f"[{SPACE}]*(?:{BREAK}|[^{SPACE}<]+)")
_TWO_CHANGES = 7  # segments, with what was kept around them: can be read whatever they are
_TEN_CHANGES = 30
_HARDLY_KEPT = 0.2  # less of a line with so many changes, and the page says that it is shown as replaced
_CUT = "\x00"  # cannot occur in a parsed document


class Ends(NamedTuple):
    """Two lines, cut into their common start, the part in which each differs, and their common end."""

    start: Runs
    old: Runs
    new: Runs
    end: Runs

    def share(self) -> float:
        """Return how much of the two lines is shared at their ends, in letters."""
        shared = 2 * (letters(self.start) + letters(self.end))
        return shared / (shared + letters(self.old) + letters(self.new))


def common_ends(old: Line, new: Line) -> Ends:
    """Find the ends that two lines share. Cuts stand before a single space, so the ends may fall a word short."""
    if new.keeps_space:
        return Ends((), old.runs, new.runs, ())
    place = _common_start(old.runs, new.runs)
    start, ours = _split(old.runs, *place)
    _start, theirs = _split(new.runs, *place)
    place, place_new = _common_end(ours, theirs)
    ours, end = _split(ours, *place)
    theirs, _end = _split(theirs, *place_new)
    return Ends(start, ours, theirs, end)


def segments(old: Line, new: Line, budget: Budget, ends: Ends | None = None) -> list[Segment]:
    """Return what of a line was kept, removed and added; nothing if that could not be read piece by piece.

    `ends`, if they are known already.
    """
    ends = ends or common_ends(old, new)
    found: list[Segment] = []
    kept = [*ends.start]  # what was kept in one piece is written in one piece
    ours, theirs = (_words(runs, keeps_space=new.keeps_space) for runs in (ends.old, ends.new))
    for is_same, gone, come in stretches(ours, theirs, budget):
        if is_same:
            kept += theirs[come]
        else:
            found.append(Segment(Kind.KEPT, kept))
            found += [Segment(Kind.DELETED, ours[gone]), Segment(Kind.INSERTED, theirs[come])]
            kept = []
    found.append(Segment(Kind.KEPT, [*kept, *ends.end]))
    share = 1.0 if len(found) <= _TWO_CHANGES else _kept_share(found)
    if len(found) > _TEN_CHANGES and share < _HARDLY_KEPT:
        budget.exceeded = True  # what the reader is told is the same: replaced whole
    return found if share >= _least_share(len(found)) else []


def _least_share(segments: int) -> float:
    """Return which share of a line must be kept to show its changes one by one: more for each, up to four fifths."""
    return min(0.45 + 0.007 * segments, 0.8)


def _kept_share(segments: list[Segment]) -> float:
    """Return which share of both texts was kept, in letters."""
    kept = 2 * sum(letters(segment.words) for segment in segments if segment.kind is Kind.KEPT)
    changed = sum(letters(segment.words) for segment in segments if segment.kind is not Kind.KEPT)
    return kept / (kept + changed)


def _words(runs: Runs, *, keeps_space: bool) -> list[Run]:
    """Cut runs into words. The first has a space before it, wherever it stood."""
    found: list[Run] = []
    pending = ""
    for formatting, text in runs:
        if words := _WORD.findall(text) if keeps_space or BREAK in text else _cut(text):
            words[0] = pending + words[0]
            pending = ""
            found += zip(repeat(formatting), words)
        pending += text[len(text.rstrip(SPACE)) :]
    if found:
        formatting, text = found[0]
        found[0] = formatting, " " + text.lstrip(SPACE)
    return found


def _cut(text: str) -> list[str]:
    """Cut text of single spaces and without `br`, much faster than by a pattern."""
    words = text.replace(" ", f"{_CUT} ").split(_CUT)
    return words[0 if words[0] else 1 : -1 if words[-1] == " " else None]


def _split(runs: Runs, index: int, offset: int) -> tuple[Runs, Runs]:
    """Cut runs in two: before a letter of one of them."""
    if not offset:
        return runs[:index], runs[index:]
    formatting, text = runs[index]
    return (*runs[:index], (formatting, text[:offset])), ((formatting, text[offset:]), *runs[index + 1 :])


def _common_start(old: Runs, new: Runs) -> tuple[int, int]:
    """Find the last space before which all is the same: run and letter."""
    index, shorter = 0, min(len(old), len(new))
    while index < shorter and old[index] == new[index]:
        index += 1
    if index < shorter and old[index][0] == new[index][0]:
        ours, theirs = old[index][1], new[index][1]
        offset = ours.rfind(" ", 0, _common_length(ours, theirs))
        if offset >= 0:
            return index, offset
    while index:
        index -= 1
        offset = old[index][1].rfind(" ")
        if offset >= 0:
            return index, offset
    return 0, 0


def _common_end(old: Runs, new: Runs) -> tuple[tuple[int, int], tuple[int, int]]:
    """Find the first space from which all is the same: run and letter, in each of the two."""
    same, shorter = 0, min(len(old), len(new))  # `same`: how many runs at the end are equal
    while same < shorter and old[-1 - same] == new[-1 - same]:
        same += 1
    if same < shorter and old[-1 - same][0] == new[-1 - same][0]:
        ours, theirs = old[-1 - same][1], new[-1 - same][1]
        offset = ours.find(" ", len(ours) - _common_length(ours[::-1], theirs[::-1]))
        if offset >= 0:
            offset_new = offset + len(theirs) - len(ours)
            return (len(old) - 1 - same, offset), (len(new) - 1 - same, offset_new)
    while same:
        offset = old[-same][1].find(" ")
        if offset >= 0:
            return (len(old) - same, offset), (len(new) - same, offset)
        same -= 1
    return (len(old), 0), (len(new), 0)


def _common_length(ours: str, theirs: str) -> int:
    """Count the letters that two texts have in common at their start, by halving."""
    low, high = 0, min(len(ours), len(theirs))
    while low < high:
        middle = (low + high + 1) // 2
        if ours[low:middle] == theirs[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
