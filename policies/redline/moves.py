"""Finds what only moved: lines that were removed in one place and added, word for word, in another."""

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence
from itertools import accumulate
from typing import NamedTuple

from policies.redline.alignment import Step
from policies.redline.reader import letters
from policies.redline.sequence_diff import Pair

_LEAST = 20  # letters: less can stand in two places by chance


class Move(NamedTuple):
    """Lines that moved together: the sections that they stood and stand in, and in which direction they went."""

    number: int
    source: str
    target: str
    is_down: bool


def find(steps: Sequence[Step], sections: Sequence[str]) -> dict[int, Move]:
    """Return the move of each step that is one end of one. `sections` names the section of each step."""
    found: dict[int, Move] = {}
    for number, run in enumerate(_runs(_pairs(steps), steps), start=1):
        if sum(letters(line.runs) for i, _j in run if (line := steps[i].old)) >= _LEAST:
            i, j = run[0]
            move = Move(number, sections[i], sections[j], is_down=i < j)
            found |= {place: move for pair in run for place in pair}
    return found


def _pairs(steps: Sequence[Step]) -> list[Pair]:
    """Pair what was removed with the same that was added beyond something that was kept, in the old order."""
    kept = list(accumulate(bool(step.old and step.new) for step in steps))
    gone: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for place, (old, new, _segments) in enumerate(steps):
        if old and old.runs and not new:
            gone[old.key].append(place)
    added = ((place, step.new) for place, step in enumerate(steps) if step.new and not step.old)
    pairs = [(gone[line.key].popleft(), place) for place, line in added if gone.get(line.key)]
    return sorted((i, j) for i, j in pairs if kept[i] != kept[j])


def _runs(pairs: list[Pair], steps: Sequence[Step]) -> list[list[Pair]]:
    """Join the pairs that follow each other in both texts, within one section."""
    runs: list[list[Pair]] = []
    for i, j in pairs:
        if runs and runs[-1][-1] == (i - 1, j - 1) and not steps[i].old.is_heading:  # type: ignore[union-attr]  # it was removed
            runs[-1].append((i, j))
        else:
            runs.append([(i, j)])
    return runs
