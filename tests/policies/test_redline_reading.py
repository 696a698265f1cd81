"""A redline can be read: rewritten sections stand whole, links show where they lead, tables fold."""

import re
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.redline import comparison, layout, sequence_diff
from policies.text import markup
from tests.policies.comparing import LONG, NEW_ORDERS, OLD_ORDERS, OTHER, compared, parts, rows
from tests.policies.documents import two_versions, words


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
