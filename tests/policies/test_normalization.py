"""Equal text is written equally, whoever wrote it: the editor, Markdown or Word."""

import time
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.text import markup


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>a <b>b</b> <i>c</i></p>", "<p>a <strong>b</strong> <em>c</em></p>"),
        ("<p>a<b> b </b>c</p>", "<p>a <b>b</b> c</p>"),
        ('<p><b><a href="/x">a</a></b></p>', '<p><a href="/x"><b>a</b></a></p>'),
        ("<p><b>a </b><b><i>b</i></b></p>", "<p><b>a <i>b</i></b></p>"),
        ("<p> a\nb\t c </p>", "<p>a b c</p>"),
        ("<p>a<br>\n b</p>", "<p>a <br/>b</p>"),
        ("<p>a</p><p> </p><p>b</p>", "<p>a</p>\n\n<p>b</p>"),
        ("<p><a>a</a></p>", "<p>a</p>"),
        ("<pre>\n\na</pre>", "<pre>a</pre>"),
        ("<ul><li><p>a</p></li></ul>", "<ul>\n  <li>a</li>\n</ul>"),
        ("<ul><li><p>a</p><ol><li>b</li></ol></li></ul>", "<ul><li>a<ol><li>b</li></ol></li></ul>"),
        (
            '<div class="table-scroll"><table><thead><tr><th scope="col">a</th></tr></thead></table></div>',
            "<table><thead><tr><th><p>a</p></th></tr></thead></table>",
        ),
    ],
)
def test_two_ways_to_write_a_text_become_one(one: str, other: str) -> None:
    assert markup.canonical(one) == markup.canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>a b</p>", "<p>ab</p>"),
        ("<p>a <b>b</b></p>", "<p>a b</p>"),
        ('<p><a href="/x">a</a></p>', '<p><a href="/y">a</a></p>'),
        ("<p>a</p><p>b</p>", "<p>a<br>b</p>"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<ul><li><p>a</p><p>b</p></li></ul>", "<ul><li>a<p>b</p></li></ul>"),
        ("<p>a\u00a0b</p>", "<p>a b</p>"),
        ("<pre>a  b</pre>", "<pre>a b</pre>"),
        ('<p id="x">a</p>', "<p>a</p>"),
    ],
)
def test_what_reads_differently_stays_different(one: str, other: str) -> None:
    assert markup.canonical(one) != markup.canonical(other)


def test_a_space_looks_like_what_its_neighbours_share() -> None:
    html = "<p>a<b> b </b>c <b>d</b><b> <i>e</i></b></p>"
    assert markup.canonical(html) == "<p>a <strong>b</strong> c <strong>d <em>e</em></strong></p>"


def test_what_is_more_than_a_look_stays_where_it_is() -> None:
    html = '<p>a <q>b <em>c</em> d</q> <a href="/x" title="y">e</a> <code>f</code></p>'
    assert markup.canonical(html) == html


def test_a_control_character_is_no_error() -> None:
    assert markup.canonical("<p>a&#1;b\x0bc</p>") == "<p>a b c</p>"


def _element(tags: list[str], inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda tag, parts: f"<{tag}{' href=x' * (tag == 'a')}>{''.join(parts)}</{tag}>",
        st.sampled_from(tags),
        st.lists(inner, max_size=3),
    )


_INLINE = st.recursive(
    st.text(alphabet="ab \n\u00a0<&", max_size=5).map(escape) | st.just("<br>"),
    lambda inner: _element(["b", "strong", "i", "em", "a", "code", "sup"], inner),
    max_leaves=6,
)
_BLOCKS = st.recursive(
    _element(["p", "h2", "h4", "pre"], _INLINE),
    lambda inner: (
        _element(["ul", "ol"], _element(["li"], inner | _INLINE))
        | _element(["div", "blockquote"], inner | _INLINE)
        | _element(["table"], _element(["tr"], _element(["td", "th"], inner | _INLINE)))
    ),
    max_leaves=8,
)
_MARKUP = st.lists(_BLOCKS, max_size=4).map("".join)


@settings(max_examples=150, deadline=None)
@given(_MARKUP)
def test_the_one_form_is_stable_and_has_the_same_words(html: str) -> None:
    body = markup.canonical_body(html)
    once = body.html
    assert body.text == markup.plain_text(once)
    before = markup.plain_text(markup.clean_html(html))

    assert markup.canonical(once) == once
    assert "".join(markup.plain_text(once).split()) == "".join(before.split())


@pytest.mark.slow
def test_a_long_text_takes_a_time_in_proportion_to_its_length() -> None:
    html = "<p>Lorem <b>ipsum</b> dolor</p>" * 30_000
    start = time.perf_counter()
    markup.canonical(html)

    assert time.perf_counter() - start < 20  # it is about two seconds; quadratic work would take minutes
