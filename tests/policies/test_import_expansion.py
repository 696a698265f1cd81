"""A small file that stands for a very large text is refused by name before it is written out; an honest one is not."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from policies.importing import markdown, markdown_limits, word
from policies.importing.files import import_files
from policies.models import Policy, PolicyPage
from policies.redline import comparison
from policies.text import limits, markup, tables
from policies.text.blocks import CleanedHtmlBlock
from policies.text.limits import TextRefusedError
from tests.policies.word_files import W, document, p, r, word_file

LONG = "u" * 600
TOO_LONG = "more than 10000 characters"


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones, so that a test needs no gigabytes to show that a limit is missing."""
    monkeypatch.setattr(limits, "MAX_LENGTH", 10_000)
    monkeypatch.setattr(markdown_limits, "MAX_CELLS", 100)


def html_of(text: str | bytes) -> str:
    if isinstance(text, bytes):
        return word.convert(text).body.html
    return markdown.convert(markdown.tidy(text), fallback_title="Rules").body.html


def refused(text: str | bytes) -> str:
    with pytest.raises(TextRefusedError) as refusal:
        html_of(text)
    return str(refusal.value)


# --- Markdown --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", ["[x] ", "![x] ", "[words][x] ", "[x][] ", "*[x]* ", "# [x]\n\n", "- [x]\n"])
@pytest.mark.parametrize("target", [f"/{LONG}", f'/u "{LONG}"', "/u '" + '"' * 120 + "'"])
def test_a_long_reference_may_be_used_a_few_times_but_not_often(use: str, target: str) -> None:
    definition = f"\n\n[x]: {target}\n"

    assert "words" in html_of("words " + use * 2 + definition)
    assert TOO_LONG in refused("words " + use * 40 + definition)


def test_a_table_is_not_filled_up_without_end() -> None:
    def table(columns: int, rows: int) -> str:
        return "|a" * columns + "|\n" + "|-" * columns + "|\n" + "|b\n" * rows + "\n"

    assert html_of(table(10, 9)).count("<td>") == 90
    assert "more than 100 cells" in refused(table(10, 10))
    assert "more than 100 cells" in refused(table(5, 9) * 3)
    assert "more than 100 cells" in refused(table(10, 10).replace("|a", "> |a", 1).replace("\n|", "\n> |"))


# --- Markup ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "unit"),
    [
        (f"<p><a href='/{LONG}'>", "<p>x</p>"),
        (f"<a href='/{LONG}'>", "<div>x</div>"),
        (f"<p><a href='/{LONG}'>", "word "),
        (f"<p><a href='/{LONG}'>", "<u>x</u>"),
        (f"<p><abbr title='{LONG}'>", "x<br>"),
        (f"<p><abbr title='{LONG}'>x", "<br>"),
        (f"<b title='{LONG}'><table>", "<tr><td>x</td></tr>"),
        (f"<section title='{LONG}'>", "<p>x</p>"),
        ("<p>" + "<b><i><u><s><sub><sup><small><code>" * 4, "<p>x"),
    ],
)
def test_a_long_attribute_may_stand_around_a_little_but_not_around_much(start: str, unit: str) -> None:
    assert len(html_of(start + unit * 3)) < 10_000
    assert TOO_LONG in refused(start + unit * 60)
    with pytest.raises(ValidationError, match=TOO_LONG):
        CleanedHtmlBlock().clean(start + unit * 60)


def test_short_attributes_may_stand_around_any_text() -> None:
    assert html_of("<div id=all lang=en class=x>" + "<p><span lang=en>word</span></p>" * 100 + "</div>")
    assert html_of("<p><span id=all lang=en>" + "word " * 1_500)
    assert html_of("<p><span id=all lang=en>word" + "<br>" * 1_500)


def test_processing_instructions_do_no_harm() -> None:
    assert html_of("<p>a <?php echo ?>b</p>") == "<p>a b</p>"


# --- Word ------------------------------------------------------------------------------------------------------------


