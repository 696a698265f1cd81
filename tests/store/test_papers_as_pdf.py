"""Invoices and credit notes as PDF, read back as text: everything stands there, whatever was typed."""

from dataclasses import replace
from io import BytesIO

import pytest
from django.utils import translation
from pypdf import PdfReader

from store.documents import pdf
from store.documents.paper import Paper, PaperLine

NOTE = "Some characters cannot be printed here; the page of the order shows them."
MUG = PaperLine(title="Enamel mug, blue", sku="MUG", quantity=2, unit_price=1250, total=2500, percent="20.00")
ATLAS = PaperLine(title="Atlas", sku="ATLAS", quantity=1, unit_price=1500, total=1500, percent="0.00")
POST = PaperLine(title="Delivery: Post", quantity=1, unit_price=395, total=395)
INVOICE = Paper(
    kind="invoice",
    number="2026-00042",
    issued_on="2026-11-27",
    order="261126-ABC234",
    ordered_on="2026-11-26",
    currency="GBP",
    seller=("Jomso Ltd", "12 Harbour Street", "Bristol BS1 4XX"),
    contact=("hello@jomso.example", "Company number 01234567"),
    vat_number="GB 123 4567 89",
    buyer=("Ada Lovelace", "5 St James’s Square", "London"),
    deliver_to=("Charles Babbage", "1 Dorset Street", "London"),
    lines=(MUG, ATLAS, POST),
    discount=200,
    total=4195,
    vat=(("20.00", 2622, 437), ("0.00", 1573, 0)),
    notes=("Thank you.",),
)


def reader_of(*papers: Paper) -> PdfReader:
    return PdfReader(BytesIO(pdf.render(papers)))


def pages_of(*papers: Paper) -> list[str]:
    return [page.extract_text().replace("\u00a0", " ") for page in reader_of(*papers).pages]


def test_an_invoice_has_all_that_an_invoice_needs() -> None:
    (text,) = pages_of(INVOICE)
    for words in (
        *("Invoice 2026-00042", "27 Nov 2026", "261126-ABC234", "26 Nov 2026"),
        *("Jomso Ltd · 12 Harbour Street · Bristol BS1 4XX", "Ada Lovelace", "Charles Babbage"),
        *("hello@jomso.example", "VAT number GB 123 4567 89", "Page 1 of 1", "Thank you."),
    ):
        assert words in text
    rows = [" ".join(line.split()) for line in text.splitlines()]
    for row in (
        *("SKU Description Quantity Unit price VAT Total", "MUG Enamel mug, blue 2 £12.50 20% £25.00"),
        *("ATLAS Atlas 1 £15.00 0% £15.00", "Delivery: Post 1 £3.95 £3.95"),
        *("Discount −£2.00", "Total, tax included £41.95"),
        *("VAT 20% on £21.85 £4.37", "VAT 0% on £15.73 £0.00"),
    ):
        assert row in rows


def test_a_paper_of_a_seller_who_is_not_registered_has_no_word_of_vat() -> None:
    line = replace(MUG, percent="", sku="")
    (text,) = pages_of(replace(INVOICE, lines=(line,), vat=(), vat_number="", notes=("Small business.",)))
    assert "VAT" not in text
    assert "SKU" not in text
    assert "Small business." in text


def test_a_credit_note_is_called_one() -> None:
    (text,) = pages_of(replace(INVOICE, kind="credit_note", number="C-7", notes=("Corrects 2026-00042.",)))
    assert "Credit note C-7" in text
    assert "Invoice" not in text
    assert "Corrects 2026-00042." in text


def test_a_long_table_goes_on_with_its_heading_and_the_number_of_the_paper() -> None:
    lines = tuple(replace(MUG, sku=f"SKU-{i}") for i in range(60))
    pages = pages_of(replace(INVOICE, lines=lines), INVOICE)
    assert len(pages) == 4
    for page in pages[:2]:
        assert "Description" in page
        assert "Invoice 2026-00042" in page
    assert [sku for sku in "\n".join(pages).split() if sku.startswith("SKU-")] == [line.sku for line in lines]
    of = [page.partition("Page ")[2].split("\n")[0] for page in pages]
    assert of == ["1 of 3", "2 of 3", "3 of 3", "1 of 1"]


