"""The redline: what is different between two versions, word by word, inside the structure of their text.

Method: both texts are cut into lines (paragraphs, list items, cells), each with the blocks around it. Lines are
matched first; where lines were replaced, similar ones are paired and their words are matched. The result is exact:
without its `ins` it has the words of the old text, without its `del` those of the new one. Words whose formatting or
link changed count as replaced. A text's own `ins` and `del` are shown as `u` and `s`.

The work is bounded by a count of comparisons, not by a clock, so the same pair always gives the same result; beyond
it lines are replaced whole, and `is_coarse` says so. It never changes a version and reads nothing but the two texts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import Match, SequenceMatcher
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.utils.translation import get_language

from policies import redline_html
from policies.redline_html import Block, Change, Kind, Line, Segment, Token

if TYPE_CHECKING:
    from policies.models import PolicyVersion

# Part of the cache key: raise it with every change of the method or of the markup.
ALGORITHM = 1
# How many comparisons one redline may cost, in pairs of equal words; about a second or two at most.
BUDGET = 10_000_000
_COST_OF_A_PAIR_OF_LINES = 10
_SIMILAR = 0.4  # share of common words from which two lines are shown as one that changed


@dataclass(frozen=True)
class Redline:
    """The finished comparison. `html` is safe to print; `changes` are its anchors in order."""

    html: str
    words_added: int
    words_removed: int
    changes: list[Change]
    is_coarse: bool


@dataclass
class _Budget:
    left: int
    exceeded: bool = False

    def allows(self, cost: int) -> bool:
        """Spend that much, or refuse and remember it."""
        if cost > self.left:
            self.exceeded = True
            return False
        self.left -= cost
        return True


@dataclass
class _Pairing:
    """Which block of the old text is which of the new one, so that a removed item stays in its list."""

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
        """Give a removed line its place in the new text, as far as that has one."""
        return tuple(self.new_of.get(block, block) for block in old.path)


@dataclass(frozen=True)
class _Step:
    """One line of the result: kept (both), changed (both, with segments), removed (old) or added (new)."""

    old: Line | None
    new: Line | None
    segments: list[Segment] | None = None


def of_versions(old: PolicyVersion, new: PolicyVersion) -> Redline:
    """Compare two versions. The answer is kept for ever, as neither can change."""
    key = f"redline:{ALGORITHM}:{get_language()}:{old.sha256}:{new.sha256}"
    found = cache.get(key)
    if found is None:
        found = compare(old.html, new.html)
        cache.set(key, found, timeout=None)
    return found


def compare(old_html: str, new_html: str, *, budget: int = BUDGET) -> Redline:
    limit = _Budget(budget)
    steps = list(_steps(redline_html.read(old_html), redline_html.read(new_html), limit))
    pairing = _Pairing()
    for step in steps:
        if step.old and step.new:
            pairing.learn(step.old, step.new)
    writer = redline_html.Writer(new_blocks={block for step in steps if step.new for block in step.new.path})
    for step in steps:
        _write(writer, step, pairing)
    return Redline(
        html=writer.finish(),
        words_added=writer.words[Kind.INSERTED],
        words_removed=writer.words[Kind.DELETED],
        changes=writer.changes,
        is_coarse=limit.exceeded,
    )


def _write(writer: redline_html.Writer, step: _Step, pairing: _Pairing) -> None:
    if step.new is None:
        writer.write(pairing.place(step.old), [Segment(Kind.DELETED, step.old.tokens())])
    elif step.old is None:
        writer.write(step.new.path, [Segment(Kind.INSERTED, step.new.tokens())])
    elif step.segments is None:
        writer.write_kept(step.new)
    else:
        writer.write(step.new.path, step.segments)


def _steps(old: list[Line], new: list[Line], budget: _Budget) -> Iterator[_Step]:
    opcodes = _opcodes([line.key for line in old], [line.key for line in new], budget)
    for tag, i1, i2, j1, j2 in opcodes:
        if tag == "equal":
            yield from (_Step(a, b) for a, b in zip(old[i1:i2], new[j1:j2], strict=True))
        else:
            yield from _replaced(old[i1:i2], new[j1:j2], budget)


def _replaced(old: list[Line], new: list[Line], budget: _Budget) -> Iterator[_Step]:
    """Pair the lines that are similar; what stands between is removed and added whole."""
    done_old = done_new = 0
    for i, j in _similar_pairs(old, new, budget):
        yield from _whole(old[done_old:i], new[done_new:j])
        yield _changed_line(old[i], new[j], budget)
        done_old, done_new = i + 1, j + 1
    yield from _whole(old[done_old:], new[done_new:])


def _whole(old: Iterable[Line], new: Iterable[Line]) -> Iterator[_Step]:
    yield from (_Step(line, None) for line in old)
    yield from (_Step(None, line) for line in new)


def _changed_line(old: Line, new: Line, budget: _Budget) -> _Step:
    old_tokens, new_tokens = old.tokens(), new.tokens()
    segments: list[Segment] = []
    for tag, i1, i2, j1, j2 in _opcodes(old_tokens, new_tokens, budget):
        if tag == "equal":
            segments.append(Segment(Kind.KEPT, new_tokens[j1:j2]))
            continue
        segments.append(Segment(Kind.DELETED, old_tokens[i1:i2]))
        segments.append(Segment(Kind.INSERTED, new_tokens[j1:j2]))
    return _Step(old, new, segments)


def _similar_pairs(old: list[Line], new: list[Line], budget: _Budget) -> list[tuple[int, int]]:
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
            if old[i].tags == new[j].tags and (score := _similarity(old_words[i], new_words[j])) >= _SIMILAR:
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


def _similarity(old: frozenset[str], new: frozenset[str]) -> float:
    return 2 * len(old & new) / (len(old) + len(new)) if old or new else 0.0


def _opcodes(
    old: Sequence[Hashable | Token], new: Sequence[Hashable | Token], budget: _Budget
) -> list[tuple[str, int, int, int, int]]:
    """Match two sequences; whole replacement where that would cost too much. Equal ends cost nothing."""
    start, end_old, end_new = _differing_part(old, new)
    a, b = old[start:end_old], new[start:end_new]
    codes = [("equal", 0, start, 0, start)] if start else []
    codes += [
        (tag, i1 + start, i2 + start, j1 + start, j2 + start) for tag, i1, i2, j1, j2 in _inner(a, b, budget)
    ]
    if end_old < len(old):
        codes.append(("equal", end_old, len(old), end_new, len(new)))
    return codes


def _inner(
    a: Sequence[Hashable], b: Sequence[Hashable], budget: _Budget
) -> list[tuple[str, int, int, int, int]]:
    if not a and not b:
        return []
    if a and b:
        try:
            return _BoundedMatcher(a, b, budget).get_opcodes()
        except _TooExpensiveError:
            pass
    return [("replace", 0, len(a), 0, len(b))]


class _TooExpensiveError(Exception):
    """The budget does not reach for one more pass of the matcher."""


class _BoundedMatcher(SequenceMatcher):
    """A matcher that pays for every pass before it makes it: repeated items can need very many."""

    def __init__(self, a: Sequence[Hashable], b: Sequence[Hashable], budget: _Budget) -> None:
        super().__init__(None, a, b, autojunk=False)
        self.budget = budget

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        end = len(self.a) if ahi is None else ahi
        cost = sum(1 + len(self.b2j.get(item, ())) for item in self.a[alo:end])
        if not self.budget.allows(cost):
            raise _TooExpensiveError
        return super().find_longest_match(alo, ahi, blo, bhi)


def _differing_part(old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[int, int, int]:
    start, end_old, end_new = 0, len(old), len(new)
    while start < end_old and start < end_new and old[start] == new[start]:
        start += 1
    while end_old > start and end_new > start and old[end_old - 1] == new[end_new - 1]:
        end_old, end_new = end_old - 1, end_new - 1
    return start, end_old, end_new
