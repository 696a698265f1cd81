"""Aligns the sections of two texts, by their headings and by what stands in them.

A section is a heading and the lines after it, up to the next heading of any level. It compares no words.
"""

from collections import Counter
from collections.abc import Hashable, Sequence

from policies.redline.reader import Line, letters
from policies.redline.sequence_diff import Pair, common_singles, heaviest_rise

_WEIGHT_OF_A_HEADING = 200  # in letters: what equal headings count beside the lines that sections share
_LEAST_WEIGHT = 60  # less than a short sentence in common can be chance
_BEGINNING = -1  # in the place of a heading: what stands before the first


def paired_headings(
    old: list[Line], new: list[Line], old_codes: Sequence[int], new_codes: Sequence[int]
) -> list[Pair]:
    """Choose the sections that belong together; return where the headings of each pair stand in the two texts.

    `old_codes` and `new_codes` number the lines: equal lines have equal numbers.
    """
    ours, theirs = _headings_above(old), _headings_above(new)
    weights: Counter[Pair] = Counter()
    for i, j in common_singles(old_codes, new_codes):
        weights[ours[i], theirs[j]] += letters(old[i].runs)
    for i, j in common_singles(_names(old), _names(new)):
        weights[i, j] += _WEIGHT_OF_A_HEADING
    strong = {pair: weight for pair, weight in weights.items() if weight >= _LEAST_WEIGHT and min(pair) >= 0}
    return heaviest_rise(strong)


def _names(lines: list[Line]) -> list[Hashable]:
    """Return what each heading says; in the place of other lines, what is like nothing else."""
    return [line.text.casefold() if line.is_heading else line for line in lines]


def _headings_above(lines: list[Line]) -> list[int]:
    """Return for each line where the heading of its section stands."""
    heading = _BEGINNING
    return [heading := place if line.is_heading else heading for place, line in enumerate(lines)]
