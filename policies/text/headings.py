"""Gives the headings of a text their anchors, and lists them as a table of contents."""

from dataclasses import dataclass

from django.utils.text import slugify
from lxml import etree

from policies.text.parsing import parse

HEADINGS = ("h2", "h3", "h4", "h5", "h6")


@dataclass(frozen=True)
class Contents:
    """One line of a table of contents: heading level (2 or 3), anchor, text."""

    level: int
    id: str
    text: str


def contents(html: str) -> list[Contents]:
    """List the headings of canonical markup, two levels deep."""
    return [
        Contents(int(heading.tag[1]), heading.get("id", ""), " ".join(heading.text_content().split()))
        for heading in parse(html).iter("h2", "h3")
    ]


def add_anchors(root: etree._Element) -> None:
    """Give each heading an anchor of its own."""
    anchors = _Anchors(root)
    for heading in root.iter(*HEADINGS):
        # An anchor that the text brought along stays: links inside the text lead to it.
        given = heading.get("id", "")
        heading.set("id", anchors.take(given if len(given.split()) == 1 else _anchor_of(heading)))


def own_anchors(root: etree._Element) -> set[etree._Element]:
    """Find the headings of canonical markup that would get other anchors if theirs were not written down."""
    anchors = _Anchors(root)
    found = set()
    for heading in root.iter(*HEADINGS):
        if anchors.next(_anchor_of(heading)) == heading.get("id"):
            anchors.take(_anchor_of(heading))
        else:
            anchors.take(heading.get("id"))
            found.add(heading)
    return found


def _anchor_of(heading: etree._Element) -> str:
    return slugify(heading.text_content())[:60] or "section"


class _Anchors:
    """Hands out each anchor once, headings in their order."""

    def __init__(self, root: etree._Element) -> None:
        self.taken = {element.get("id") for element in root.iter() if element.tag not in HEADINGS}
        self.counts: dict[str, int] = {}

    def next(self, stem: str) -> str:
        """Return the anchor that a heading would get."""
        anchor, count = stem, self.counts.get(stem, 1)
        while anchor in self.taken:
            count += 1
            anchor = f"{stem}-{count}"
        return anchor

    def take(self, stem: str) -> str:
        anchor = self.next(stem)
        self.taken.add(anchor)
        if anchor != stem:
            self.counts[stem] = int(anchor.rpartition("-")[2])
        return anchor
