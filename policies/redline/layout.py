"""Lays a finished redline out for readers: unchanged stretches folded, or old and new text side by side.

Both are made from the blocks at the top of the redline's markup. A block with a change is never folded, so a jump to
a change never ends in something closed. No word is added or lost: without what stands between its blocks, a layout
holds exactly the words of the redline. It compares nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import NamedTuple

import lxml.html
from lxml import etree

from policies.text.markup import BLOCK_TAGS
from policies.text.parsing import inner_html, parse

_SMALLEST_FOLD = 3  # blocks; fewer are shown, as the line that says so would be as long
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_MARKS = ("ins", "del")
_CELLS = frozenset({"td", "th"})


class Row(NamedTuple):
    """A block of the old text beside that of the new one: twice the same if nothing changed. One may be empty."""

    old: str
    new: str
    is_changed: bool


@dataclass(frozen=True)
class Passage:
    """A stretch of the redline: its blocks (as rows if side by side), or how many unchanged blocks are `folded`."""

    html: str = ""
    folded: int = 0
    rows: Sequence[Row] = ()


@dataclass
class _Block:
    """An element at the top of a redline, or loose text between two such."""

    root: etree._Element  # a `div` around it

    @property
    def is_heading(self) -> bool:
        return len(self.root) == 1 and self.root[0].tag in _HEADINGS

    @property
    def is_changed(self) -> bool:
        return next(self.root.iter(*_MARKS), None) is not None

    def without(self, mark: str, *, keeps_ids: bool = True) -> str:
        """Return its markup as one of the two texts has it: empty if that has no such block."""
        root = deepcopy(self.root)
        for element in list(root.iter(mark)):
            parent = element.getparent()
            element.drop_tree()
            _drop_empty(parent, root)
        if not keeps_ids:
            # Each anchor is unique on the page: what both columns have keeps its anchor in the new one.
            for element in root.xpath(".//*[@id][not(ancestor-or-self::del)]"):
                del element.attrib["id"]
        return inner_html(root).strip()


def inline(html: str) -> list[Passage]:
    """Fold the unchanged stretches of a redline."""
    return [
        Passage(_markup(stretch), folded=len(stretch) if is_folded else 0)
        for is_folded, stretch in _stretches(list(_blocks(html)))
    ]


def side_by_side(html: str) -> list[Passage]:
    """Put the old text beside the new one, block by block, unchanged stretches folded."""
    return [
        Passage(_markup(stretch), folded=len(stretch)) if is_folded else Passage(rows=list(_rows(stretch)))
        for is_folded, stretch in _stretches(list(_blocks(html)))
    ]


def _markup(blocks: Iterable[_Block]) -> str:
    return "".join(inner_html(block.root) for block in blocks)


def _rows(blocks: Iterable[_Block]) -> Iterator[Row]:
    # Blocks that one text has wait for those that stand in the other in their place.
    removed: list[str] = []
    added: list[str] = []
    for block in blocks:
        old, new = block.without("ins", keeps_ids=False), block.without("del")
        if (old and added) or (old and new):
            yield from _paired(removed, added)
            removed, added = [], []
        if old and new:
            yield Row(old, new, block.is_changed)
        elif old:
            removed.append(old)
        elif new:
            added.append(new)
    yield from _paired(removed, added)


def _paired(removed: list[str], added: list[str]) -> Iterator[Row]:
    """Put what was only removed beside what was only added after it."""
    for old, new in zip_longest(removed, added, fillvalue=""):
        yield Row(old, new, is_changed=True)


def _stretches(blocks: list[_Block]) -> Iterator[tuple[bool, list[_Block]]]:
    """Cut the blocks into stretches to fold and to show."""
    shown = _shown(blocks)
    for is_shown, run in groupby(range(len(blocks)), key=lambda place: place in shown):
        places = list(run)
        if not is_shown and len(places) < _SMALLEST_FOLD:
            shown.update(places)
    for is_shown, run in groupby(range(len(blocks)), key=lambda place: place in shown):
        yield not is_shown, [blocks[place] for place in run]


def _shown(blocks: list[_Block]) -> set[int]:
    """Return which blocks stay open: the changed ones, one on either side, and the heading above."""
    shown: set[int] = set()
    heading = -1
    for place, block in enumerate(blocks):
        if block.is_heading:
            heading = place
        if block.is_changed:
            shown |= {place - 1, place, place + 1, heading}
    return shown


def _blocks(html: str) -> Iterator[_Block]:
    root = parse(html)
    boxes = [_box(root.text)]
    for child in list(root):
        tail, child.tail = child.tail, None
        if child.tag in BLOCK_TAGS:
            boxes += [_box(None, child), _box(tail)]
        else:
            child.tail = tail
            boxes[-1].append(child)
    yield from (_Block(box) for box in boxes if len(box) or (box.text or "").strip())


def _box(text: str | None, *children: etree._Element) -> etree._Element:
    box = lxml.html.Element("div")
    box.text = text
    box.extend(children)
    return box


def _drop_empty(element: etree._Element, root: etree._Element) -> None:
    """Drop a block in which nothing is left, and those around it; a row when its cells are all empty."""
    while element is not root and not "".join(element.itertext()).strip():
        parent = element.getparent()
        if element.tag not in _CELLS:
            element.drop_tree()
        element = parent