@pytest.mark.parametrize(("word", "times"), [("Ὀδυσσέως ", 33), ("булок ", 50), ("W", 300)])
def test_texts_of_300_characters_wrap(word: str, times: int) -> None:
    text = word * times
    line = replace(MUG, title=text)
    paper = replace(
        INVOICE, seller=(text,), buyer=(text, "x"), deliver_to=(text,), lines=(line,), notes=(text,)
    )
    shown = "".join(pages_of(paper))
    assert shown.count(word.strip()) >= 5 * times  # and two lines of it as sender
    assert NOTE not in shown


def test_a_position_stays_on_one_page() -> None:
    titles = [f"Begin{number} {'word ' * 70} End{number}" for number in range(20)]
    pages = pages_of(replace(INVOICE, lines=tuple(replace(MUG, title=title) for title in titles)))
    for page in pages:
        begun = [word for word in page.split() if word.startswith("Begin")]
        assert [word.replace("End", "Begin") for word in page.split() if word.startswith("End")] == begun


def test_a_position_that_is_longer_than_a_page_goes_on() -> None:
    pages = pages_of(replace(INVOICE, lines=(replace(MUG, title="Word " * 1500),)))
    assert sum(page.count("Word") for page in pages) == 1500


@pytest.mark.parametrize("text", ["Mug 👩‍👩‍👧 red", "שרה כהן", "محمد", "東京都", "\ud800"])
def test_what_cannot_be_printed_is_replaced_and_said_once(text: str) -> None:
    (shown,) = pages_of(replace(INVOICE, buyer=(text, "London"), lines=(replace(MUG, title=text),)))
    assert "�" in shown
    assert shown.count(NOTE) == 1


def test_the_paper_after_one_that_lacks_characters_lacks_none() -> None:
    pages = pages_of(replace(INVOICE, buyer=("東京都",)), INVOICE)
    assert [NOTE in page for page in pages] == [True, False]


def test_markup_stands_as_it_was_typed() -> None:
    typed = "<b>Bold</b> **x** __u__ {nb} [a](http://b.example) {% now %} (\\"
    (text,) = pages_of(replace(INVOICE, notes=(typed,)))
    assert typed in text


@pytest.mark.parametrize(
    ("currency", "language", "total"),
    [
        ("EUR", "de", "41,95 €"),
        ("PLN", "pl", "41,95 zł"),
        ("CZK", "cs", "41,95 Kč"),
        ("INR", "en", "₹41.95"),
        ("JPY", "en", "¥4,195"),
        ("KWD", "en", "KWD4.195"),
        ("KWD", "ar", "KWD 4.195"),
        ("SEK", "sv", "41,95 kr"),
    ],
)
def test_amounts_stand_as_their_language_writes_them(
    currency: str, language: str, total: str, settings: pytest.FixtureRequest
) -> None:
    settings.LANGUAGE_CODE = language
    reader = reader_of(replace(INVOICE, currency=currency))
    assert total in reader.pages[0].extract_text().replace("\u00a0", " ").replace("\u202f", " ")
    assert reader.trailer["/Root"]["/Lang"] == language


def test_it_is_written_in_the_language_of_the_site_whoever_reads_the_admin() -> None:
    with translation.override("de"):
        (text,) = pages_of(INVOICE)
    assert "£41.95" in text


def test_the_same_paper_gives_the_same_bytes() -> None:
    assert pdf.render([INVOICE]) == pdf.render([INVOICE])


def test_its_metadata_name_it() -> None:
    about = reader_of(INVOICE).metadata
    assert about.title == "Invoice 2026-00042"
    assert about.author == "Jomso Ltd"
    assert str(about.creation_date.date()) == "2026-11-27"
    assert reader_of(INVOICE, INVOICE).metadata.title == "Invoices and credit notes"


@pytest.mark.parametrize(
    ("currency", "sum_"), [("HUF", 1_200_000), ("PLN", 1_200_000), ("KWD", 1_000_000), ("GBP", 99_999_999)]
)
def test_large_sums_have_room_beside_the_words_of_vat(currency: str, sum_: int) -> None:
    line = replace(MUG, unit_price=sum_, quantity=1, total=sum_)
    large = replace(
        INVOICE, currency=currency, lines=(line,), discount=0, total=sum_, vat=(("20.00", sum_, sum_ // 6),)
    )
    (page,) = pages_of(large)
    assert "VAT 20% on " in page
