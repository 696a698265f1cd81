"""Finds what two sequences have in common: of lines, and of the words of a line.

Items that occur once in each (most words of a sentence do) are lined up first, as a patience diff does; between them
the same is done again, and only what then has no such item is left to the slower general method. The work is bounded
by a count of comparisons; what would go beyond counts as replaced whole. It also decides which replaced lines are one
edited line. Of markup it knows only the tags around a line.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise, product
from typing import NamedTuple

from policies.redline.reader import Line

Items = Sequence[Hashable]
Pair = tuple[int, int]  # places in the two sequences
Match = tuple[int, int, int]  # place in the old sequence, in the new one, length

_SIMILAR = 0.4  # share of common words above which two paragraphs (or other lines) are one edited one
ALIKE = 0.6  # share above which lines in the same place are paired without looking further
_COST_OF_A_PAIR_OF_LINES = 10
_COST_OF_A_PAIR_OF_ITEMS = 20


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
            parts += _between(part, anchors, found)
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


def _between(part: Part, anchors: list[Pair], found: list[Match]) -> Iterator[Part]:
    """Match at each anchor; what stands before it is a part."""
    i, j, i_end, j_end = part.old_from, part.new_from, part.old_to, part.new_to
    found += [(i + at, j + at_new, 1) for at, at_new in anchors]
    starts = [(i, j), *((i + at + 1, j + at_new + 1) for at, at_new in anchors)]
    for (start, start_new), (end, end_new) in zip(starts, [*anchors, (i_end - i, j_end - j)], strict=True):
        if start < i + end or start_new < j + end_new:
            yield Part(start, i + end, start_new, j + end_new)


def _anchors(old: Items, new: Items) -> list[tuple[int, int]]:
    """Pair the items that occur once in each, as many of them as keep their order."""
    return heaviest_rise(dict.fromkeys(common_singles(old, new), 1))


def common_singles(old: Items, new: Items) -> list[tuple[int, int]]:
    """Pair the items that occur once in each, in the order of the old ones."""
    ours, theirs = _single(old), _single(new)
    return [(i, theirs[item]) for item, i in ours.items() if item in theirs]


def _single(items: Items) -> dict[Hashable, int]:
    """Return where each item stands that occurs once; the order is that of the items."""
    places = dict(zip(items, count()))
    if len(places) == len(items):
        return places
    first = dict(zip(reversed(items), range(len(items) - 1, -1, -1), strict=True))
    return {item: place for item, place in places.items() if first[item] == place}


def heaviest_rise(weights: Mapping[Pair, float]) -> list[Pair]:
    """Choose pairs of which both numbers rise, so that the sum of their weights is greatest."""
    ends: list[int] = []  # the second numbers with which the heaviest chains end, rising as their sums do
    sums: list[float] = []
    tops: list[Pair] = []  # the last pair of each chain
    before: dict[Pair, Pair | None] = {}
    for i, j in sorted(weights, key=lambda pair: (pair[0], -pair[1])):
        place = bisect_left(ends, j)
        total = weights[i, j] + (sums[place - 1] if place else 0)
        end = bisect_right(sums, total, lo=place)
        before[i, j] = tops[place - 1] if place else None
        ends[place:end], sums[place:end], tops[place:end] = [j], [total], [(i, j)]
    rise = []
    pair = tops[-1] if tops else None
    while pair:
        rise.append(pair)
        pair = before[pair]
    return rise[::-1]


def _general(old: Items, new: Items, budget: Budget) -> list[Match]:
    """Match as many items as can be, where each of them stands in one of the two more than once."""
    places: defaultdict[Hashable, list[int]] = defaultdict(list)
    for j, item in enumerate(new):
        places[item].append(j)
    if not budget.allows(_COST_OF_A_PAIR_OF_ITEMS * sum(len(places.get(item, ())) for item in old)):
        return []
    pairs = [(i, j) for i, item in enumerate(old) for j in places.get(item, ())]
    return [(i, j, 1) for i, j in heaviest_rise(dict.fromkeys(pairs, 1))]


# --- Which replaced lines are one edited line ------------------------------------------------------------------
def similar_pairs(old: list[Line], new: list[Line], budget: Budget, at_least: float = _SIMILAR) -> list[Pair]:
    """Choose pairs in order, so that the sum of their similarity is greatest; each is `at_least` as similar."""
    if not old or not new:
        return []
    old_words, new_words = [line.words() for line in old], [line.words() for line in new]
    common = min(len(old) * sum(map(len, new_words)), len(new) * sum(map(len, old_words)))
    if not budget.allows(len(old) * len(new) * _COST_OF_A_PAIR_OF_LINES + common):
        return []
    scores: dict[Pair, float] = {}
    for i, j in product(range(len(old)), range(len(new))):
        least = max(at_least, ALIKE) if old[i].is_heading else at_least
        if old[i].tags == new[j].tags and (score := similarity(old_words[i], new_words[j])) >= least:
            scores[i, j] = score
    return heaviest_rise(scores)


def similarity(old: frozenset[str], new: frozenset[str]) -> float:
    return 2 * len(old & new) / (len(old) + len(new)) if old or new else 0.0
