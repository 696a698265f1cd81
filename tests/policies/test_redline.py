"""The redline is exact, well formed and bounded."""

import random
import time
from html.parser import HTMLParser

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.redline import cached_comparison, comparison
from policies.redline.comparison import Redline
from policies.text import markup
from tests.policies.documents import DOCUMENT, two_versions, words


def assert_exact(old: str, new: str, **options: int) -> Redline:
    result = comparison.compare(old, new, **options)
    assert words(result.html, without="ins") == words(old)
    assert words(result.html, without="del") == words(new)
    return result


@settings(max_examples=300, deadline=None)
@given(two_versions())
def test_without_ins_it_is_the_old_text_and_without_del_the_new_one(versions: tuple[str, str]) -> None:
    assert_exact(*versions)


def test_a_removed_list_whose_heading_stays_leaves_no_item_in_the_heading() -> None:
    nested = "<ul>\n<li></li>\n<li>\n<ul>\n<li>\n<h2>Post</h2>\n</li>\n</ul>\n</li>\n</ul>\nwe send"
    result = assert_exact(nested, "<h2>Post</h2>")
    assert "<h2><li>" not in result.html


@settings(max_examples=100, deadline=None)
@given(DOCUMENT, DOCUMENT)
def test_it_is_exact_for_unrelated_texts_and_with_no_time_at_all(old: str, new: str) -> None:
    assert_exact(old, new)
    assert_exact(old, new, budget=0)


_FEW_WORDS = st.lists(st.sampled_from([*"abcdefgh", "<b>i</b>", "<br>"]), max_size=60).map(" ".join)
_MANY_WORDS = st.permutations(list("abcdefghijklmnop")).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["p", "pre"]), st.one_of(st.tuples(*[_FEW_WORDS] * 2), st.tuples(*[_MANY_WORDS] * 2)))
def test_it_is_exact_inside_long_lines_whatever_moves_or_repeats(tag: str, texts: tuple[str, str]) -> None:
    old, new = (markup.canonical(f"<{tag}>start of it {text} and its end</{tag}>") for text in texts)
    assert_exact(old, new)


