"""The list beside a redline says every change in a sentence, under its section."""

import pytest
from hypothesis import given, settings

from policies.redline import comparison
from policies.text import markup
from tests.policies.comparing import LONG, compared, seen
from tests.policies.documents import two_versions


def test_changes_are_counted_by_section() -> None:
    gone, end = "<h2>Gone</h2><p>Old.</p>", "<h2>End</h2><p>Bye.</p>"
    old = f"<p>Hello you.</p><h2>Rights</h2><p>Ask us in two days.</p><p>Free.</p>{gone}{end}"
    new = f"<p>Hello all.</p><h2>Rights</h2><p>Ask us in six days.</p><p>Free of charge.</p>{end}"

    assert [(name, len(changes)) for name, changes in compared(old, new).sections] == [
        ("Before the first heading", 1),
        ("Section “Rights”", 2),
        ("Section “Gone”", 1),
    ]


def test_the_headings_of_a_live_fact_end_with_it() -> None:
    old, new = (
        "<h2>Who receives it</h2>"
        f'<section class="live-fact"><h3>Firms</h3><p>Firm {firm} carries.</p></section><p>{said}</p>'
        for firm, said in (("A", "They help."), ("B", "They help us."))
    )

    assert [name for name, _changes in compared(old, new).sections] == [
        "Section “Firms”",
        "Section “Who receives it”",
    ]


def test_every_change_is_a_sentence_under_its_section() -> None:
    old = f"<p>Hello.</p><h2>Cookies</h2><p>We clear old mail 24 months after the last letter.</p>{LONG}"
    new = (
        "<p>Hello.</p><h2>Cookies</h2><p>We clear old mail 12 months after the very last letter.</p>"
        f"{LONG}<h2>Post</h2><p>Lockers are new.</p><ul><li>One</li><li>Two</li></ul>"
    )

    assert compared(old, new).sentences() == [
        "Section “Cookies”",
        "Changed: “24” became “12”, in “We clear old mail 12 months after the”",
        "Added: “very”, in “months after the very last letter.”",
        "Section “Post”",
        "Added: “Post\nLockers are new.\nOne\nTwo”",
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("See <b>this</b>.", "See <b>that</b>.", "Changed: “this” became “that”, in “See that.”"),
        ("Be (very) kind.", "Be (<i>very</i>) kind.", "Formatting of “(very)”, in “Be (very) kind.”"),
        ("One, two, three.", "One, three.", "Removed: “two,”, in “One, … three.”"),
        ("Ask <b>us</b>, now.", "Ask, now.", "Changed: “Ask us,” became “Ask,”, in “Ask, now.”"),
        ("a 1, b", "a <b>1</b>, 2, b", "Changed: “1,” became “1, 2,”, in “a 1, 2, b”"),
    ],
)
def test_a_sentence_is_spaced_as_the_text_is(old: str, new: str, sentence: str) -> None:
    assert compared(f"<p>{old}</p>", f"<p>{new}</p>").changes[0].sentence == sentence


def test_a_change_at_the_beginning_is_said_to_stand_before_the_first_heading() -> None:
    assert compared("<p>One.</p>", "<p>Two.</p>").sentences() == [
        "Before the first heading",
        "Changed: “One.” became “Two.”",
    ]


@settings(max_examples=200, deadline=None)
@given(two_versions(most=16))
def test_the_list_leaves_out_no_word_of_any_change(versions: tuple[str, str]) -> None:
    result = comparison.compare(*versions)

    told = " ".join(" ".join(change.sentence for change in result.changes).split())
    for mark in markup.parse(result.html).iter("ins", "del"):
        if mark.get("class") != "moved" or mark.tag == "ins":
            assert seen(mark) in told or "Formatting of" in told


@settings(max_examples=100, deadline=None)
@given(two_versions())
def test_the_same_two_texts_give_the_same_redline(versions: tuple[str, str]) -> None:
    assert comparison.compare(*versions) == comparison.compare(*versions)