def refused_unread(content: bytes) -> str:
    """Return why a file was refused before its reader saw it: the reader would make all of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(word.mammoth, "convert_to_html")
        reason = refused(content)
    assert "damaged" not in reason
    return reason


def with_notes(marks: int, note: str, kind: str = "footnote") -> bytes:
    mark = f'<w:r><w:{kind}Reference w:id="2"/></w:r>'
    notes = document(f'<w:{kind} w:id="2">{note}</w:{kind}>', f"w:{kind}s")
    return word_file(p(r("text"), mark * marks), **{f"word__{kind}s_xml": notes})


@pytest.mark.parametrize("kind", ["footnote", "endnote"])
def test_a_long_note_may_be_referred_to_a_few_times_but_not_often(kind: str) -> None:
    assert html_of(with_notes(4, p(r("note " * 100)), kind)).count("note ") >= 400
    assert TOO_LONG in refused_unread(with_notes(40, p(r("note " * 100)), kind))
    assert TOO_LONG in refused_unread(with_notes(400, p() * 5, kind))


def with_relation(body: str) -> bytes:
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" '
        f'Target="https://example.com/{LONG}" TargetMode="External"/></Relationships>'
    )
    return word_file(body, **{"word/_rels/document.xml.rels": relations})


def test_a_long_address_may_be_used_a_few_times_but_not_often() -> None:
    link = p('<w:hyperlink r:id="rId1">' + r("link") + "</w:hyperlink>")

    assert html_of(with_relation(link * 3)).count(LONG) == 3
    assert TOO_LONG in refused_unread(with_relation(link * 20))


def field(instruction: str, runs: int) -> str:
    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    text = f"<w:r><w:instrText>{instruction}</w:instrText></w:r>"
    return p(mark("begin"), text, mark("separate")) + p(r("x")) * runs + p(mark("end"))


def test_a_long_address_of_a_field_may_be_used_a_few_times_but_not_often() -> None:
    link = f'HYPERLINK "https://example.com/{LONG}"'

    assert LONG in html_of(word_file(field(link, 3)))
    assert TOO_LONG in refused_unread(word_file(field(link, 20)))
    assert html_of(word_file(field(f"TOC {LONG}", 20))) == "<p>x</p>\n" * 19 + "<p>x</p>"


def test_a_field_that_is_closed_again_and_again_is_refused() -> None:
    begin, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "end"))
    fields = begin * 20 + f"<w:r><w:instrText>{LONG}</w:instrText></w:r>" + end * 20
    assert TOO_LONG in refused_unread(word_file(p(fields, r("x"))))


def test_a_style_with_a_long_name_may_be_used_a_few_times_but_not_often() -> None:
    style = f'<w:style w:type="paragraph" w:styleId="S"><w:name w:val="{LONG}"/></w:style>'
    styles = f"<w:styles {W}>{style}</w:styles>"

    assert html_of(word_file(p(r("x"), style="S") * 3, word__styles_xml=styles)).count("x") == 3
    assert TOO_LONG in refused_unread(word_file(p(r("x"), style="S") * 20, word__styles_xml=styles))


def test_deleted_paragraph_ends_join_any_number_of_paragraphs() -> None:
    parts = p(r("a"), properties="<w:rPr><w:del/></w:rPr>") * 50 + p(r("b"))
    assert html_of(word_file(parts)) == f"<p>{'a' * 50}b</p>"


# --- What is made of an accepted text ---------------------------------------------------------------------------------


def test_what_is_accepted_stays_within_the_limits_in_a_redline() -> None:
    html = html_of(f"<p><a href='/{LONG}'>" + "x y " * 6 + "</a>" + " x y" * 1_000)
    assert comparison.compare(html, html.replace("x", "z")).html.count(LONG) < 30


def test_a_long_heading_of_a_table_is_not_repeated_in_each_cell() -> None:
    def shown(heading: str) -> str:
        head = f"<tr><th>{heading}</th><th>b</th><th>c</th></tr>"
        html = markup.canonical(f"<table>{head}{'<tr><td>x<td>y<td>z</tr>' * 5}</table>")
        return tables.with_boxes(html, label="Table")

    assert shown("h" * 200).count("h" * 200) == 6
    assert shown("h" * 201).count("h" * 201) == 1


# --- Nothing is left behind -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_refused_file_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "2020-01-02.md"
    file.write_text("[x] " * 40 + f"\n\n[x]: /{LONG}\n", encoding="utf-8")
    (outcome,) = import_files([file], slug="house-rules")

    assert (outcome.result, TOO_LONG in outcome.reason) == ("refused", True)
    assert not Policy.objects.exists()
    assert not PolicyPage.objects.exists()
