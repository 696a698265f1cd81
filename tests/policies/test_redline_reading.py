"""A redline can be read: rewritten sections stand whole, moves and links are told, and a list says every change."""

import re
from itertools import combinations, pairwise

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.redline import comparison, layout, sequence_diff
from policies.redline.comparison import Redline
from policies.text import markup
from tests.policies.documents import two_versions, words

OLD_ORDERS = (
    "<p>When you buy something, our warehouse staff pack the parcel and hand it to the post. Your street is "
    "printed on the label, and the label stays in a drawer for a month.</p><p>Then it is burnt.</p>"
)
NEW_ORDERS = (
    "<p>Couriers receive name, town and telephone number electronically; nobody here writes anything on paper "
    "any longer. Lockers get a code instead of a door bell.</p><p>Signatures are not collected.</p>"
)
LONG = "<p>We answer within a month whoever asks us, and we never ask for a fee.</p>"
OTHER = "<p>The register of what we hold is printed below, with a period for each kind of data.</p>"


def compared(old: str, new: str) -> Redline:
    result = comparison.compare(markup.canonical(old), markup.canonical(new))
    assert words(result.html, without="ins") == words(old)
    assert words(result.html, without="del") == words(new)
    return result


def parts(old: str, new: str) -> list[tuple[str, str]]:
    """What the page shows in one text: what became of each part, and its words."""
    return [
        (fate, " ".join(words(html)))
        for passage in layout.inline(compared(old, new).html)
        for fate, html in passage.parts
    ]


def rows(old: str, new: str) -> list[tuple[str, str]]:
    return [
        (" ".join(words(row.old)), " ".join(words(row.new)))
        for passage in layout.side_by_side(compared(old, new).html)
        for row in passage.rows
    ]


def seen(mark: lxml.html.HtmlElement) -> str:
    """The words of a mark, with the URLs that are shown beside its links."""
    for element in mark.xpath(".//span[@class='visually-hidden'] | .//a[@class='redline-note']"):
        element.drop_tree()
    return " ".join(markup.plain_text(lxml.html.tostring(mark, encoding="unicode", with_tail=False)).split())


# --- Sections --------------------------------------------------------------------------------------------
def test_a_rewritten_section_is_shown_whole_the_old_text_then_the_new_one() -> None:
    old, new = (f"<h2>Orders</h2>{text}<h2>Rights</h2>{LONG}" for text in (OLD_ORDERS, NEW_ORDERS))

    assert parts(old, new) == [
        ("", "Orders"),
        ("old", markup.plain_text(OLD_ORDERS).replace("\n", " ")),
        ("new", markup.plain_text(NEW_ORDERS).replace("\n", " ")),
        ("", "Rights " + markup.plain_text(LONG)),
    ]


def test_side_by_side_a_rewritten_section_is_one_row_under_its_heading() -> None:
    old, new = (f"<h2>Orders</h2>{text}<h2>Rights</h2>{LONG}" for text in (OLD_ORDERS, NEW_ORDERS))

    assert rows(old, new)[:2] == [
        ("Orders", "Orders"),
        tuple(markup.plain_text(text).replace("\n", " ") for text in (OLD_ORDERS, NEW_ORDERS)),
    ]


def test_what_two_texts_share_by_chance_is_not_kept_inside_a_rewritten_section() -> None:
    shared = "<p>Please note what follows.</p>"
    old, new = (f"<h2>Orders</h2>{text}{shared}{text[:60]}</p>" for text in (OLD_ORDERS, NEW_ORDERS))

    shown = parts(old, new)
    assert [fate for fate, _words in shown] == ["", "old", "new"]
    assert shown[0][1] == "Orders"
    assert all("Please note what follows." in text for _fate, text in shown[1:])


@pytest.mark.parametrize("texts", [(OLD_ORDERS, NEW_ORDERS), ("<p>Your name.</p>", "<p>Anything else.</p>")])
def test_sections_with_other_headings_are_not_paired(texts: tuple[str, str]) -> None:
    old = f"<h2>What you tell us</h2>{texts[0]}<h2>Rights</h2>{LONG}"
    new = f"<h2>What you write in our forms</h2>{texts[1]}<h2>Rights</h2>{LONG}"

    assert [fate for fate, _words in parts(old, new)] == ["removed", "added", ""]
    assert [(bool(left), bool(right)) for left, right in rows(old, new)[:2]] == [(True, False), (False, True)]


