"""Finds what two sequences have in common: of lines, and of the words of a line.

Items that occur once in each (most words of a sentence do) are lined up first, as a patience diff does; between them
the same is done again, and only what then has no such item is left to the slower general method. The work is bounded
by a count of comparisons; what would go beyond counts as replaced whole. It also decides which replaced lines are one
edited line. Of markup it knows only the tags around a line.
"""

import difflib
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import NamedTuple

from policies.redline.reader import Line

Items = Sequence[Hashable]
Match = tuple[int, int, int]  # place in the old sequence, in the new one, length

_SIMILAR = 0.4  # share of common words above which two paragraphs (or other lines) are one edited one
ALIKE = 0.6  # share above which lines in the same place are paired without looking further
_COST_OF_A_PAIR_OF_LINES = 10


class Stretch(NamedTuple):
    """A part of both sequences: the same in both, or else replaced (then one of the two may be empty)."""

    is_same: bool
    old: slice
    new: slice


class Part(NamedTuple):
    """Ranges of the two sequences that are still to be matched."""

    old_from: int
    old_to: int
    new_from: int
    new_to: int


@dataclass
class Budget:
    """How many comparisons may still be made."""

    left: int
    exceeded: bool = False

    def allows(self, cost: int) -> bool:
        """Spend that much, or refuse and remember it."""
        if cost > self.left:
            self.exceeded = True
            return False
        self.left -= cost
        return True


def stretches(old: Items, new: Items, budget: Budget) -> list[Stretch]:
    """Cut two sequences into what is the same and what was replaced, in order."""
    found: list[Stretch] = []
    i = j = 0
    for at, at_new, length in sorted(_matches(old, new, budget)):
        if at > i or at_new > j:
            found.append(Stretch(is_same=False, old=slice(i, at), new=slice(j, at_new)))
        elif found and found[-1].is_same:
            _same, whole, whole_new = found.pop()
            at, at_new, length = whole.start, whole_new.start, length + at - whole.start  # noqa: PLW2901
        i, j = at + length, at_new + length
        found.append(Stretch(is_same=True, old=slice(at, i), new=slice(at_new, j)))
    if i < len(old) or j < len(new):
        found.append(Stretch(is_same=False, old=slice(i, len(old)), new=slice(j, len(new))))
    return found


def _matches(old: Items, new: Items, budget: Budget) -> list[Match]:
    """Return where and how far the two are the same, in any order."""
    found: list[Match] = []
    parts = [Part(0, len(old), 0, len(new))]
    while parts:
        part = _without_equal_ends(old, new, parts.pop(), found)
        i, i_end, j, j_end = part
        if i == i_end or j == j_end or not budget.allows(i_end - i + j_end - j):
            continue
        ours, theirs = old[i:i_end], new[j:j_end]
        if in_place := _in_place(ours, theirs):
            found += [(i + at, j + at, size) for at, size in in_place]
        elif anchors := _anchors(ours, theirs):
            parts += _between(old, new, part, anchors, found)
        elif not set(ours).isdisjoint(theirs):
            found += [(i + at, j + at_new, size) for at, at_new, size in _general(ours, theirs, budget)]
    return found


def _in_place(old: Items, new: Items) -> list[tuple[int, int]]:
    """Return what stayed (place and length) if items were only replaced one for one, as in most small edits."""
    if len(old) != len(new):
        return []
    differing = [place for place, (ours, theirs) in enumerate(zip(old, new, strict=True)) if ours != theirs]
    if not {old[place] for place in differing}.isdisjoint([new[place] for place in differing]):
        return []  # something moved
    ends = [-1, *differing, len(old)]
    return [(before + 1, after - before - 1) for before, after in pairwise(ends) if after > before + 1]


def _without_equal_ends(old: Items, new: Items, part: Part, found: list[Match]) -> Part:
    i, i_end, j, j_end = part
    while i < i_end and j < j_end and old[i] == new[j]:
        i, j = i + 1, j + 1
    while i_end > i and j_end > j and old[i_end - 1] == new[j_end - 1]:
        i_end, j_end = i_end - 1, j_end - 1
    if i > part.old_from:
        found.append((part.old_from, part.new_from, i - part.old_from))
    if i_end < part.old_to:
        found.append((i_end, j_end, part.old_to - i_end))
    return Part(i, i_end, j, j_end)


