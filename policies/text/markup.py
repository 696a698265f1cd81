"""Makes markup safe and canonical: what may stand in a policy, anchors for headings, plain text, contents list.

Everything that enters a version passes here once, so that a stored version can be printed as it is. It never fetches
and never changes a word.
"""

from dataclasses import dataclass

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from lxml import etree

from policies.text import normalization
from policies.text.normalization import BLOCK_TAGS
from policies.text.parsing import CONTROL_CHARACTERS, inner_html, parse, parse_untrusted

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
DROPPED_WITH_CONTENT = {"script", "style", "template", "iframe", "object", "embed", "noscript"}
_MAX_ATTEMPTS = 4
HEADINGS = ("h2", "h3", "h4", "h5", "h6")


@dataclass(frozen=True)
class Body:
    """Markup in its canonical form, and its words: one line a block."""

    html: str
    text: str


@dataclass(frozen=True)
class Contents:
    """One line of a table of contents: heading level (2 or 3), anchor, text."""

    level: int
    id: str
    text: str


def clean_html(html: str) -> str:
    """Drop everything that could run, load or mislead; protocol-relative links lose their URL."""
    return nh3.clean(
        # Well-formed, as nh3 needs a time without bounds for tags that are never closed.
        inner_html(parse_untrusted(html)),
        tags=set(ALLOWED_TAGS),
        clean_content_tags=DROPPED_WITH_CONTENT,
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
    """Clean markup, give each heading an anchor of its own, and write it in its one form."""
    return canonical_body(html).html


def canonical_body(html: str) -> Body:
    """Return the canonical form of markup with its words, which come from the same tree."""
    for _attempt in range(_MAX_ATTEMPTS):
        root = parse(CONTROL_CHARACTERS.sub(" ", clean_html(html)))
        is_settled = normalization.apply(root)
        _add_anchors(root)
        html = inner_html(root).strip()
        if is_settled:
            break
    return Body(html, text_of(root))


def contents(html: str) -> list[Contents]:
    """List the headings of canonical markup, two levels deep."""
    return [
        Contents(int(heading.tag[1]), heading.get("id", ""), " ".join(heading.text_content().split()))
        for heading in parse(html).iter("h2", "h3")
    ]


def plain_text(html: str) -> str:
    """Return the words of markup: one line a block, single spaces, nothing else."""
    return text_of(parse(html))


def text_of(root: etree._Element) -> str:
    """Return the words of a tree, likewise."""
    pieces: list[str] = []
    for event, node in etree.iterwalk(root, events=("start", "end")):
        line_end = "\n" if node.tag in BLOCK_TAGS or (node.tag == "br" and event == "start") else ""
        text = node.text if event == "start" else None if node is root else node.tail
        pieces += [line_end, (text or "").replace("\n", " ")]
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return "\n".join(filter(None, lines))


def _keep_attribute(_tag: str, name: str, value: str) -> str | None:
    if name == "href" and value.strip().replace("\\", "/").startswith("//"):
        return None
    return value


def _add_anchors(root: etree._Element) -> None:
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
