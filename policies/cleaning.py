"""Makes markup safe and canonical: what may stand in a policy, anchors for headings, plain text, contents list.

Everything that enters a version passes here once, so that a stored version can be printed as it is. It never fetches
and never changes a word.
"""

from dataclasses import dataclass

import lxml.html
import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from lxml import etree

from policies import tables

ALLOWED_TAGS = frozenset(
    "a abbr address aside b blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption "
    "figure h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s section small span strong sub summary sup table tbody td "
    "tfoot th thead time tr u ul var".split()
)
ALLOWED_ATTRIBUTES = {
    "*": {"id", "lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "abbr": {"title"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "scope", "headers"},
    "time": {"datetime"},
}
# Classes that our own block templates write; all others go.
ALLOWED_CLASSES = {
    "aside": {"callout"},
    "div": {"callout", "table-scroll", "live-fact"},
    "p": {"callout__title"},
    "section": {"live-fact"},
    "dl": {"definitions"},
}
ALLOWED_SCHEMES = {"http", "https", "mailto", "tel"}
_DROPPED_WITH_CONTENT = {"script", "style", "template", "iframe", "object", "embed", "noscript"}
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
BLOCK_TAGS = frozenset(
    "address aside blockquote caption dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre section "
    "summary table tbody td tfoot th thead tr ul".split()
)


@dataclass(frozen=True)
class Contents:
    """One line of a table of contents: heading level (2 or 3), anchor, text."""

    level: int
    id: str
    text: str


def clean_html(html: str) -> str:
    """Drop everything that could run, load or mislead; protocol-relative links lose their address."""
    return nh3.clean(
        html,
        tags=set(ALLOWED_TAGS),
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes={tag: set(names) for tag, names in ALLOWED_ATTRIBUTES.items()},
        allowed_classes={tag: set(names) for tag, names in ALLOWED_CLASSES.items()},
        attribute_filter=_keep_attribute,
        url_schemes=ALLOWED_SCHEMES,
        link_rel=None,
        strip_comments=True,
    )


def safe_html(html: str) -> SafeString:
    """Clean markup and mark it as printable."""
    return mark_safe(clean_html(html))  # noqa: S308 - cleaned in the same line


def canonical(html: str) -> str:
    """Clean markup, give each heading an anchor of its own, and write it in one fixed form."""
    root = parse(clean_html(html))
    _unwrap_cells(root)
    _add_anchors(root)
    return _inner_html(root).strip()


def contents(html: str) -> list[Contents]:
    """List the headings of canonical markup, two levels deep."""
    return [
        Contents(
            level=int(heading.tag[1]), id=heading.get("id", ""), text=" ".join(heading.text_content().split())
        )
        for heading in parse(html).iter("h2", "h3")
    ]


def with_table_boxes(html: str) -> str:
    """Put each table that stands in no box of its own (imported ones do) into one, ready for narrow screens."""
    root = parse(html)
    tables.prepare_for_narrow_screens(root)
    for table in root.xpath(".//table[not(ancestor::table)][not(parent::div[@class='table-scroll'])]"):
        box = etree.Element("div", {"class": "table-scroll"})
        box.tail, table.tail = table.tail, None
        table.getparent().replace(table, box)
        box.append(table)
    return _inner_html(root)


def plain_text(html: str) -> str:
    """Return the words of markup: one line a block, single spaces, nothing else."""
    pieces: list[str] = []
    _collect_text(parse(html), pieces)
    lines = ("".join(pieces)).split("\n")
    return "\n".join(line for line in (" ".join(raw.split()) for raw in lines) if line)


def _keep_attribute(_tag: str, name: str, value: str) -> str | None:
    if name == "href" and value.strip().replace("\\", "/").startswith("//"):
        return None
    return value


def parse(html: str) -> etree._Element:
    """Read markup into a tree under one `div`."""
    # huge_tree is lxml.html's default; depth is bounded by the importer before text comes here.
    return lxml.html.fragment_fromstring(html, create_parent="div")


def _inner_html(root: etree._Element) -> str:
    parts = [_escaped(root.text or "")]
    parts += [etree.tostring(child, encoding="unicode", method="html") for child in root]
    return "".join(parts)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unwrap_cells(root: etree._Element) -> None:
    """Write a cell that is one paragraph as its text: the editor adds the paragraph to cells that came without."""
    for cell in root.iter("td", "th"):
        children = list(cell)
        around = [cell.text, *(child.tail for child in children)]
        is_wrapped = [child.tag for child in children] == ["p"] and not children[0].attrib
        if is_wrapped and not any((text or "").strip() for text in around):
            cell.text = children[0].tail = None
            children[0].drop_tag()


def _add_anchors(root: etree._Element) -> None:
    taken = {
        element.get("id") for element in root.iter() if element.get("id") and element.tag not in _HEADINGS
    }
    counts: dict[str, int] = {}
    for heading in root.iter(*_HEADINGS):
        anchor = stem = _anchor_stem(heading)
        while anchor in taken:
            counts[stem] = counts.get(stem, 1) + 1
            anchor = f"{stem}-{counts[stem]}"
        taken.add(anchor)
        heading.set("id", anchor)


def _anchor_stem(heading: etree._Element) -> str:
    given = heading.get("id", "")
    # An anchor that the text brought along stays: links inside the text lead to it.
    return given if len(given.split()) == 1 else slugify(heading.text_content())[:60] or "section"


def _collect_text(element: etree._Element, pieces: list[str]) -> None:
    for event, node in etree.iterwalk(element, events=("start", "end")):
        is_block = node.tag in BLOCK_TAGS
        if event == "start":
            pieces.append("\n" if is_block or node.tag == "br" else "")
            pieces.append((node.text or "").replace("\n", " "))
        else:
            pieces.append("\n" if is_block else "")
            pieces.append((node.tail or "").replace("\n", " ") if node is not element else "")
