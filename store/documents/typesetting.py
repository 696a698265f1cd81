"""What all printed papers share: pages in a typeface of our own that take any text, whoever typed it.

fpdf2 changes a font while it writes a document, so each document reads its fonts anew; what they can print is kept.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from itertools import chain

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, ResourceAccessPolicy, YPos
from fpdf.fonts import TTFFont

from home.brand.pictures import FONTS
from store.payments import money

FAMILY = "noto sans"
REPLACEMENT = "\ufffd"


class PdfFile(FPDF):
    """A PDF of A4 pages or others. The same calls give the same bytes."""

    def __init__(self, *, title: str, made_on: date, page_format: str | tuple[float, float] = "A4") -> None:
        """Begin a document without pages; a reader of screens and a list of files show its `title`."""
        super().__init__(format=page_format)
        self.is_incomplete = False  # whether a character of some text could not be printed
        self.resource_access_policy = ResourceAccessPolicy.NONE  # a drawing may name files and URLs
        self.alias_nb_pages("")  # otherwise {nb} in a text is replaced
        self.add_font(FAMILY, "", FONTS / "NotoSans-Regular.ttf")
        self.add_font(FAMILY, "B", FONTS / "NotoSans-Bold.ttf")
        self.set_font(FAMILY, size=10)
        self.set_draw_color(150)
        self.c_margin = 0
        self.set_creation_date(
            datetime.combine(made_on, datetime.min.time(), timezone.get_default_timezone())
        )
        self.set_title(title)
        self.set_lang(settings.LANGUAGE_CODE)

    def normalize_text(self, text: str) -> str:
        """Return text as it can be printed; every text passes here before it is measured or drawn."""
        shown = printable(text)
        self.is_incomplete = self.is_incomplete or shown.count(REPLACEMENT) > text.count(REPLACEMENT)
        return shown

    def wrapped(self, text: str, width: float) -> list[str]:
        """Return text in lines that are no wider than that, in the font that is set."""
        if "\n" not in text and self.get_string_width(text) <= width:
            return [text]
        lines = self.multi_cell(width, text=text, dry_run=True, output=MethodReturnValue.LINES)
        assert isinstance(lines, list)
        return lines

    def block(self, lines: Iterable[str], *, x: float, width: float, height: float) -> None:
        """Print lines below each other, wrapped, from the current height on."""
        for line in chain.from_iterable(self.wrapped(line, width) for line in lines):
            self.set_x(x)
            self.cell(width, height, line, new_y=YPos.NEXT)


def amount(minor: int, currency: str) -> str:
    """Return an amount as it can be printed: with the code of the currency where its sign has other letters."""
    shown = money.display(minor, currency)
    if REPLACEMENT not in printable(shown):
        return shown
    return f"{currency}\u00a0{money.to_decimal(minor, currency)}"


def incomplete_note() -> str:
    """Return what a paper says that lacks characters."""
    return _("Some characters cannot be printed here; the page of the order shows them.")


def printable(text: str) -> str:
    """Return text with characters that the typeface has: � stands for each run of others.

    Characters that only steer a line (controls, marks of direction, joiners) go without a trace.
    """
    text = unicodedata.normalize("NFC", text)
    known = _characters()
    if known.issuperset(text):
        return text
    return re.sub(f"{REPLACEMENT}+", REPLACEMENT, "".join(c if c in known else _instead(c) for c in text))


def _instead(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Zs", "Zl", "Zp"} or character == "\t":
        return " "
    is_unseen = category in {"Cc", "Cf"} or unicodedata.name(character, "").startswith("VARIATION SELECTOR")
    return "" if is_unseen else REPLACEMENT


@lru_cache(maxsize=1)
def _characters() -> frozenset[str]:
    pdf = FPDF()
    pdf.add_font(FAMILY, "", FONTS / "NotoSans-Regular.ttf")
    font = pdf.fonts[FAMILY]
    assert isinstance(font, TTFFont)
    font.close()
    return frozenset({*map(chr, font.cmap), "\n"} - {"\u00ad"})
