"""Made-up documents for tests of the redline: hypothesis strategies, and what a reader finds in the result."""

import lxml.html
from hypothesis import strategies as st

from policies.text import markup

_WORDS = st.sampled_from("one two three four five six red green blue 10\xa0km <tag> & “quoted” x".split(" "))
TEXT = (
    st.lists(_WORDS, min_size=1, max_size=6)
    .map(" ".join)
    .map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;"))
)
INLINE = st.one_of(
    TEXT,
    TEXT.map(lambda text: f"{text} "),
    st.tuples(st.sampled_from(["b", "em", "code", "ins", "del", "a"]), TEXT).map(
        lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0]}>"
    ),
    TEXT.map(lambda text: f'<a href="/{len(text)}">{text}</a>'),
    TEXT.map(lambda text: f'<b id="{len(text)}">{text}</b>'),
    st.just("<br>"),
)
RUN = st.lists(INLINE, max_size=5).map("".join)


def _element(tag: str, content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return content.map(lambda inner: f"<{tag}>{inner}</{tag}>")


def _row(cell: str) -> st.SearchStrategy[str]:
    return _element("tr", st.lists(_element(cell, RUN), min_size=1, max_size=3).map("".join))


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    many = st.lists(inner, max_size=3).map("".join)
    item = _element("li", st.tuples(RUN, many).map("".join))
    items = st.lists(item, min_size=1, max_size=4).map("".join)
    rows = st.lists(_row("td"), min_size=1, max_size=3).map("".join)
    return st.one_of(
        _element("ul", items),
        _element("ol", items),
        _element("blockquote", many),
        _element("table", st.tuples(_element("thead", _row("th")), _element("tbody", rows)).map("".join)),
        _element("dl", st.tuples(_element("dt", RUN), _element("dd", RUN)).map("".join)),
    )


BLOCK = st.recursive(
    st.one_of(
        _element("p", RUN),
        _element("h2", TEXT),
        _element("h3", TEXT),
        _element("pre", RUN),
        RUN,
        st.just("<hr>"),
    ),
    _nested,
    max_leaves=6,
)
DOCUMENT = st.lists(BLOCK, max_size=8).map("".join).map(markup.canonical)


@st.composite
def two_versions(draw: st.DrawFn, *, most: int = 8) -> tuple[str, str]:
    """Two documents that share most of their blocks, as versions of a policy do."""
    blocks = draw(st.lists(BLOCK, max_size=most))
    changed = [block for block in blocks if draw(st.integers(0, 5))]
    for _ in range(draw(st.integers(0, 2))):
        changed.insert(draw(st.integers(0, len(changed))), draw(BLOCK))
    return markup.canonical("".join(blocks)), markup.canonical("".join(changed))


def words(html: str, *, without: str = "") -> list[str]:
    """The words that a reader sees: not those for screen readers, nor those in elements of one name."""
    root = markup.parse(html)
    hidden = root.findall(".//span[@class='visually-hidden']")
    for element in [*hidden, *(root.iter(without) if without else ())]:
        element.drop_tree()
    return markup.plain_text(lxml.html.tostring(root, encoding="unicode")).split()
