"""Papers that look like a letter: A4, the recipient where the window of an envelope is, and numbered pages."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import zip_longest

from django.utils.translation import gettext as _
from fpdf.enums import XPos, YPos

from home.models import BrandSettings
from store.documents.typesetting import PdfFile, incomplete_note

LEFT, RIGHT = 25, 190  # mm, of text
HALF = 115  # where the details begin, beside the window
WINDOW, WINDOW_WIDTH = 50, 80  # from above: DIN 5008 B, and DL once the page is folded in three
BODY = 95  # no higher, so that it is behind no window
FOOT = 30  # from below: the space for the contact
GAP = 4
LOGO, LOGO_WIDTH, LOGO_HEIGHT = "max-720x300|format-png", 60, 16
LINE = 5
SMALL = 4


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table: where it begins, how wide it is (mm), and how it is aligned (L, R or C)."""

    title: str
    x: float
    width: float
    align: str = "L"


class LetterFile(PdfFile):
    """Letters, one after the other, each on pages of its own."""

    brand: BrandSettings  # whose letters they are
    name = ""  # of the letter that is being printed
    columns: Sequence[Column] = ()  # of its table, once that has begun
    first_page = 0

    @cached_property
    def logo(self) -> bytes:
        """The drawing or photograph at their heads."""
        return self.brand.logo.content(LOGO) if self.brand.logo else b""

    def begin(self, name: str) -> None:
        """Begin a letter, whose further pages repeat its name."""
        self.name, self.is_incomplete, self.first_page = name, False, self.page + 1
        self.set_draw_color(self.brand.palette["brand"].light)
        self.set_margins(LEFT, 15, self.w - RIGHT)
        self.set_auto_page_break(auto=True, margin=FOOT)
        self.add_page()

    def header(self) -> None:
        """Say on further pages what they belong to, and repeat the heading of the table."""
        if self.page > self.first_page:
            self.set_font(style="", size=9)
            self.cell(0, LINE, self.name, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(LINE)
            self.heading()

    def letterhead(self, sender: Sequence[str]) -> None:
        """Print logo, name and address of the sender."""
        name, *address = sender or ("",)
        if self.logo:
            self._logo()
        self.set_font(style="B", size=14)
        self.block([name], x=LEFT, width=HALF - LEFT - GAP, height=7)
        below, self.y = self.y, self.t_margin
        self.set_font(style="", size=9)
        self.block(address, x=HALF, width=RIGHT - HALF, height=SMALL)
        self.y = max(self.y, below) + LINE

    def _logo(self) -> None:
        image = self.brand.logo
        assert image is not None
        with suppress(Exception):  # what is in a drawing, or is wrong with it, nobody knows before
            scale = min(LOGO_WIDTH / image.width, LOGO_HEIGHT / image.height)
            width, height = scale * image.width, scale * image.height
            self.image(BytesIO(self.logo), x=LEFT, y=self.y, w=width, h=height)
            self.y += height + 2

    def address(self, recipient: Sequence[str], *, sender: Sequence[str], details: dict[str, str]) -> None:
        """Print the recipient in the window, below a line with the sender, and beside it what it is about."""
        top = self.y = max(self.y, WINDOW)
        self.set_font(style="", size=7)
        lines = self.wrapped(" · ".join(sender), WINDOW_WIDTH)[:2]
        self.block(lines, x=LEFT, width=WINDOW_WIDTH, height=3)
        self.y = max(self.y, top + 4)
        self.set_font(size=10.5)
        self.block(recipient, x=LEFT, width=WINDOW_WIDTH, height=LINE)
        below, self.y = self.y, top
        self.set_font(size=9.5)
        labels = Column(title="", x=HALF, width=28)
        texts = Column(title="", x=HALF + 30, width=RIGHT - HALF - 30)
        for label, text in details.items():
            self.row([labels, texts], [label, text], height=LINE)
        self.y = max(self.y + LINE, below + LINE, BODY)

    def headline(self) -> None:
        """Print the name of the letter, together with the head of its table."""
        if self.will_page_break(8 * LINE):
            self.add_page()
        self.set_font(style="B", size=16)
        self.set_text_color(self.brand.palette["brand"].light)
        self.block([self.name], x=LEFT, width=RIGHT - LEFT, height=8)
        self.set_text_color(0)
        self.ln(GAP)

    def heading(self) -> None:
        """Print the heading of the table."""
        if self.columns:
            self.set_font(style="B", size=9)
            self.row(self.columns, [column.title for column in self.columns], height=LINE)
            self.rule(self.columns[0].x)
        self.set_font(style="", size=9)

    def row(self, columns: Sequence["Column"], cells: Sequence[str], *, height: float) -> None:
        """Print the cells of a row beside each other, wrapped; a row that does not fit begins on the next page."""
        pairs = zip(columns, cells, strict=True)
        wrapped = [self.wrapped(text, column.width) for column, text in pairs]
        lines = [*zip_longest(*wrapped, fillvalue="")]
        if self.will_page_break(min(len(lines) * height, self.eph / 2)):
            self.add_page()
        for line in lines:
            if self.will_page_break(height):  # of a row that is longer than a page
                self.add_page()
            for column, text in zip(columns, line, strict=True):
                if text:
                    self.set_x(column.x)
                    self.cell(column.width, height, text, align=column.align)
            self.ln(height)

    def rule(self, left: float = LEFT) -> None:
        """Draw a line across."""
        self.line(left, self.y + 0.5, RIGHT, self.y + 0.5)
        self.ln(2)

    def end(self, notes: Iterable[str], *, foot: str) -> None:
        """Print notes, and below each page the foot and its number, now that it is known how many there are."""
        foot = self.normalize_text(foot)
        self.set_font(style="", size=9)
        missing = [incomplete_note()] if self.is_incomplete else []
        self.block([*notes, *missing], x=LEFT, width=RIGHT - LEFT, height=LINE)
        self.set_auto_page_break(auto=False)
        pages = self.page - self.first_page + 1
        for number in range(1, pages + 1):
            self.page = self.first_page + number - 1
            self.set_font(style="B")  # the font of this page was another one
            self.set_font(style="", size=8)
            self.y = self.h - FOOT + LINE
            self.rule()
            below = self.y
            self.block(self.wrapped(foot, HALF)[:4], x=LEFT, width=HALF, height=SMALL)
            self.set_xy(LEFT, below)
            words = _("Page %(number)d of %(pages)d") % {"number": number, "pages": pages}
            self.cell(RIGHT - LEFT, SMALL, words, align="R")
