"""Made-up documents for tests of the redline: hypothesis strategies, and what a reader finds in the result."""

import random
from collections.abc import Callable

import lxml.html
from hypothesis import strategies as st

from policies.text import markup

_WORDS = "one two three four five six red green blue 10\xa0km &lt;tag&gt; &amp; “quoted” x".split(" ")
# The text between the tags is drawn from these: drawn word by word, it took hypothesis ten times as long as the tests.
_DICE = random.Random(20_261_126)  # noqa: S311 - a fixed seed, not a secret


def _text() -> str:
    return " ".join(_DICE.choices(_WORDS, k=_DICE.randint(1, 6)))


def _inline() -> str:
    text = _text()
    tag = _DICE.choice(["b", "em", "code", "ins", "del", "a"])
    return _DICE.choice(
        [
            text,
            f"{text} ",
            f"<{tag}>{text}</{tag}>",
            f'<a href="/{len(text)}">{text}</a>',
            f'<b id="{len(text)}">{text}</b>',
            "<br>",
        ]
    )


def _run() -> str:
    return "".join(_inline() for _ in range(_DICE.randint(0, 5)))


def _some(make: Callable[[], str], number: int) -> st.SearchStrategy[str]:
    """Draw from so many made ones, the shortest first: that is what hypothesis reduces a failure to."""
    return st.sampled_from(sorted({make() for _ in range(number)}, key=lambda made: (len(made), made)))


TEXT = _some(_text, 1_000)
RUN = _some(_run, 3_000)


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
    """The words of the texts: not those that the redline adds, nor those in elements of one name."""
    root = markup.parse(html)
    added = root.xpath(".//*[@class='visually-hidden' or @class='redline-note']")
    for element in [*added, *(root.iter(without) if without else ())]:
        element.drop_tree()
    return markup.plain_text(lxml.html.tostring(root, encoding="unicode")).split()
