"""The typeface of papers has what papers need, and what it lacks is replaced where everybody sees it."""

from datetime import date
from io import BytesIO

import pytest
from babel.numbers import get_currency_symbol
from pypdf import PdfReader

from home.brand.pictures import FONTS
from store.documents.typesetting import PdfFile, printable

LANGUAGES = "en de fr es it pt nl sv nb da fi pl cs sk hu ro bg el ru uk sr hr sl et lv lt ga mt tr".split()


def text_of(*texts: str, style: str = "") -> str:
    """Return what a PDF with these texts reads as."""
    pdf = PdfFile(title="Paper", made_on=date(2026, 11, 27))
    pdf.add_page()
    pdf.set_font(style=style)
    for text in texts:
        pdf.multi_cell(0, text=text, new_x="LMARGIN", new_y="NEXT")
    return PdfReader(BytesIO(pdf.output())).pages[0].extract_text()


@pytest.mark.parametrize("style", ["", "B"])
def test_it_has_letters_and_signs_in_both_weights(style: str) -> None:
    letters = "Žluťoučký kůň, Œuvre, ẞ, Ναῦς Ώρα, Щука їжак Ђорђе, Việt, № 7, ½ × 2 − 1, €£$¥₹₽₺₴₩zł"
    assert text_of(letters, style=style) == letters


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_has_the_sign_of_the_currency_in_european_languages(language: str) -> None:
    for currency in "EUR GBP USD JPY PLN CZK INR CHF SEK HUF RON BGN UAH TRY RUB".split():
        sign = get_currency_symbol(currency, language)
        assert printable(sign) == sign


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Mug 👍🏽 large", "Mug � large"),
        ("שלום עולם", "� �"),
        ("茶", "�"),
        ("\u202e\u200babc\u00ad\ufe0f\x00", "abc"),
        ("a\u3000b\tc\u2028d", "a b c d"),
        ("e\u0301", "é"),
        ("\ud800", "�"),
        ("{nb} **b** <i>", "{nb} **b** <i>"),
    ],
)
def test_what_it_lacks_is_replaced(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert text_of(text) == shown


def test_a_document_knows_whether_something_was_replaced() -> None:
    pdf = PdfFile(title="Paper", made_on=date(2026, 11, 27))
    pdf.add_page()
    pdf.cell(text="Ναῦς\u202e")
    assert not pdf.is_incomplete
    pdf.cell(text="Mug 👍")
    assert pdf.is_incomplete
    pdf.output()


def test_its_licence_lies_beside_it_and_its_files_are_small() -> None:
    assert "SIL Open Font License" in (FONTS / "OFL.txt").read_text()
    sizes = [file.stat().st_size for file in FONTS.glob("*.ttf")]
    assert len(sizes) == 2
    assert max(sizes) < 160_000
