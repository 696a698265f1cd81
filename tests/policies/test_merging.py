"""Merging two changes of a text block by block: what only one side changed comes in, what both changed is listed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.versions.merging import Block, Merged, merge


def blocks(words: str) -> list[Block]:
    """Make a block of each letter; ids differ in each text, as they do when a text is put back."""
    return [{"type": "imported", "value": word, "id": f"{words}-{place}"} for place, word in enumerate(words)]


def letters(merged: list[Block]) -> str:
    return "".join(block["value"] for block in merged)


def merged(base: str, announced: str, changed: str) -> Merged:
    return merge(base=blocks(base), announced=blocks(announced), changed=blocks(changed))


@pytest.mark.parametrize(
    ("base", "announced", "changed", "expected"),
    [
        ("abc", "abc", "abc", "abc"),
        ("abc", "aBc", "abc", "aBc"),  # only the announced text changed
        ("abc", "abc", "aBc", "aBc"),  # only the other
        ("abc", "Abc", "abC", "AbC"),  # each another block
        ("abc", "aBc", "aBc", "aBc"),  # both the same
        ("abc", "abZ", "XYc", "XYZ"),
        ("abc", "ac", "ac", "ac"),
        ("abc", "bc", "bc", "bc"),
        ("abc", "", "", ""),
        ("abc", "ac", "abC", "aC"),  # one deletes, the other changes another
        ("abc", "abcd", "xabc", "xabcd"),  # both add, at different places
        ("abc", "abc", "bc", "bc"),
        ("abc", "abc", "", ""),
        ("", "", "abc", "abc"),
        ("abc", "xabc", "abcy", "xabcy"),
        ("abcdef", "abcdEf", "aBcdef", "aBcdEf"),
        ("aaa", "aaa", "aaaa", "aaaa"),  # blocks that repeat
    ],
)
def test_changes_of_different_blocks_come_together(
    base: str, announced: str, changed: str, expected: str
) -> None:
    result = merged(base, announced, changed)
    assert (letters(result.blocks), result.conflicts) == (expected, [])


@pytest.mark.parametrize(
    ("base", "announced", "changed", "listed"),
    [
        ("abc", "aXc", "aYc", [("b", "Y")]),  # both change one
        ("abc", "ac", "aYc", [("b", "Y")]),  # one deletes what the other changes
        ("abc", "aXc", "ac", [("b", "")]),
        ("abc", "abXc", "abYc", [("", "Y")]),  # both add at one place
        ("abcd", "aXcd", "aYd", [("bc", "Y")]),  # a change that reaches over the other
        ("", "X", "Y", [("", "Y")]),
        ("abc", "", "aYc", [("b", "Y")]),
    ],
)
def test_what_both_changed_is_listed_and_the_announced_text_stays(
    base: str, announced: str, changed: str, listed: list[tuple[str, str]]
) -> None:
    result = merged(base, announced, changed)
    assert letters(result.blocks) == announced
    assert [(letters(old), letters(new)) for old, new in result.conflicts] == listed


def test_changes_of_neighbours_are_made_one_by_one() -> None:
    result = merged("abcd", "aXcd", "aYZd")
    assert letters(result.blocks) == "aXZd"
    assert [(letters(old), letters(new)) for old, new in result.conflicts] == [("b", "Y")]


def test_a_conflict_keeps_no_other_change_out() -> None:
    result = merged("abcdef", "aXcdef", "aYcdeF")
    assert (letters(result.blocks), len(result.conflicts)) == ("aXcdeF", 1)


def test_neither_text_is_changed_by_it() -> None:
    base, announced, changed = (blocks(words) for words in ("abc", "abC", "Abc"))
    merge(base=base, announced=announced, changed=changed)
    assert (letters(base), letters(announced), letters(changed)) == ("abc", "abC", "Abc")


def test_values_of_any_shape_are_compared() -> None:
    old: list[Block] = [{"type": "table", "value": {"rows": [["1", "2"]], "caption": ""}, "id": "x"}]
    new: list[Block] = [{"type": "table", "value": {"caption": "", "rows": [["1", "3"]]}, "id": "y"}]
    assert merge(base=old, announced=old, changed=new).blocks == new
    same: list[Block] = [{"type": "table", "value": {"caption": "", "rows": [["1", "2"]]}}]
    assert merge(base=old, announced=new, changed=same) == Merged(new, [])


# --- For any texts -----------------------------------------------------------------------------------------------
texts = st.text("abcd", max_size=8)


@given(base=texts, announced=texts, changed=texts)
def test_a_change_is_made_or_listed_and_never_both_lost(base: str, announced: str, changed: str) -> None:
    result = merged(base, announced, changed)
    if base == changed:
        assert (letters(result.blocks), result.conflicts) == (announced, [])
    if base == announced:
        assert (letters(result.blocks), result.conflicts) == (changed, [])
    listed = "".join(letters(new) for _old, new in result.conflicts)
    for letter in set(changed) - set(base):  # what is new on the one side is in the text or in the list
        assert letter in letters(result.blocks) + listed
    removed = "".join(letters(old) for old, _new in result.conflicts)
    for letter in set(base) - set(
        changed
    ):  # what one side removed is gone or listed, unless the other added another
        assert (
            letter not in letters(result.blocks)
            or letter in removed
            or announced.count(letter) > base.count(letter)
        )
    for letter in set(announced) - set(base):  # what is new on the announced side always stays
        assert letter in letters(result.blocks)


@st.composite
def separate_changes(draw: st.DrawFn) -> tuple[str, str, str, str]:
    """Give a text of different blocks, two changes of different places of it, and the text with both."""
    base = draw(st.lists(st.sampled_from("abcdefghijklmnop"), min_size=3, max_size=16, unique=True))
    # Each block is left alone, or changed by one side; no two changes touch each other.
    sides: list[str] = []
    for _block in base:
        sides.append(draw(st.sampled_from("-AC")) if not sides or sides[-1] == "-" else "-")
    changes = [draw(st.sampled_from(["", "X", "XY"])) for _block in base]

    def made(by: str) -> str:
        return "".join(
            f"{change}{place}." if side != "-" and side in by and change else "" if side in by else block
            for place, (block, side, change) in enumerate(zip(base, sides, changes, strict=True))
        )

    return "".join(base), made("A"), made("C"), made("AC")


@given(texts=separate_changes())
def test_of_separate_changes_nothing_is_lost(texts: tuple[str, str, str, str]) -> None:
    def parts(text: str) -> list[Block]:
        return [{"type": "imported", "value": part} for part in pieces(text)]

    base, announced, changed, both = texts
    result = merge(base=parts(base), announced=parts(announced), changed=parts(changed))
    assert (letters(result.blocks), result.conflicts) == (both, [])


def pieces(text: str) -> list[str]:
    """Part a text into letters; what was put in for a block (“X3.”) stays together."""
    found: list[Any] = []
    word = ""
    for letter in text:
        word += letter
        if word[0] not in "XY" or letter == ".":
            found.append(word)
            word = ""
    return found