def test_sections_are_aligned_by_their_heading_though_a_line_was_taken_elsewhere() -> None:
    old = f"<h2>Orders</h2>{OLD_ORDERS}<p>Write to us.</p><h2>Rights</h2>{LONG}"
    new = f"<h2>Orders</h2>{OLD_ORDERS}<h2>Rights</h2>{LONG}<p>Write to us.</p>"

    kept = words(compared(old, new).html)
    assert kept.count("Orders") == 1
    assert kept.count("Rights") == 1


def test_a_renamed_heading_and_one_of_another_level_are_shown_once() -> None:
    old = f"<h3>Encryption</h3>{LONG}<h3>Register</h3>{OTHER}"
    new = f"<h3>Keys and safety</h3>{LONG}<h2>Register</h2>{OTHER}"

    assert [fate for fate, _words in parts(old, new)] == [""]
    assert rows(old, new)[0] == ("Encryption", "Keys and safety")
    assert compared(old, new).sentences() == [
        "Section “Keys and safety”",
        "Changed: “Encryption” became “Keys and safety”",
        "Section “Register”",
        "Formatting of “Register”",
    ]


def test_a_section_that_was_cut_in_two_only_has_a_new_heading() -> None:
    old = f"<h2>Rights</h2>{LONG}{OTHER}<h2>End</h2><p>Bye.</p>"
    new = f"<h2>Rights</h2>{LONG}<h2>Register</h2>{OTHER}<h2>End</h2><p>Bye.</p>"

    assert [change.sentence for change in compared(old, new).changes] == ["Added: “Register”"]


def test_a_paragraph_with_many_small_changes_is_shown_before_and_after() -> None:
    old = "<p>a redredred b greengreen c blueblueblue d whitewhite e greygreygrey f pinkpink g</p>"
    new = "<p>a rotrotrot b gruengruen c blaublaublau d weissweiss e graugraugrau f rosarosa g</p>"

    assert [fate for fate, _words in parts(old, new)] == ["old", "new"]


@pytest.mark.parametrize(("number", "fates"), [(4, [""]), (15, ["old", "new"])])
def test_the_more_changes_a_paragraph_has_the_more_of_it_must_be_kept(number: int, fates: list[str]) -> None:
    old, new = (
        "<p>" + " ".join(f"constant{n} {word}{n}" for n in range(number)) + "</p>"
        for word in ("abcd", "wxyz")
    )

    assert [fate for fate, _words in parts(old, new)] == fates


def test_two_small_changes_are_shown_where_they_are() -> None:
    old = "<p>We keep letters for one year and bills for ten years after that.</p>"

    assert len(compared(old, old.replace("one", "two").replace("ten", "six")).changes) == 2


@settings(max_examples=200, deadline=None)
@given(two_versions(most=16))
def test_the_parts_of_a_page_hold_every_word_and_only_what_they_say_they_do(
    versions: tuple[str, str],
) -> None:
    marks = {"removed": "del", "old": "del", "added": "ins", "new": "ins"}
    for passage in layout.inline(comparison.compare(*versions).html):
        if not passage.folded:
            assert [word for _fate, html in passage.parts for word in words(html)] == words(passage.html)
        for fate, html in passage.parts:
            assert fate not in marks or words(html, without=marks[fate]) == []


# --- What moved ------------------------------------------------------------------------------------------
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


# --- Links -----------------------------------------------------------------------------------------------
def test_a_changed_link_shows_both_urls() -> None:
    result = compared(
        '<p>See <a href="/a">here</a> and <a href="/c">there</a>.</p>',
        '<p>See <a href="https://b.example/?x=1&amp;y=2">here</a> and <a href="/c">there</a>.</p>',
    )

    assert '<span class="redline-note"> (/a)</span>' in result.html
    assert '<span class="redline-note"> (https://b.example/?x=1&amp;y=2)</span>' in result.html
    assert "(/c)" not in result.html
    assert result.changes[0].label == "“here (/a)” became “here (https://b.example/?x=1&y=2)”"


