"""A redline shows what moved as moved, and both places lead to each other."""

import lxml.html

from policies.redline import layout
from policies.text import markup
from tests.policies.comparing import LONG, OLD_ORDERS, OTHER, compared, rows, seen


def test_a_moved_paragraph_is_shown_as_moved_and_both_places_lead_to_each_other() -> None:
    result = compared(
        f"<h2>Rights</h2>{LONG}{OTHER}<h2>End</h2><p>Bye.</p>",
        f"<h2>Rights</h2>{OTHER}<h2>End</h2><p>Bye.</p>{LONG}",
    )

    root = lxml.html.fromstring(f"<div>{result.html}</div>")
    marks = root.xpath("//*[@class='moved']")
    assert [mark.tag for mark in marks] == ["del", "ins"]
    there, back = (mark.find("a") for mark in marks)
    assert (there.get("href"), back.get("href")) == (f"#{back.get('id')}", f"#{there.get('id')}")
    assert there.text == "Moved to: Section “End”"
    assert back.text == "Moved here from: Section “Rights”"
    assert (result.words_added, result.words_removed, result.words_moved) == (0, 0, 15)
    assert [change.sentence for change in result.changes] == [
        "Moved to: Section “End”: “We answer within a month whoever asks us, and we …”",
        f"Moved here from: Section “Rights”: “{markup.plain_text(LONG)}”",
    ]


def test_sections_in_another_order_moved_whole() -> None:
    one, two = f"<h2>Rights</h2>{LONG}", f"<h2>Register</h2>{OTHER}<p>It is short.</p>"
    result = compared(one + two, two + one)

    assert (result.words_added, result.words_removed) == (0, 0)
    assert [change.label.partition(":")[0] for change in result.changes] == [
        "Moved down",
        "Moved here from above",
    ]


def test_a_moved_row_of_a_table_is_shown_as_moved() -> None:
    lines = [f"<tr><td>Kind {n}</td><td>kept for {n} whole years</td></tr>" for n in range(4)]
    table = "<table><tbody>{}</tbody></table>".format

    result = compared(table("".join(lines)), table("".join([*lines[1:], lines[0]])))

    assert [change.sentence for change in result.changes] == [
        "Moved down: “Kind 0 | kept for 0 whole years”",
        "Moved here from above: “Kind 0 | kept for 0 whole years”",
    ]


def test_a_paragraph_that_moved_and_was_edited_is_shown_as_moved_with_its_edit_marked() -> None:
    edited = LONG.replace("a month", "two weeks")
    result = compared(
        f"<h2>Rights</h2>{LONG}{OTHER}<h2>End</h2><p>Bye.</p>",
        f"<h2>Rights</h2>{OTHER}<h2>End</h2><p>Bye.</p>{edited}",
    )

    marks = lxml.html.fromstring(f"<div>{result.html}</div>").xpath("//ins | //del")
    assert [(mark.tag, seen(mark)) for mark in marks if not mark.get("class")] == [
        ("del", "a month"),
        ("ins", "two weeks"),
    ]
    assert (result.words_added, result.words_removed, result.words_moved) == (2, 2, 13)
    assert [change.sentence for change in result.changes] == [
        f"Moved to: Section “End”, and edited: “{markup.plain_text(LONG)}”",
        f"Moved here from: Section “Rights”, and edited: “{markup.plain_text(edited)}”",
    ]
    assert [fate for passage in layout.inline(result.html) for fate, _html in passage.parts] == [
        "",
        "moved",
        "",
        "moved",
    ]


def test_what_moved_and_was_edited_a_lot_or_is_short_was_removed_and_added() -> None:
    for old, new in (
        (LONG, OLD_ORDERS),
        ("<p>Kept for 3 whole years.</p>", "<p>Kept for 4 whole years.</p>"),
    ):
        result = compared(f"{old}{OTHER}<p>Bye.</p>", f"{OTHER}<p>Bye.</p>{new}")
        assert result.words_moved == 0


def test_edited_rows_that_moved_with_others_stay_one_move() -> None:
    one, two = LONG, OTHER.replace("below", "above")
    result = compared(f"{one}{OTHER}{OLD_ORDERS}", f"{OLD_ORDERS}{one}{two}")

    assert len(result.changes) == 2
    assert result.html.count('id="moved-') == 2


def test_a_word_or_two_in_another_place_did_not_move() -> None:
    result = compared(f"<p>Note:</p>{LONG}", f"{LONG}<p>Note:</p>")

    assert [change.label for change in result.changes] == ["Removed: “Note:”", "Added: “Note:”"]


def test_what_moved_stands_alone_side_by_side() -> None:
    shown = rows(f"{LONG}{OTHER}<p>Bye.</p>", f"{OTHER}<p>Bye.</p>{LONG}")

    text = markup.plain_text(LONG)
    assert shown[0] == (text, "")
    assert shown[-1] == ("", text)
