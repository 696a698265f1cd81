"""Turns canonical markup, as imports make it, into the blocks that editors know: headings, text, tables and so on.

Nothing is converted on trust: a block is taken only if it prints exactly the markup that it came from, and rich text
only if it also comes through the editor. All else stays “imported text”, which prints as it is. So publishing an
imported text as it stands makes no version. It never changes a word and stores nothing.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import compress, groupby
from threading import get_ident
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from lxml import etree
from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter
from wagtail.blocks import StreamValue

from home.blocks import TEXT_FEATURES
from policies.text import headings, markup, parsing
from policies.text.blocks import PolicyBodyBlock

Block = tuple[str, Any]

# Longer texts stay in one piece: no editor opens thousands of blocks in reasonable time.
MAX_LENGTH = 200_000
MAX_ELEMENTS = 2_000
_MAX_LIST_DEPTH = 4
_LAST_OF_PLANE_0 = "\uffff"
_LISTS = frozenset({"ul", "ol"})
_TEXT = _LISTS | {"p"}
_FORMATTING = frozenset({"a", "strong", "em"})
_RICH = _TEXT | _FORMATTING | {"li", "br"}


_Pair = tuple[etree._Element, Block | None]


class _Candidate(NamedTuple):
    """What a block would hold, as it is stored, and which parts of that are rich text."""

    kind: str
    value: Any
    rich: list[str]


def to_blocks(html: str) -> list[Block]:
    """Return blocks that print this canonical markup."""
    root = parsing.parse(html)
    elements = list(root)
    has_bare_text = any((text or "").strip() for text in (root.text, *(child.tail for child in elements)))
    if len(html) > MAX_LENGTH or len(elements) > MAX_ELEMENTS or has_bare_text:
        return [("imported", html)]
    own_anchors = headings.own_anchors(root)
    pairs = [(element, None if element in own_anchors else _block_of(element)) for element in elements]
    blocks = _joined(pairs)
    return blocks if _print(blocks) == html else [("imported", html)]


def stored_blocks(html: str) -> list[dict[str, Any]]:
    """Return the same blocks as a StreamField stores them."""
    block = _body_block()
    return block.get_prep_value(StreamValue(block, to_blocks(html)))


def to_html(blocks: list[dict[str, Any]]) -> str:
    """Return the canonical markup that stored blocks print."""
    return markup.canonical(_body_block().to_python(blocks).render_as_block())


# --- Checks ----------------------------------------------------------------------------------------------------


@cache
def _body_block() -> PolicyBodyBlock:
    return PolicyBodyBlock()


def _print(blocks: list[Block]) -> str:
    return markup.canonical(StreamValue(_body_block(), blocks).render_as_block())


def _checked(candidate: _Candidate | None, elements: Iterable[etree._Element]) -> Block | None:
    """Make the block, if it prints what it came from and its text comes through the editor."""
    if candidate is None or not all(_survives_editor(rich) for rich in candidate.rich):
        return None
    block_type = _body_block().child_blocks[candidate.kind]
    block = candidate.kind, block_type.to_python(candidate.value)
    try:
        block_type.clean(block[1])  # too long a heading, for one: the editor could not save it
    except ValidationError:
        return None
    printed, expected = _print([block]), _markup(elements)
    if candidate.kind == "heading":
        # Anchors depend on the headings before: they are checked with the whole text.
        printed, expected = _without_anchor(printed), _without_anchor(expected)
    return block if printed == expected else None


def _survives_editor(rich: str) -> bool:
    """Return whether rich text is the same after the editor has read and written it."""
    tree = parsing.parse(rich)
    return (
        all(_is_editable(element) for element in tree.iter() if element is not tree)
        and all(len(list(item.iterancestors(*_LISTS))) <= _MAX_LIST_DEPTH for item in tree.iter("li"))
        and not any(_is_miscounted(element) for element in tree.iter("p", "li"))
        and markup.canonical(_after_editor(rich)) == markup.canonical(rich)
    )


def _after_editor(rich: str) -> str:
    converter = _converter(get_ident())
    return converter.to_database_format(converter.from_database_format(rich))


@cache
def _converter(_thread: int) -> ContentstateConverter:
    """Make one a thread: it has a state while it reads."""
    return ContentstateConverter(TEXT_FEATURES)


def _is_editable(element: etree._Element) -> bool:
    return element.tag in _RICH and element.keys() == (["href"] if element.tag == "a" else [])


def _is_miscounted(element: etree._Element) -> bool:
    """Return whether the formatting of a text would move in the editor.

    Wagtail counts an emoji as one letter and the browser as two, so links and bold after it end up a letter early.
    """
    has_formatting = next(element.iter(*_FORMATTING), None) is not None
    return has_formatting and max(element.text_content(), default="") > _LAST_OF_PLANE_0


def _without_anchor(html: str) -> str:
    root = parsing.parse(html)
    for heading in root:
        heading.attrib.pop("id", None)
    return _markup(root)


# --- Putting together --------------------------------------------------------------------------------------------


def _joined(blocks: list[_Pair]) -> list[Block]:
    """Make one block of paragraphs and lists in a row, and one of markup in a row that stays as it is."""
    result: list[Block] = []
    for kind, group in groupby(blocks, key=lambda pair: pair[1][0] if pair[1] else "imported"):
        pairs = list(group)
        if kind == "imported":
            result.append(("imported", _markup(element for element, _block in pairs)))
        elif kind == "paragraph":
            for stretch in _stretches(pairs):
                result += _text_blocks(stretch)
        else:
            result += [block for _element, block in pairs if block]
    return result


def _stretches(pairs: list[_Pair]) -> Iterator[list[_Pair]]:
    """Part lists that follow each other: the editor would make one list of them."""
    stretch: list[_Pair] = []
    for element, block in pairs:
        if stretch and element.tag in _LISTS and stretch[-1][0].tag in _LISTS:
            yield stretch
            stretch = []
        stretch.append((element, block))
    yield stretch


def _text_blocks(pairs: list[_Pair]) -> list[Block]:
    elements = [element for element, _block in pairs]
    block = _checked(_rich_text(elements), elements)
    return [block] if block else [block for _element, block in pairs if block]


# --- What each element may become ---------------------------------------------------------------------------------


def _block_of(element: etree._Element) -> Block | None:
    makers = {"h2": _heading, "h3": _heading, "table": _table, "aside": _callout, "dl": _definitions}
    if element.tag in _TEXT:
        return _checked(_rich_text([element]), [element])
    maker = makers.get(element.tag)
    return _checked(maker(element), [element]) if maker else None


def _rich_text(elements: Iterable[etree._Element]) -> _Candidate:
    rich = _rich(elements)
    return _Candidate("paragraph", rich, [rich])


def _heading(element: etree._Element) -> _Candidate | None:
    text = element.text or ""
    if len(element):
        return None
    return _Candidate("heading", {"text": text, "level": element.tag[1]}, [])


def _callout(element: etree._Element) -> _Candidate:
    children = list(element)
    has_title = bool(children) and children[0].get("class") == "callout__title"
    title = (children.pop(0).text or "") if has_title else ""
    rich = _rich(children)
    return _Candidate("callout", {"title": title, "text": rich}, [rich])


def _definitions(element: etree._Element) -> _Candidate | None:
    terms, meanings = list(element)[::2], list(element)[1::2]
    if len(terms) != len(meanings):
        return None
    items = [
        {"term": term.text or "", "meaning": _rich(meaning)}
        for term, meaning in zip(terms, meanings, strict=True)
    ]
    return _Candidate("definitions", {"items": items}, [item["meaning"] for item in items])


def _table(element: etree._Element) -> _Candidate | None:
    """Read a table with one row of headings and rows of as many cells."""
    captions, heads, rows = (element.findall(path) for path in ("caption", "thead/tr", "tbody/tr"))
    cells = [list(row) for row in rows]
    if len(heads) != 1 or not cells or any(len(row) != len(heads[0]) for row in cells):
        return None
    are_rich = [any(map(len, column)) for column in zip(*cells, strict=True)]
    columns = [
        {"type": "rich_text" if is_rich else "text", "heading": heading.text or ""}
        for is_rich, heading in zip(are_rich, heads[0], strict=True)
    ]
    stored: list[dict[str, list[str]]] = []
    rich: list[str] = []
    for row in cells:
        values = [
            _rich_cell(cell) if is_rich else cell.text or ""
            for cell, is_rich in zip(row, are_rich, strict=True)
        ]
        stored.append({"values": values})
        rich += compress(values, are_rich)
    caption = (captions[0].text or "") if captions else ""
    return _Candidate("table", {"columns": columns, "rows": stored, "caption": caption}, rich)


def _rich_cell(cell: etree._Element) -> str:
    if any(child.tag in _TEXT for child in cell):
        return _rich(cell)
    return f"<p>{parsing.inner_html(cell, method='xml')}</p>"


def _rich(elements: Iterable[etree._Element]) -> str:
    return "".join(_written(elements, "xml"))  # the editor's reader knows `<br/>` only


def _markup(elements: Iterable[etree._Element]) -> str:
    return "\n".join(_written(elements, "html"))


def _written(elements: Iterable[etree._Element], method: str) -> Iterator[str]:
    for element in elements:
        yield etree.tostring(element, encoding="unicode", method=method, with_tail=False)