def test_a_changed_link_in_a_rewritten_section_shows_both_urls() -> None:
    old, new = (
        f'<h2>Orders</h2>{text}<p>{word} <a href="{url}">our form</a> or <a href="/{word}/">{word}</a>.</p>'
        for text, word, url in ((OLD_ORDERS, "Use", "/old/"), (NEW_ORDERS, "Take", "/new/"))
    )

    html = compared(old, new).html
    assert re.findall(r"redline-note.. \(([^)]*)", html) == [
        "/old/",
        "/new/",
    ]  # not those of links with other words
    assert compared(old, new).changes[0].sentence.endswith("Take our form (/new/) or Take.”")


def test_what_was_removed_whole_shows_no_urls() -> None:
    assert "redline-note" not in compared(f'{LONG}<p>See <a href="/a">here</a>.</p>', LONG).html


def test_a_text_cannot_pass_for_a_note_of_the_redline() -> None:
    html = markup.canonical(
        '<p><span class="redline-note">(/a)</span> <a class="redline-note" id="moved-1-old">x</a></p>'
    )

    result = comparison.compare("", html)
    assert "redline-note" not in result.html
    assert 'id="moved-1-old"' not in result.html


# --- The list --------------------------------------------------------------------------------------------
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


# --- Tables ----------------------------------------------------------------------------------------------
def test_of_a_changed_table_unchanged_rows_are_folded_behind_a_switch() -> None:
    lines = [f"<tr><td>Kind {n}</td><td>{n} years</td></tr>" for n in range(9)]
    table = "<table><thead><tr><th>What</th><th>How long</th></tr></thead><tbody>{}</tbody></table>".format
    old, new = table("".join(lines)), table("".join(lines).replace("4 years", "40 years"))

    ((_fate, html),) = layout.inline(compared(old, new).html)[0].parts

    root = markup.parse(html)
    assert [(body.get("class"), len(body)) for body in root.iter("tbody")] == [
        ("rows-switch", 1),
        ("rows-folded", 4),
        (None, 1),
        ("rows-switch", 1),
        ("rows-folded", 4),
    ]
    assert re.findall(r"\d unchanged rows", html) == ["4 unchanged rows"] * 2
    assert len(root.findall(".//thead/tr")) == 1


def test_a_long_table_that_did_not_change_is_folded_between_what_is_shown() -> None:
    lines = "".join(f"<tr><td>Kind {n}</td><td>{n} years</td></tr>" for n in range(6))
    old = f"<h2>Register</h2><table><tbody>{lines}</tbody></table>{LONG}<p>Free.</p>"

    passages = layout.inline(compared(old, old.replace("Free", "Paid")).html)
    assert [(passage.folded, "<table" in passage.html) for passage in passages] == [
        (0, False),
        (1, True),
        (0, False),
    ]


def test_a_table_whose_cells_span_rows_stays_whole() -> None:
    lines = "".join(f"<tr><td>Kind {n}</td></tr>" for n in range(5))
    old = f"<table><tbody><tr><td rowspan=2>a</td><td>b</td></tr><tr><td>c</td></tr>{lines}</tbody></table>"

    assert "rows-switch" not in layout.inline(compared(old, old.replace(">b<", ">x<")).html)[0].html


# --- The choice of pairs ---------------------------------------------------------------------------------
@given(st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(1, 9), max_size=7))
def test_the_heaviest_rise_is_as_heavy_as_any(weights: dict[tuple[int, int], int]) -> None:
    def rises(pairs: tuple[tuple[int, int], ...]) -> bool:
        return all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))

    ordered = sorted(weights)
    choices = (chosen for size in range(len(ordered) + 1) for chosen in combinations(ordered, size))
    heaviest = max(sum(weights[pair] for pair in chosen) for chosen in choices if rises(chosen))
    found = sequence_diff.heaviest_rise(weights)
    assert rises(tuple(found))
    assert sum(weights[pair] for pair in found) == heaviest


@pytest.mark.parametrize("repeated", ["a b a b a b", "a a b b", "b a", "a"])
def test_words_that_repeat_are_matched_in_order(repeated: str) -> None:
    compared(f"<p>{repeated} end</p>", f"<p>start {repeated[::-1]} end</p>")