def _between(
    old: Items, new: Items, part: Part, anchors: list[tuple[int, int]], found: list[Match]
) -> Iterator[Part]:
    """Match from each anchor as far as both are the same; what then differs before the next one is a part."""
    i = first = part.old_from
    j = part.new_from
    for at, at_new in [*anchors, (part.old_to - i, part.new_to - j)]:
        end, end_new = part.old_from + at, part.new_from + at_new
        while i < end and j < end_new and old[i] == new[j]:
            i, j = i + 1, j + 1
        if i < end or j < end_new:
            if i > first:
                found.append((first, j - i + first, i - first))
            yield Part(i, end, j, end_new)
            i = first = end
            j = end_new
    if i > first:
        found.append((first, j - i + first, i - first))


def _anchors(old: Items, new: Items) -> list[tuple[int, int]]:
    """Pair the items that occur once in each, as many of them as keep their order."""
    ours, theirs = _single(old), _single(new)
    pairs = [(i, theirs[item]) for item, i in ours.items() if item in theirs]
    if all(before[1] < after[1] for before, after in pairwise(pairs)):
        return pairs
    return _longest_rise(pairs)


def _single(items: Items) -> dict[Hashable, int]:
    """Return where each item stands that occurs once; the order is that of the items."""
    places = dict(zip(items, count()))
    if len(places) == len(items):
        return places
    first = dict(zip(reversed(items), range(len(items) - 1, -1, -1), strict=True))
    return {item: place for item, place in places.items() if first[item] == place}


def _longest_rise(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Leave out pairs until the second numbers rise as the first ones do: as few as possible."""
    ends: list[int] = []  # the smallest second number with which a rise of each length ends
    at_end: list[int] = []  # which pair that is
    before: list[int] = []  # for each pair: the one that comes before it in its rise
    for index, (_i, j) in enumerate(pairs):
        length = bisect_left(ends, j)
        ends[length : length + 1] = [j]
        at_end[length : length + 1] = [index]
        before.append(at_end[length - 1] if length else -1)
    rise = []
    index = at_end[-1]
    while index >= 0:
        rise.append(pairs[index])
        index = before[index]
    return rise[::-1]


def _general(old: Items, new: Items, budget: Budget) -> Iterable[Match]:
    try:
        return _BoundedMatcher(old, new, budget).get_matching_blocks()[:-1]  # the last one is always empty
    except _TooExpensiveError:
        return []


class _TooExpensiveError(Exception):
    """The budget does not reach for one more pass of the matcher."""


class _BoundedMatcher(difflib.SequenceMatcher[Hashable]):
    """A matcher that pays for every pass before it makes it: repeated items can need very many."""

    a: Items
    b2j: dict[Hashable, list[int]]

    def __init__(self, a: Items, b: Items, budget: Budget) -> None:
        super().__init__(None, a, b, autojunk=False)
        self.budget = budget

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> difflib.Match:
        cost = sum(1 + len(self.b2j.get(item, ())) for item in self.a[alo:ahi])
        if not self.budget.allows(cost):
            raise _TooExpensiveError
        return super().find_longest_match(alo, ahi, blo, bhi)


# --- Which replaced lines are one edited line ------------------------------------------------------------------
def similar_pairs(old: list[Line], new: list[Line], budget: Budget) -> list[tuple[int, int]]:
    """Choose pairs in order, so that the sum of their similarity is greatest."""
    if not old or not new:
        return []
    old_words, new_words = [line.words() for line in old], [line.words() for line in new]
    common = min(len(old) * sum(map(len, new_words)), len(new) * sum(map(len, old_words)))
    if not budget.allows(len(old) * len(new) * _COST_OF_A_PAIR_OF_LINES + common):
        return []
    # best[i][j]: the greatest sum for old[i:] and new[j:].
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    scores: dict[tuple[int, int], float] = {}
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if old[i].tags == new[j].tags and (score := similarity(old_words[i], new_words[j])) >= _SIMILAR:
                scores[i, j] = score
                best[i][j] = max(best[i][j], best[i + 1][j + 1] + score)
    return list(_best_path(best, scores))


def _best_path(best: list[list[float]], scores: dict[tuple[int, int], float]) -> Iterator[tuple[int, int]]:
    i = j = 0
    while i < len(best) - 1 and j < len(best[0]) - 1:
        if (i, j) in scores and best[i][j] == best[i + 1][j + 1] + scores[i, j]:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def similarity(old: frozenset[str], new: frozenset[str]) -> float:
    return 2 * len(old & new) / (len(old) + len(new)) if old or new else 0.0
