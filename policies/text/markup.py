"""Makes markup safe and canonical: what may stand in a policy, and its plain text.

Everything that enters a version passes here once, so that a stored version can be printed as it is. It never fetches
and never changes a word.
"""

from dataclasses import dataclass

import nh3
from django.utils.safestring import SafeString, mark_safe
from lxml import etree

from policies.text import headings, normalization
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


@dataclass(frozen=True)
class Body:
    """Markup in its canonical form, and its words: one line a block."""

    html: str
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
        headings.add_anchors(root)
        html = inner_html(root).strip()
        if is_settled:
            break
    return Body(html, text_of(root))


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
