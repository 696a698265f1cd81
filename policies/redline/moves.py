"""Finds what moved: lines that were removed in one place and added in another, word for word or hardly edited."""

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence
from itertools import accumulate, chain
from typing import NamedTuple

from policies.redline import words
from policies.redline.alignment import Step
from policies.redline.reader import Kind, letters
from policies.redline.sequence_diff import Budget, Pair, similar_pairs

_LEAST = 20  # letters: less can stand in two places by chance
_LEAST_EDITED = 60  # likewise, where not all of it is the same
_HARDLY_EDITED = 0.8  # from this share of common words


class Move(NamedTuple):
    """One end of lines that moved together: from which section to which, or in which direction.

    `end` is what became of them there: removed or added.
    """

    number: int
    source: str
    target: str
    is_down: bool
    is_edited: bool
    end: Kind


def find(steps: list[Step], sections: Sequence[str], budget: Budget) -> dict[int, Move]:
    """Return the move of each step that is one end of one; of its segments, those that moved become kept ones.

    `sections` names the section of each step.
    """
    found: dict[int, Move] = {}
    for number, run in enumerate(_runs(_pairs(steps, budget), steps), start=1):
        i, j = run[0]
        is_edited = any(steps[i].line.key != steps[j].line.key for i, j in run)
        move = Move(number, sections[i], sections[j], i < j, is_edited, Kind.KEPT)
        for i, j in run:
            segments = words.segments(steps[i].line, steps[j].line, budget)
            for place, end in ((i, Kind.DELETED), (j, Kind.INSERTED)) if segments else ():
                steps[place] = steps[place]._replace(
                    segments=[s for s in segments if s.kind in {Kind.KEPT, end}]
                )
                found[place] = move._replace(end=end)
    return found


def _pairs(steps: Sequence[Step], budget: Budget) -> list[Pair]:
    """Pair what was removed with the same that was added beyond something that was kept, in the old order."""
    kept = list(accumulate(bool(step.old and step.new) for step in steps))
    gone = {place: step.line for place, step in enumerate(steps) if step.line.runs and not step.new}
    come = {place: step.line for place, step in enumerate(steps) if step.line.runs and not step.old}
    places: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for place, line in gone.items():
        places[line.key].append(place)
    pairs = [(places[line.key].popleft(), place) for place, line in come.items() if places[line.key]]
    taken = set(chain(*pairs))
    old = [i for i in gone if i not in taken and letters(gone[i].runs) >= _LEAST_EDITED]
    new = [j for j in come if j not in taken and letters(come[j].runs) >= _LEAST_EDITED]
    edited = similar_pairs([gone[i] for i in old], [come[j] for j in new], budget, _HARDLY_EDITED)
    pairs += [(old[i], new[j]) for i, j in edited]
    return sorted((i, j) for i, j in pairs if kept[i] != kept[j])


def _runs(pairs: list[Pair], steps: Sequence[Step]) -> list[list[Pair]]:
    """Join the pairs that follow each other in both texts, within one section; leave out what is short."""
    runs: list[list[Pair]] = []
    for i, j in pairs:
        if runs and runs[-1][-1] == (i - 1, j - 1) and not steps[i].line.is_heading:
            runs[-1].append((i, j))
        else:
            runs.append([(i, j)])
    return [run for run in runs if sum(letters(steps[i].line.runs) for i, _j in run) >= _LEAST]
