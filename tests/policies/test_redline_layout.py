"""A comparison is laid out so that it can be read: folded where nothing changed, or side by side. Nothing is lost."""

import lxml.html
from hypothesis import given, settings

from policies.redline import comparison, layout
from policies.text import markup
from tests.policies.documents import two_versions, words


def shown_in_one(old: str, new: str) -> list[layout.Passage]:
    return layout.inline(comparison.compare(old, new).html)


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def rows(old: str, new: str) -> list[tuple[str, str]]:
    """The rows of two texts side by side, as words; a folded stretch is left out."""
    found = layout.side_by_side(comparison.compare(old, new).html)
    return [(" ".join(words(row.old)), " ".join(words(row.new))) for passage in found for row in passage.rows]


@settings(max_examples=200, deadline=None)
@given(two_versions(most=16))
def test_folding_loses_no_word_and_hides_no_change(versions: tuple[str, str]) -> None:
    marked = comparison.compare(*versions).html

    passages = layout.inline(marked)

    # One passage after the other: what is loose in the text would run together without a space.
    assert [word for passage in passages for word in words(passage.html)] == words(marked)
    for passage in passages:
        if passage.folded:
            root = markup.parse(passage.html)
            assert list(root.iter("ins", "del")) == []
            assert passage.folded >= 3 or len(list(root.iter("tr"))) >= 2


@settings(max_examples=200, deadline=None)
@given(two_versions(most=16))
def test_the_left_column_has_the_old_words_and_the_right_one_the_new(versions: tuple[str, str]) -> None:
    old, new = versions

    found = layout.side_by_side(comparison.compare(old, new).html)

    left = [
        word
        for part in found
        for html in [part.html, *(row.old for row in part.rows)]
        for word in words(html)
    ]
    right = [
        word
        for part in found
        for html in [part.html, *(row.new for row in part.rows)]
        for word in words(html)
    ]
    assert left == words(old)
    assert right == words(new)


@settings(max_examples=200, deadline=None)
@given(two_versions(most=16))
def test_side_by_side_no_anchor_stands_twice_and_every_change_has_one(versions: tuple[str, str]) -> None:
    marked = comparison.compare(*versions)

    found = layout.side_by_side(marked.html)

    html = "".join(part.html + "".join(row.old + row.new for row in part.rows) for part in found)
    ids = lxml.html.fromstring(f"<div>{html}</div>").xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {change.id for change in marked.changes} <= set(ids)


def test_what_did_not_change_is_folded_but_for_its_nearest() -> None:
    texts = [f"Text {number}." for number in range(10)]

    passages = shown_in_one(paragraphs(*texts), paragraphs(*texts[:5], "Other.", *texts[6:]))

    assert [(passage.folded, words(passage.html)[:2]) for passage in passages] == [
        (4, ["Text", "0."]),
        (0, ["Text", "4."]),
        (3, ["Text", "7."]),
    ]


def test_the_heading_above_a_change_stays_open() -> None:
    part = "<h2>Cookies</h2>" + paragraphs("a", "b", "c", "d")

    passages = shown_in_one(
        paragraphs("x", "y", "z") + part + "<p>old</p>", paragraphs("x", "y", "z") + part + "<p>new</p>"
    )

    assert [(passage.folded, words(passage.html)) for passage in passages] == [
        (3, ["x", "y", "z"]),
        (0, ["Cookies"]),
        (3, ["a", "b", "c"]),
        (0, ["d", "old", "new"]),
    ]


def test_two_unchanged_blocks_are_not_worth_a_fold() -> None:
    passages = shown_in_one(paragraphs("a", "b", "c", "x"), paragraphs("a", "b", "c", "y"))

    assert [passage.folded for passage in passages] == [0]


def test_equal_texts_are_one_fold() -> None:
    html = paragraphs("a", "b", "c")

    assert [(passage.folded, passage.html) for passage in shown_in_one(html, html)] == [(3, html)]


def test_a_removed_block_stands_beside_the_one_that_came_for_it() -> None:
    old = paragraphs("Be kind.", "We sell nothing at all.", "Bye.")
    new = paragraphs("Be kind.", "Goods are shown below.", "Bye.")

    assert rows(old, new) == [
        ("Be kind.", "Be kind."),
        ("We sell nothing at all.", "Goods are shown below."),
        ("Bye.", "Bye."),
    ]


def test_a_block_that_only_one_text_has_stands_alone() -> None:
    assert rows(paragraphs("a", "b"), paragraphs("a", "b", "c")) == [("a", "a"), ("b", "b"), ("", "c")]
    assert rows(paragraphs("a", "gone", "b"), paragraphs("a", "b")) == [("a", "a"), ("gone", ""), ("b", "b")]


def test_an_item_that_one_text_has_not_leaves_no_empty_item_there() -> None:
    (part,) = layout.side_by_side(
        comparison.compare("<ul><li>one</li><li>two</li></ul>", "<ul><li>one</li></ul>").html
    )

    assert part.rows[0].new == "<ul><li>one</li></ul>"
    assert part.rows[0].is_changed


def test_a_row_that_one_text_has_not_is_left_out_but_an_empty_cell_is_not() -> None:
    old = "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td><td></td></tr></tbody></table>"
    new = "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>"

    (part,) = layout.side_by_side(comparison.compare(old, new).html)

    assert part.rows[0].new.count("<tr>") == 1
    assert part.rows[0].old.count("<td>") == 4


def test_an_unchanged_table_beside_a_change_is_folded_too() -> None:
    table = "<table><tbody><tr><td>a</td></tr><tr><td>b</td></tr></tbody></table>"
    fact = f'<section class="live-fact"><h3>Firms</h3>{table}<h3>Services</h3>{table}</section>'

    passages = shown_in_one(f"<h2>Who</h2>{fact}<p>old</p>", f"<h2>Who</h2>{fact}<p>new</p>")

    assert [(one.folded, one.folded_tables, words(one.html)) for one in passages] == [
        (0, 0, ["Who"]),
        (1, 2, ["Firms", "a", "b", "Services", "a", "b"]),
        (0, 0, ["old", "new"]),
    ]
