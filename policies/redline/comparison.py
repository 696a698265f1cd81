"""Compares two texts word by word, inside the structure of their blocks.

Method: both texts are cut into lines (paragraphs, list items, cells), each with the blocks around it, and the lines
are aligned section by section; the words of similar lines are matched. The result is exact: without its `ins` it has
the words of the old text, without its `del` those of the new one. Words whose formatting or link changed count as
replaced. A text's own `ins` and `del` are shown as `u` and `s`.

The work is bounded by a count of comparisons, not by a clock, so the same pair always gives the same result; beyond
it lines are replaced whole, and `is_coarse` says so. It never changes a version and reads nothing but the two texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from policies.redline import moves
from policies.redline.alignment import Step, align
from policies.redline.reader import Block, Kind, Line, links, read
from policies.redline.sequence_diff import Budget
from policies.redline.writer import Change, Writer, section_label

# Part of the key under which redlines are kept: raise it with every change of the method or of the markup.
ALGORITHM = 10
# How many comparisons one redline may cost, in pairs of equal words; about a second or two at most.
BUDGET = 10_000_000


@dataclass(frozen=True)
class Redline:
    """The finished comparison. `html` is safe to print; `changes` are its anchors in order."""

    html: str
    words_added: int
    words_removed: int
    words_moved: int
    changes: list[Change]
    is_coarse: bool

    @property
    def sections(self) -> list[tuple[str, list[Change]]]:
        """The changes by section, in order: what it is called, and the changes in it."""
        return [(section_label(name), [*run]) for name, run in groupby(self.changes, attrgetter("section"))]

    def sentences(self) -> list[str]:
        """Return every change, uncut and without markup, under a line for its section: for an e-mail, say."""
        return [said for label, found in self.sections for said in (label, *(one.sentence for one in found))]


_LISTS = frozenset({"ul", "ol"})


@dataclass
class _Pairing:
    """Maps blocks of the old text to those of the new one, so that a removed item stays in its list."""

    new_of: dict[Block, Block] = field(default_factory=dict)
    taken: set[Block] = field(default_factory=set)

    def learn(self, old: Line, new: Line) -> None:
        """Pair the blocks around two matched lines, from the outside inwards."""
        for ours, theirs in zip(old.path, new.path, strict=False):
            if ours.tag != theirs.tag and not {ours.tag, theirs.tag} <= _LISTS:
                return  # a removed item would stand in a heading
            known = self.new_of.get(ours)
            if known is None and theirs not in self.taken:
                self.new_of[ours] = theirs
                self.taken.add(theirs)
            elif known is not theirs:
                return

    def place(self, old: Line) -> tuple[Block, ...]:
        """Return the place of a removed line in the new text, as far as that has one."""
        return tuple(self.new_of.get(block, block) for block in old.path)


def compare(old_html: str, new_html: str, *, budget: int = BUDGET) -> Redline:
    """Compare two canonical texts, word by word.

    `budget` bounds the work, in comparisons of two words; what it does not reach for is shown as replaced whole.
    """
    limit = Budget(budget)
    steps = list(align(read(old_html), read(new_html), limit))
    pairing = _Pairing()
    for step in steps:
        if step.old and step.new:
            pairing.learn(step.old, step.new)
    sections = list(_sections(steps))
    moved = moves.find(steps, sections, limit)
    writer = Writer(new_blocks={block for step in steps if step.new for block in step.new.path})
    for place, (step, urls) in enumerate(zip(steps, _urls_to_show(steps), strict=True)):
        writer.begin(sections[place], moved.get(place))
        if step.segments:
            writer.write(step.line.path if step.new else pairing.place(step.line), step.segments, urls)
        else:
            writer.write_kept(step.line)
    return Redline(
        html=writer.finish(),
        words_added=writer.words[Kind.INSERTED],
        words_removed=writer.words[Kind.DELETED],
        words_moved=writer.words[Kind.KEPT] // 2,  # at both ends
        changes=writer.changes,
        is_coarse=limit.exceeded,
    )


def _sections(steps: Iterable[Step]) -> Iterator[str]:
    """Name the section in which each step is shown: that of the new text, or one that was removed.

    A heading inside a live fact holds to the end of that fact.
    """
    section = around = removed = ""
    for old, new, _segments in steps:
        if new:
            removed = ""  # where the new text goes on
            is_fact = any(block.tag == "section" for block in new.path)
            section = new.text if new.is_heading else section if is_fact else around
            around = around if is_fact else section
        elif old and old.is_heading:
            removed = old.text
        yield removed or section


def _urls_to_show(steps: Iterable[Step]) -> Iterator[set[str]]:
    """Find for each step where its links lead, if that changed.

    Of what was replaced whole, many links are gone or new: only those count whose words are in both texts.
    """
    for pair, run in groupby(steps, key=lambda step: step if step.old and step.new else None):
        found = list(run)
        old = links(piece for step in found if step.old for piece in step.old.runs)
        new = links(piece for step in found if step.new for piece in step.new.runs)
        if pair is None:
            in_both = dict(old).keys() & dict(new).keys()
            old, new = ({link for link in one if link[0] in in_both} for one in (old, new))
        yield from [{url for _words, url in old - new} ^ {url for _words, url in new - old}] * len(found)
