"""Brings equal texts into one form of markup: white space, formatting, lists, tables.

The editor, Markdown and Word each have their own way to write one and the same text (`b` or `strong`, a paragraph in
a list item or none, blanks inside or outside of a link). Versions are compared as markup, so each text needs one form.
It works in place on a tree that was cleaned before, and never changes a word or the order of words.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from lxml import etree

from policies.text import tables
from policies.text.parsing import SPACE

BLOCK_TAGS = frozenset(
    "address aside blockquote caption dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre section "
    "summary table tbody td tfoot th thead tr ul".split()
)
_OWN_LINE = BLOCK_TAGS | {"col", "colgroup"}
_SAME = {"b": "strong", "i": "em"}
_LISTS = frozenset({"ol", "ul"})
_SPACES = re.compile(f"[{SPACE}]+")


class _Format(NamedTuple):
    """What a stretch of text looks like, from the outside inwards: where it leads to, strong, emphasised."""

    href: str | None = None
    strong: bool = False
    em: bool = False

    def common(self, other: "_Format") -> "_Format":
        """Return what two neighbours share."""
        href = self.href if self.href == other.href else None
        return _Format(href, self.strong and other.strong, self.em and other.em)


class _Piece(NamedTuple):
    """A stretch of text, or an element that stays as it is."""

    format: _Format
    text: str
    element: etree._Element | None = None

    @property
    def tag(self) -> str:
        return "" if self.element is None else self.element.tag


_PLAIN = _Format()


def apply(root: etree._Element) -> bool:
    """Bring a cleaned tree into its one form.

    Returns False where blocks stand inside of links or the like, which a parser may read otherwise the next time.
    """
    for element in root.iter(*_SAME):
        element.tag = _SAME[element.tag]
    drop_tags(link for link in root.iter("a") if not link.attrib)
    drop_tags(_empty_looks(root))
    drop_tags(_empty_paragraphs(root))
    drop_tags(box for box in root.iter("div") if _is_table_box(box))
    for element in list(root.iter("td", "th", "li")):
        _unwrap_paragraph(element)
    tables.add_scopes(root)
    for pre in root.iter("pre"):  # parsers drop a line end there, one each time
        pre.text = (pre.text or "").lstrip("\n")
    return _lay_out_all(root)


def drop_tags(elements: Iterable[etree._Element]) -> None:
    """Drop elements and leave what is inside of them, all at once: one by one, each would look for its place anew.

    They come in the order of the text.
    """
    dropped = list(elements)
    known = set(dropped)
    parents = [element.getparent() for element in reversed(dropped)]  # from the inside outwards
    for parent in dict.fromkeys(parents):
        _write_without_tags(parent, known)


def _write_without_tags(parent: etree._Element, dropped: set[etree._Element]) -> None:
    content = list(_content_without_tags(parent, dropped))
    for child in list(parent):
        parent.remove(child)
    parent.text = None
    for is_text, group in groupby(content, key=lambda piece: isinstance(piece, str)):
        if is_text:
            _append_text(parent, "".join(group))
        else:
            parent.extend(group)


def _content_without_tags(
    parent: etree._Element, dropped: set[etree._Element]
) -> Iterator[str | etree._Element]:
    yield parent.text or ""
    for child in list(parent):
        tail, child.tail = child.tail or "", None
        if child in dropped:
            yield from _content_without_tags(child, dropped)
        else:
            yield child
        yield tail


def _empty_paragraphs(root: etree._Element) -> list[etree._Element]:
    bare = (paragraph for paragraph in root.iter("p") if not len(paragraph) and not paragraph.attrib)
    found = [paragraph for paragraph in bare if not (paragraph.text or "").strip(SPACE)]
    for paragraph in found:
        paragraph.text = None
    return found


def _empty_looks(root: etree._Element) -> list[etree._Element]:
    """Find the formatting that holds nothing, or only more of that."""
    found: set[etree._Element] = set()
    elements = list(root.iter("a", "strong", "em"))
    for look in reversed(elements):  # from the inside outwards
        inside = list(look)
        around = [look.text, *(child.tail for child in inside)]
        has_text = any((text or "").strip(SPACE) for text in around)
        if not has_text and found.issuperset(inside) and _format_inside(look, _PLAIN):
            found.add(look)
    return [look for look in elements if look in found]


def _is_table_box(box: etree._Element) -> bool:
    """Return whether a box only lets a wide table scroll: pages put one around each table when they print it."""
    return dict(box.attrib) == {"class": "table-scroll"} and [child.tag for child in box] == ["table"]


def _unwrap_paragraph(element: etree._Element) -> None:
    """Write a cell or an item whose text is one paragraph as that text. Lists below an item's text stay there.

    The editor adds the paragraph to cells that came without, and takes it from items that came with one.
    """
    children = list(element)
    if not children or children[0].tag != "p" or children[0].attrib:
        return
    below = _LISTS if element.tag == "li" else frozenset()
    around = [element.text, *(child.tail for child in children)]
    if all(child.tag in below for child in children[1:]) and not any((text or "").strip() for text in around):
        children[0].drop_tag()


# --- Lines -----------------------------------------------------------------------------------------------------


def _lay_out_all(root: etree._Element) -> bool:
    elements = list(root.iter())  # kept, so that each element is one and the same object until the end
    with_blocks = _with_blocks_inside(elements)
    kept = {inside for pre in root.iter("pre") for inside in pre.iter()}
    for element in reversed(elements):  # from the inside outwards
        if element not in kept and (element.tag in _OWN_LINE or element in with_blocks):
            _lay_out(element, with_blocks)
    return all(element.tag in _OWN_LINE for element in with_blocks)


def _with_blocks_inside(elements: list[etree._Element]) -> set[etree._Element]:
    found: set[etree._Element] = set()
    for element in elements:
        outer = element.getparent() if element.tag in _OWN_LINE else None
        while outer is not None and outer not in found:
            found.add(outer)
            outer = outer.getparent()
    return found


def _lay_out(container: etree._Element, with_blocks: set[etree._Element]) -> None:
    """Write each block in a container, and each line of text between blocks, on a line of its own."""
    pieces = list(_pieces(container, _PLAIN, with_blocks))
    for child in list(container):
        container.remove(child)
    container.text = None
    is_empty, ends_with_block = True, False
    for is_block, group in groupby(pieces, key=lambda piece: piece.tag in _OWN_LINE):
        stretch = list(group)
        if is_block:
            for piece in stretch:
                _append_text(container, "\n")
                container.append(piece.element)
            is_empty, ends_with_block = False, True
        elif line := list(_spaced(stretch)):
            if not is_empty:
                _append_text(container, "\n")
            _write(container, line)
            is_empty, ends_with_block = False, False
    if ends_with_block:
        _append_text(container, "\n")


def _pieces(element: etree._Element, form: _Format, with_blocks: set[etree._Element]) -> Iterator[_Piece]:
    """Take the content of an element apart; formatting goes with the text."""
    if element.text:
        yield _Piece(form, _SPACES.sub(" ", element.text))
    for child in list(element):
        tail, child.tail = child.tail, None
        inner = None if child in with_blocks else _format_inside(child, form)
        if inner is not None:
            yield from _pieces(child, inner, with_blocks)
        else:
            if child.tag not in _OWN_LINE and child not in with_blocks:
                _collapse_spaces(child)
            yield _Piece(form, "", child)
        if tail:
            yield _Piece(form, _SPACES.sub(" ", tail))


def _format_inside(element: etree._Element, outer: _Format) -> _Format | None:
    """Return what text inside an element looks like; None where the element is more than a look."""
    if element.tag == "a" and element.keys() == ["href"] and outer.href is None:
        return outer._replace(href=element.get("href"))
    if element.tag in {"strong", "em"} and not element.attrib:
        return _Format(outer.href, outer.strong or element.tag == "strong", outer.em or element.tag == "em")
    return None


def _collapse_spaces(element: etree._Element) -> None:
    for inside in element.iter():
        inside.text = _SPACES.sub(" ", inside.text or "") or None
        if inside is not element:
            inside.tail = _SPACES.sub(" ", inside.tail or "") or None


def _spaced(line: Iterable[_Piece]) -> Iterator[_Piece]:
    """Leave one space between words, none at the ends and around breaks; it looks like what its neighbours share."""
    before: _Piece | None = None
    has_space = False
    for piece in line:
        text = piece.text.strip(" ")
        if not text and piece.element is None:
            has_space = has_space or bool(piece.text)
            continue
        if (has_space or piece.text.startswith(" ")) and before and "br" not in (before.tag, piece.tag):
            yield _Piece(before.format.common(piece.format), " ")
        yield piece._replace(text=text)
        before, has_space = piece, piece.text.endswith(" ")


def _write(parent: etree._Element, line: Iterable[_Piece], level: int = 0) -> None:
    if level == len(_Format._fields):
        for is_text, group in groupby(line, key=lambda piece: piece.element is None):
            if is_text:
                _append_text(parent, "".join([piece.text for piece in group]))
            else:
                parent.extend([piece.element for piece in group])
        return
    for value, group in groupby(line, key=lambda piece: piece.format[level]):
        if value is None or value is False:
            _write(parent, group, level + 1)
        elif level == 0:
            _write(etree.SubElement(parent, "a", {"href": value}), group, level + 1)
        else:
            _write(etree.SubElement(parent, _Format._fields[level]), group, level + 1)


def _append_text(parent: etree._Element, text: str) -> None:
    last = next(parent.iterchildren(reversed=True), None)  # len() would count all of them each time
    if last is None:
        parent.text = (parent.text or "") + text
    else:
        last.tail = (last.tail or "") + text
