"""Lays a finished redline out for readers: unchanged stretches folded, or old and new text side by side.

Both are made from the blocks at the top of the redline's markup. A block with a change is never folded, so a jump to
a change never ends in something closed; of a changed table, unchanged rows are. No word is added or lost: without what
stands between its blocks, a layout holds exactly the words of the redline. It compares nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple

import lxml.html
from django.utils.translation import ngettext
from lxml import etree

from policies.text.headings import HEADINGS
from policies.text.markup import BLOCK_TAGS
from policies.text.parsing import inner_html, parse

_SMALLEST_FOLD = 3  # blocks; fewer are shown, as the line that says so would be as long
_SMALLEST_FOLD_OF_ROWS = 2
_MARKS = ("ins", "del")
_FATES = {"": "", "del": "removed", "ins": "added", "moved": "moved"}
_UNMARKED = etree.XPath("boolean(.//text()[normalize-space()][not(ancestor::ins|ancestor::del)])")
_CELLS = frozenset({"td", "th"})


class Row(NamedTuple):
    """A block of the old text beside that of the new one: twice the same if nothing changed. One may be empty.

    A row `is_whole` if it shows what was removed, added or rewritten whole: several blocks, if need be.
    """

    old: str
    new: str
    is_changed: bool
    is_whole: bool = False


@dataclass(frozen=True)
class Passage:
    """A stretch of the redline: its blocks (in parts, or as rows), or how many unchanged blocks are `folded`.

    Each part has a fate, which is that of all its words: removed, added, moved, or the old or new form of something
    that was rewritten. Other blocks have none.
    """

    html: str = ""
    folded: int = 0
    parts: Sequence[tuple[str, str]] = ()  # fate, markup
    rows: Sequence[Row] = ()

    @property
    def folded_tables(self) -> int:
        """How many tables are folded, where nothing else is."""
        return self.html.count("<table") if self.folded == 1 else 0


@dataclass
class _Block:
    """An element at the top of a redline, or loose text between two such."""

    root: etree._Element  # a `div` around it

    @property
    def is_heading(self) -> bool:
        return len(self.root) == 1 and self.root[0].tag in HEADINGS

    @cached_property
    def has_rows(self) -> bool:
        """Whether it has rows enough to be worth a fold of its own."""
        return len(self.root.xpath(".//table/tbody/tr")) >= _SMALLEST_FOLD_OF_ROWS

    @cached_property
    def is_changed(self) -> bool:
        return _is_changed(self.root)

    @cached_property
    def mark(self) -> str:
        """`ins` or `del` if all its words are in marks of that name, `moved` if some moved there; empty otherwise."""
        marks = {mark.tag: "" for mark in self.root.iter(*_MARKS)}
        if len(marks) != 1 or _UNMARKED(self.root):
            return ""
        return "moved" if self.root.find(".//*[@class='moved']") is not None else marks.popitem()[0]

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
    """Fold the unchanged stretches of a redline, and say of what was removed or added whole that it was."""
    return [
        Passage(_markup(stretch), folded=len(stretch))
        if is_folded
        else Passage(_markup(stretch), parts=[(fate, _markup(group)) for fate, group in _fates(stretch)])
        for is_folded, stretch in _stretches(list(_blocks(html)))
    ]


def side_by_side(html: str) -> list[Passage]:
    """Put the old text beside the new one, passage by passage, unchanged stretches folded."""
    return [
        Passage(_markup(stretch), folded=len(stretch)) if is_folded else Passage(rows=list(_rows(stretch)))
        for is_folded, stretch in _stretches(list(_blocks(html)))
    ]


def _markup(blocks: Iterable[_Block]) -> str:
    return "".join(inner_html(block.root) for block in blocks)


def _fates(blocks: list[_Block]) -> Iterator[tuple[str, list[_Block]]]:
    """Group the blocks that share a fate; what was removed or added goes section by section."""
    sections = accumulate(bool(block.mark and block.is_heading) for block in blocks)
    runs = groupby(zip(sections, blocks, strict=True), key=lambda pair: (pair[0], pair[1].mark))
    groups = [(mark, [block for _section, block in run]) for (_section, mark), run in runs]
    is_new = False
    for (mark, group), (mark_after, after) in pairwise([*groups, ("", [])]):
        is_old = (mark, mark_after) == ("del", "ins") and not (group[0].is_heading or after[0].is_heading)
        yield "old" if is_old else "new" if is_new else _FATES[mark], group
        is_new = is_old


def _rows(blocks: list[_Block]) -> Iterator[Row]:
    old = ""
    for fate, group in _fates(blocks):
        if fate in ("", "moved"):
            texts = ((b.without("ins", keeps_ids=False), b.without("del"), b.is_changed) for b in group)
            yield from (Row(*text) for text in texts)
        elif fate == "old":
            old = _markup(group)
        else:
            new = "" if fate == "removed" else _markup(group)
            yield Row(old if new else _markup(group), new, is_changed=True, is_whole=True)
            old = ""


def _stretches(blocks: list[_Block]) -> Iterator[tuple[bool, list[_Block]]]:
    """Cut the blocks into stretches to fold and to show."""
    shown = _shown(blocks)
    for is_shown, run in groupby(range(len(blocks)), key=lambda place: place in shown):
        places = list(run)
        if not (is_shown or len(places) >= _SMALLEST_FOLD or any(blocks[place].has_rows for place in places)):
            shown.update(places)
    for is_shown, run in groupby(range(len(blocks)), key=lambda place: place in shown):
        yield not is_shown, [blocks[place] for place in run]


def _shown(blocks: list[_Block]) -> set[int]:
    """Return which blocks stay open: the changed ones, one on either side but no table, and the heading above."""
    shown: set[int] = set()
    heading = -1
    for place, block in enumerate(blocks):
        if block.is_heading:
            heading = place
        if block.is_changed:
            shown |= {place, heading}
        elif not block.has_rows and any(near.is_changed for near in blocks[max(place - 1, 0) : place + 2]):
            shown.add(place)
    return shown


def _blocks(html: str) -> Iterator[_Block]:
    root = parse(html)
    for table in root.iter("table"):
        _fold_rows(table)
    boxes = [_box(root.text)]
    for child in list(root):
        tail, child.tail = child.tail, None
        if child.tag in BLOCK_TAGS:
            boxes += [_box(None, child), _box(tail)]
        else:
            child.tail = tail
            boxes[-1].append(child)
    yield from (_Block(box) for box in boxes if len(box) or (box.text or "").strip())


def _fold_rows(table: etree._Element) -> None:
    """Fold each run of unchanged rows of a changed table; style sheets hide it until its switch is on."""
    if not _is_changed(table) or table.xpath(".//table | .//*[@rowspan]"):
        return
    for body in table.findall("tbody"):
        for is_changed, rows in [
            (is_changed, list(run)) for is_changed, run in groupby(body, key=_is_changed)
        ]:
            for part in _bodies(rows, is_changed=is_changed):
                body.addprevious(part)
        body.drop_tree()


def _bodies(rows: list[etree._Element], *, is_changed: bool) -> Iterator[etree._Element]:
    """Put rows into a body of their own, behind a switch if they are to be folded."""
    count = len(rows)
    is_folded = not is_changed and count >= _SMALLEST_FOLD_OF_ROWS
    if is_folded:
        words = ngettext("%(count)s unchanged row", "%(count)s unchanged rows", count) % {"count": count}
        switch = f'<label><input type="checkbox"> {words}</label>'
        cell = f'<td class="redline-note" colspan="{len(rows[0])}">{switch}</td>'
        table = parse(f'<table><tbody class="rows-switch"><tr>{cell}</tr></tbody></table>')
        yield table[0][0]
    body = lxml.html.Element("tbody", {"class": "rows-folded"} if is_folded else {})
    body.extend(rows)
    yield body


def _is_changed(element: etree._Element) -> bool:
    return next(element.iter(*_MARKS), None) is not None


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