class Nesting(HTMLParser):
    """Checks that every tag is closed in order, and that marks hold words and formatting only."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not ({"ins", "del"} & set(self.open) and tag in markup.BLOCK_TAGS)
        assert not (
            tag in {"ins", "del"} and self.open and self.open[-1] in {"table", "thead", "tbody", "tr", "dl"}
        )
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in {"br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@settings(max_examples=200, deadline=None)
@given(two_versions())
def test_it_is_well_formed_and_no_anchor_stands_twice(versions: tuple[str, str]) -> None:
    result = comparison.compare(*versions)
    checker = Nesting()
    checker.feed(result.html)
    checker.close()

    assert checker.open == []
    assert len(checker.ids) == len(set(checker.ids))
    assert [change.id for change in result.changes] == [i for i in checker.ids if i.startswith("change-")]


def shown(old: str, new: str) -> str:
    """The redline without the words for screen readers."""
    root = markup.parse(assert_exact(old, new).html)
    for element in root.iterfind(".//span[@class='visually-hidden']"):
        element.drop_tree()
    return lxml.html.tostring(root, encoding="unicode").removeprefix("<div>").removesuffix("</div>")


def test_equal_texts_have_no_changes() -> None:
    result = assert_exact("<p>Be kind.</p>", "<p>Be kind.</p>")

    assert (result.html, result.changes, result.words_added, result.words_removed) == (
        "<p>Be kind.</p>",
        [],
        0,
        0,
    )


def test_a_changed_word_is_marked_and_its_neighbours_are_not() -> None:
    result = shown("<p>Be kind to all people.</p>", "<p>Be kind to most people.</p>")

    assert result == '<p>Be kind to<del id="change-1"> all</del><ins> most</ins> people.</p>'


def test_a_changed_link_counts_as_a_change() -> None:
    result = assert_exact('<p>See <a href="/a">here</a>.</p>', '<p>See <a href="/b">here</a>.</p>')

    assert (result.words_added, result.words_removed) == (1, 1)
    assert '<a href="/a">here</a>' in result.html
    assert '<a href="/b">here</a>' in result.html
    assert result.changes[0].label == "“here (/a)” became “here (/b)”"


def test_formatting_that_was_added_counts_as_a_change() -> None:
    assert shown("<p>Be kind now</p>", "<p>Be <b>kind</b> now</p>") == (
        '<p>Be<del id="change-1"> kind</del><ins> <b>kind</b></ins> now</p>'
    )


def test_a_removed_item_stays_in_its_list() -> None:
    result = shown(
        "<ul><li>one</li><li>two words</li><li>three</li></ul>", "<ul><li>one</li><li>three</li></ul>"
    )

    assert result == '<ul><li>one</li><li><del id="change-1">two words</del></li><li>three</li></ul>'


def test_an_added_row_stays_in_its_table() -> None:
    row, added = "<tr><td>a</td><td>b</td></tr>", "<tr><td>c</td><td>d</td></tr>"
    result = shown(f"<table><tbody>{row}</tbody></table>", f"<table><tbody>{row}{added}</tbody></table>")

    assert result == (
        f'<table><tbody>{row}<tr><td><ins id="change-1">c</ins></td><td><ins>d</ins></td></tr></tbody></table>'
    )


def test_a_heading_of_another_level_counts_as_a_change() -> None:
    result = assert_exact('<h2 id="a">Part</h2>', '<h3 id="a">Part</h3>')

    assert (result.words_added, result.words_removed) == (1, 1)


def test_words_that_moved_keep_the_most_in_place() -> None:
    result = shown("<p>one two three four five six</p>", "<p>two three four five one six</p>")

    assert (
        result == '<p><del id="change-1">one</del> two three four five<ins id="change-2"> one</ins> six</p>'
    )


def test_a_link_around_changed_words_stays_one_link_where_it_was_kept() -> None:
    result = shown(
        '<p>As our <a href="/a">long and old policy</a> says.</p>',
        '<p>As their <a href="/a">long and old policy</a> says.</p>',
    )

    assert result.count("<a ") == 1


def test_space_in_preformatted_text_is_kept() -> None:
    assert shown("<pre>x  b</pre>", "<pre>y   b</pre>") == (
        '<pre><del id="change-1">x  b</del><ins> y   b</ins></pre>'
    )


def test_words_in_common_here_and_there_do_not_scatter_a_rewritten_text() -> None:
    chance = random.Random(1)  # noqa: S311 - a text, not a secret
    vocabulary = [f"word{number}" for number in range(1000)]
    old, new = (f"<p>{' '.join(chance.sample(vocabulary, 900))}</p>" for _ in range(2))

    result = assert_exact(old, new)

    assert len(result.changes) == 1
    assert result.is_coarse


def test_marks_of_the_text_itself_are_not_taken_for_changes() -> None:
    result = assert_exact("<p><del>old</del> <ins>new</ins></p>", "<p><del>old</del> <ins>new</ins></p>")

    assert result.changes == []
    assert result.html == "<p><s>old</s> <u>new</u></p>"


def test_changes_have_anchors_hidden_words_and_a_list() -> None:
    result = comparison.compare("<p>one two three</p><p>same</p>", "<p>one 2 three</p><p>same</p><p>last</p>")

    assert [change.id for change in result.changes] == ["change-1", "change-2"]
    assert [change.label for change in result.changes] == ["“two” became “2”", "Added: “last”"]
    assert result.html.count('<span class="visually-hidden">') == 6
    assert (result.words_added, result.words_removed) == (2, 1)


def test_an_anchor_of_the_text_cannot_pass_for_one_of_ours() -> None:
    html = comparison.compare("", '<h2 id="change-1">Change 1</h2>').html

    assert html.count('id="change-1"') == 1
    assert "<h2>" in html


def test_markup_in_the_words_stays_words() -> None:
    result = assert_exact("<p>a &lt;script&gt; b</p>", "<p>a &lt;img onerror=x&gt; c</p>")

    assert "<script" not in result.html
    assert "<img" not in result.html


@pytest.mark.parametrize("words_in_a_paragraph", [60, 100_000])
def test_two_unrelated_long_texts_are_bounded_in_time(words_in_a_paragraph: int) -> None:
    chance = random.Random(1)  # noqa: S311 - a text, not a secret
    vocabulary = [f"word{n}" for n in range(2000)]

    def text() -> str:
        found = chance.choices(vocabulary, [1 / (n + 1) for n in range(2000)], k=100_000)
        starts = range(0, len(found), words_in_a_paragraph)
        return "".join(f"<p>{' '.join(found[at : at + words_in_a_paragraph])}</p>" for at in starts)

    old, new = text(), text()
    start = time.perf_counter()
    result = comparison.compare(old, new)
    seconds = time.perf_counter() - start

    assert seconds < 20  # about one on an idle machine; hours without a bound
    assert words(result.html, without="ins") == words(old)
    assert result.is_coarse


def test_lines_that_repeat_cannot_make_it_run_on() -> None:
    """Each repeated line may need another pass of the matcher: minutes for a text of 20 kB, were it not bounded."""
    old = "".join(f"<p>x</p><p>a{number}</p>" for number in range(1200))
    new = "".join(f"<p>b{number}</p><p>x</p>" for number in range(1200))
    result = comparison.compare(old, new, budget=1_000_000)
    assert result.is_coarse
    assert words(result.html, without="ins") == words(old)
    assert words(result.html, without="del") == words(new)


@pytest.mark.django_db
def test_a_redline_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.factories import policy, version  # noqa: PLC0415 - only here is a database

    rules = policy()
    old, new = version(rules, html="<p>a</p>"), version(rules, html="<p>b</p>")
    first = cached_comparison.compare_versions(old, new)

    def fail(*_: object) -> None:
        raise AssertionError("compared again")

    monkeypatch.setattr(cached_comparison, "compare", fail)
    assert cached_comparison.compare_versions(old, new) == first
    with pytest.raises(AssertionError, match="again"):
        cached_comparison.compare_versions(new, old)
