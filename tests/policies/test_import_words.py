"""An import keeps every word in its place, as GitHub's renderer shows the same text."""

import re
from pathlib import Path

import cmarkgfm
import lxml.html
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st

from policies.importing import markdown

TEXTS = sorted(Path("demo/texts").glob("*.md"))
WORDS = st.sampled_from(
    ["we", "keep your", "größe", "for 30 days", "naïve, or not", "A & B", "x < y", "5 * 6 * 7", "a_b_c"]
)


def emphasis(words: str) -> st.SearchStrategy[str]:
    marks = [
        "{}",
        "**{}**",
        "*{}*",
        "`{}`",
        "[{}](/there)",
        "![{}](/seal.png)",
        "<b>{}</b>",
        '<img alt="{}">',
    ]
    return st.sampled_from(marks).map(lambda mark: mark.format(words))


LINE = st.lists(WORDS.flatmap(emphasis), min_size=1, max_size=4).map(" ".join)
BLOCK = st.one_of(
    LINE,
    st.tuples(st.sampled_from(["## ", "### ", "> ", "- ", "1. ", "    "]), LINE).map("".join),
    st.lists(LINE, min_size=2, max_size=3).map(lambda lines: "\n".join(f"- {line}" for line in lines)),
    st.tuples(WORDS, WORDS).map(lambda cells: "| {} | {} |\n|---|---|\n| {} | {} |".format(*cells, *cells)),
)
DOCUMENT = st.lists(BLOCK, min_size=1, max_size=6).map("\n\n".join)


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def words_elsewhere(text: str) -> list[str]:
    """Return the words in the order in which the other renderer shows them, descriptions of pictures included."""
    html = cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)
    root = lxml.html.fragment_fromstring(html, create_parent="div")
    for image in root.iter("img"):
        image.tail = f"{image.get('alt', '')}{image.tail or ''}"
    return words(" ".join(root.itertext()))


def words_here(text: str) -> list[str]:
    document = markdown.convert(text, fallback_title="None")
    heading = "" if document.title == "None" else document.title
    root = lxml.html.fragment_fromstring(document.body.html, create_parent="div")
    return words(" ".join([heading, *root.itertext()]))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_real_text_keeps_its_words_in_their_places(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert words_here(text) == words_elsewhere(text)


@given(text=DOCUMENT)
def test_any_text_keeps_its_words_in_their_places(text: str) -> None:
    assert words_here(text) == words_elsewhere(text)


def test_a_heading_before_the_text_becomes_the_title() -> None:
    text = "# House *rules*\n\nBe kind."
    assert words_here(text) == words_elsewhere(text) == ["House", "rules", "Be", "kind"]
