"""Word files become the text of a policy: whole, or refused by name."""

import struct

import pytest

from policies.importing import word_limits
from policies.importing.word import convert
from policies.text.limits import TextRefusedError
from tests.policies.word_files import TYPES, W, document, item, p, packed, r, word_file

LINK = '<w:hyperlink r:id="rId1">{}</w:hyperlink>'
FOOTNOTE = '<w:r><w:footnoteReference w:id="2"/></w:r>'
PICTURE = (
    '<w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" descr="{}"/><a:graphic><a:graphicData><pic:pic>'
    '<pic:blipFill><a:blip r:embed="rId2"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline>'
    "</w:drawing></w:r>"
)


def html_of(*body: str, **parts: str | bytes) -> str:
    return convert(word_file("".join(body), **parts)).body.html


def refused(content: bytes) -> str:
    with pytest.raises(TextRefusedError) as refusal:
        convert(content)
    return str(refusal.value)


# --- What becomes of a file --------------------------------------------------------------------------------------


def test_a_file_keeps_its_structure() -> None:
    cell = "<w:tc>" + p(r("{}")) + "</w:tc>"
    row = f"<w:tr>{cell.format('a')}{cell.format('b')}</w:tr>"
    head = row.replace("<w:tr>", "<w:tr><w:trPr><w:tblHeader/></w:trPr>")
    made = convert(
        word_file(
            p(r("House "), r("rules"), style="Titel")
            + p(r("Noise"), style="berschrift1")
            + p(r("Be "), r("quiet", "<w:b/>"), r(" and "), r("kind", "<w:i/>"), r("."))
            + p(r("At night"), style="berschrift2")
            + item("one")
            + item("two", level=1, numbering=2)
            + p(LINK.format(r("see")))
            + p(r("Data"), style="berschrift1")
            + f"<w:tbl>{head}{row}</w:tbl>"
        )
    )

    assert made.title == "House rules"
    assert made.body.html == (
        '<h2 id="noise">Noise</h2>\n<p>Be <strong>quiet</strong> and <em>kind</em>.</p>\n'
        '<h3 id="at-night">At night</h3>\n<ul>\n<li>one\n<ol>\n<li>two</li>\n</ol>\n</li>\n</ul>\n'
        '<p><a href="https://example.com/">see</a></p>\n<h2 id="data">Data</h2>\n'
        '<table>\n<thead>\n<tr>\n<th scope="col">a</th>\n<th scope="col">b</th>\n</tr>\n</thead>\n'
        "<tbody>\n<tr>\n<td>a</td>\n<td>b</td>\n</tr>\n</tbody>\n</table>"
    )


def test_the_only_heading_of_the_highest_level_is_the_title() -> None:
    made = convert(
        word_file(p(r("Rules"), style="berschrift1") + p(r("Noise"), style="berschrift2") + p(r("x")))
    )
    assert (made.title, made.body.html) == ("Rules", '<h2 id="noise">Noise</h2>\n<p>x</p>')


def test_several_highest_headings_are_sections_and_there_is_no_title() -> None:
    made = convert(word_file(p(r("One"), style="berschrift1") + p(r("Two"), style="berschrift1")))
    assert (made.title, made.body.html) == ("", '<h2 id="one">One</h2>\n<h2 id="two">Two</h2>')


def test_a_link_to_a_heading_leads_to_the_headings_anchor() -> None:
    mark = '<w:bookmarkStart w:id="{0}" w:name="{1}"/>'
    assert html_of(
        p('<w:hyperlink w:anchor="_Toc1">' + r("below") + "</w:hyperlink>"),
        p(mark.format(1, "_Toc1") + r("Data", "<w:b/>"), style="berschrift2"),
        p(mark.format(2, "unused") + r("text")),
    ) == ('<p><a href="#data">below</a></p>\n<h2 id="data">Data</h2>\n<p>text</p>')


def test_what_was_inserted_is_text_and_what_was_deleted_is_not() -> None:
    html = html_of(
        p(
            r("We keep "),
            f"<w:ins>{r('few ')}</w:ins>",
            "<w:del><w:r><w:delText>all secret </w:delText></w:r></w:del>",
            f"<w:moveFrom>{r('moved secret ')}</w:moveFrom>",
            f"<w:moveTo>{r('data')}</w:moveTo>",
        ),
        p(r("Jo"), properties="<w:rPr><w:del/></w:rPr>"),
        p(r("ined")),
        "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc>" + p(r("secret row")) + "</w:tc></w:tr></w:tbl>",
    )
    assert html.startswith("<p>We keep few data</p>\n<p>Joined</p>")
    assert "secret" not in html


def test_comments_stay_outside() -> None:
    comment = f'<w:comment w:id="1" w:author="Lawyer">{p(r("secret remark"))}</w:comment>'
    html = html_of(
        p(r("text"), '<w:r><w:commentReference w:id="1"/></w:r>'),
        word__comments_xml=document(comment, "w:comments"),
    )
    assert html == "<p>text</p>"


def test_a_picture_leaves_its_description() -> None:
    assert html_of(p(r("See "), PICTURE.format("a house"))) == "<p>See a house</p>"
    assert html_of(p(r("See"), PICTURE.format(""))) == "<p>See</p>"


def test_footnotes_come_with_it_and_those_that_nothing_refers_to_do_not_matter() -> None:
    notes = "".join(f'<w:footnote w:id="{n}">{p(r(f"note {n}"))}</w:footnote>' for n in (2, 3))
    html = html_of(p(r("text"), FOOTNOTE), word__footnotes_xml=document(notes, "w:footnotes"))

    assert "note 2" in html
    assert "note 3" not in html


def test_fields_text_boxes_and_split_words_keep_their_words() -> None:
    box = (
        "<w:r><mc:AlternateContent><mc:Choice><w:txbxContent>{0}</w:txbxContent></mc:Choice><mc:Fallback><w:pict>"
        "<v:shape><v:textbox><w:txbxContent>{0}</w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    html = html_of(
        p(r("pri"), r("vacy", "<w:b/>"), f'<w:fldSimple w:instr="REF x">{r(" field")}</w:fldSimple>'),
        p(r("around "), box.format(p(r("boxed"))), r("and after")),
    )
    for words in ("pri<strong>vacy</strong> field", "around and after", "boxed"):
        assert words in html


def test_a_file_cannot_tell_its_reader_to_leave_text_out() -> None:
    assert convert(word_file(p(r("text")), **{"mammoth/style-map": "p => !"})).body.html == "<p>text</p>"


# --- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (p("<m:oMath><m:r><m:t>formula</m:t></m:r></m:oMath>") + p(r("x")), "“formula”"),
        (
            p("<w:r><mc:AlternateContent><mc:Choice><w:t>only</w:t></mc:Choice></mc:AlternateContent></w:r>")
            + p(r("x")),
            "“only”",
        ),
        (p(r("x"), '<w:r><w:sym w:font="Unheard of" w:char="0041"/></w:r>'), "symbol font"),
        (p(r("a\u202eb")), "U+202E"),
        (p(), "no text"),
        ("<w:tbl><w:tr><w:tc>" * 40 + p(r("deep")) + "</w:tc></w:tr></w:tbl>" * 40, "nested too deeply"),
    ],
)
def test_it_refuses_what_it_cannot_take_whole(body: str, reason: str) -> None:
    assert reason in refused(word_file(body))


@pytest.mark.parametrize("embedded", ["altChunk", "subDoc"])
def test_it_refuses_a_file_that_shows_another_one(embedded: str) -> None:
    content = word_file(p(r("a")) + f'<w:{embedded} r:id="rId1"/>', word__c_html="<p>hidden words</p>")
    assert "shows another file" in refused(content)


def test_it_refuses_hidden_text_and_names_it() -> None:
    style = (
        '<w:style w:type="{}" w:styleId="Secret"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>'
    )
    styles = f"<w:styles {W}>{style.format('character')}{style.format('paragraph')}</w:styles>"
    for body in (
        p(r("secret", "<w:vanish/>"), r("shown")),
        p(r("secret", '<w:vanish w:val="true"/>'), r("shown")),
        p(r("secret", '<w:rStyle w:val="Secret"/>'), r("shown")),
        p(r("sec"), r("ret"), style="Secret") + p(r("shown")),
    ):
        assert "it holds hidden text, “secret”" in refused(word_file(body, word__styles_xml=styles))


def test_marks_of_hidden_text_around_no_text_do_not_matter() -> None:
    body = (
        p(r("shown", '<w:vanish w:val="0"/><w:webHidden/>'), properties="<w:rPr><w:vanish/></w:rPr>"),
        p(r("", "<w:vanish/>"), r(" too", "<w:rPrChange><w:rPr><w:vanish/></w:rPr></w:rPrChange>")),
    )
    assert html_of(*body) == "<p>shown</p>\n<p>too</p>"


def test_it_refuses_other_formats_by_name() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    macros = TYPES.replace(
        "openxmlformats-officedocument.wordprocessingml.document.main", "ms-word.macroEnabled"
    )

    assert "old Word file" in refused(ole)
    assert "password" in refused(ole + "EncryptedPackage".encode("utf-16-le"))
    assert "not a Word file" in refused(b"# Markdown")
    assert "not a Word file" in refused(b"")
    assert "not a Word file" in refused(
        packed({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<x/>"})
    )
    assert "macros" in refused(word_file(**{"word/vbaProject.bin": b"x"}))
    assert "macros" in refused(
        packed({"[Content_Types].xml": macros, "word/document.xml": document(p(r("x")))})
    )


def test_it_refuses_a_damaged_file() -> None:
    whole = word_file()
    assert "damaged" in refused(whole[: len(whole) // 2])
    assert "damaged" in refused(b"PK\x03\x04 and nothing more")
    assert "damaged" in refused(word_file(word__document_xml="<w:document>"))
    assert "damaged" in refused(word_file(word__document_xml=f"<w:document {W}/>"))
    assert "damaged" in refused(packed({"[Content_Types].xml": TYPES}))
    assert "damaged" in refused(word_file(p('<w:hyperlink r:id="nowhere">' + r("x") + "</w:hyperlink>")))


def test_it_refuses_an_encrypted_entry() -> None:
    content = bytearray(word_file())
    entry = content.rindex(b"PK\x01\x02")
    flags = struct.unpack_from("<H", content, entry + 8)[0]
    struct.pack_into("<H", content, entry + 8, flags | 1)

    assert "password" in refused(bytes(content))


def test_it_refuses_bombs_before_it_unpacks_them() -> None:
    megabyte = b" " * 1024 * 1024
    assert "unpacks" in refused(word_file(word__theme_xml=megabyte * 8))
    assert "more than 2000 files" in refused(word_file(**{f"word/{n}": b"" for n in range(2000)}))


def test_it_refuses_declared_entities() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    outside = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    for start in (bomb, outside):
        body = document(p(r("&a;"))).partition("?>")[2]
        assert "entities" in refused(word_file(word__document_xml=start + body))
        assert "entities" in refused(word_file(word__document_xml=(start + body).encode("utf-16")))


def test_it_refuses_more_xml_than_a_text_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_limits, "MAX_ELEMENTS", 100)
    assert "more than 100 elements" in refused(word_file(p(r("x")) * 30))
    monkeypatch.setattr(word_limits, "MAX_XML_BYTES", 1000)
    assert "unpack to more" in refused(word_file())
