"""Invoices and credit notes as PDF: A4, the buyer's address where the window of an envelope shows it.

Whatever stands on a paper can be printed: long names wrap, long tables go on, and a character that the typeface lacks
is replaced and the paper says so. The HTML of a paper is its accessible version.
"""

from collections.abc import Sequence
from datetime import date

from django.conf import settings
from django.template.defaultfilters import floatformat
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from fpdf.enums import XPos, YPos

from store.documents.paper import Paper, PaperLine
from store.documents.typesetting import Column, PdfFile, amount, incomplete_note

LEFT, RIGHT = 25, 190  # mm, of text
HALF = 115  # where the details begin, beside the window
WINDOW = 50  # from above: DIN 5008 B, and DL once the page is folded in three
BODY = 95  # no higher, so that it is behind no window
FOOT = 30  # from below: the space for the contact
GAP = 4
WIDEST = 34  # no column but that of the words
LINE = 5
SMALL = 4


def render(papers: Sequence[Paper]) -> bytes:
    """Return the papers, one or more, as one PDF; each begins on a page of its own."""
    with translation.override(settings.LANGUAGE_CODE):
        title = _title(papers[0]) if len(papers) == 1 else _("Invoices and credit notes")
        made_on = max(date.fromisoformat(paper.issued_on) for paper in papers)
        pdf = _PaperFile(title=title, made_on=made_on)
        pdf.set_author(next(iter(papers[0].seller), ""))
        for paper in papers:
            pdf.add_paper(paper)
        return bytes(pdf.output())


def _title(paper: Paper) -> str:
    kind = _("Credit note") if paper.kind == "credit_note" else _("Invoice")
    return f"{kind} {paper.number}"


def _day(iso: str) -> str:
    return date_format(date.fromisoformat(iso), "DATE_FORMAT")


class _PaperFile(PdfFile):
    paper: Paper
    columns: Sequence[Column] = ()  # of the table that is being printed
    first_page = 0

    def add_paper(self, paper: Paper) -> None:
        """Print a paper on pages of its own."""
        self.paper, self.is_incomplete, self.first_page = paper, False, self.page + 1
        self.set_margins(LEFT, 15, self.w - RIGHT)
        self.set_auto_page_break(auto=True, margin=FOOT)
        self.add_page()
        self._letterhead()
        self._addresses()
        self._positions()
        self._sums()
        self._notes()
        self._feet()

    def header(self) -> None:
        """Say on further pages of a paper what they belong to, and repeat the heading of its table."""
        if self.page > self.first_page:
            self.set_font(size=9)
            self.cell(0, LINE, _title(self.paper), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(LINE)
            self._heading()

    def _amount(self, minor: int) -> str:
        return amount(minor, self.paper.currency)

    def _letterhead(self) -> None:
        name, *address = self.paper.seller or ("",)
        self.set_font(style="B", size=14)
        self.block([name], x=LEFT, width=HALF - LEFT - GAP, height=7)
        below, self.y = self.y, self.t_margin
        self.set_font(style="", size=9)
        self.block(address, x=HALF, width=RIGHT - HALF, height=SMALL)
        self.y = max(self.y, below) + LINE

    def _addresses(self) -> None:
        """Print the buyer in the window, and beside it what the paper is about."""
        paper = self.paper
        top = self.y = max(self.y, WINDOW)
        self.set_font(size=7)
        sender = " · ".join(paper.seller)
        width = 80
        self.block(self.wrapped(sender, width)[:2], x=LEFT, width=width, height=3)
        self.y = max(self.y, top + 4)
        self.set_font(size=10.5)
        self.block(paper.buyer, x=LEFT, width=width, height=LINE)
        below, self.y = self.y, top
        self.set_font(size=9.5)
        details = {
            _("Date"): _day(paper.issued_on),
            _("Order"): paper.order,
            _("Ordered on"): _day(paper.ordered_on),
        }
        columns = [Column(title="", x=HALF, width=28), Column(title="", x=HALF + 30, width=RIGHT - HALF - 30)]
        for label, text in details.items():
            self.row(columns, [label, text], height=LINE)
        if paper.deliver_to and paper.deliver_to != paper.buyer:
            self.row(columns, [_("Delivered to"), "\n".join(paper.deliver_to)], height=LINE)
        self.y = max(self.y + LINE, below + LINE, BODY)
        if self.will_page_break(8 * LINE):  # the title stays with the head of its table
            self.add_page()
        self.set_font(style="B", size=16)
        self.block([_title(paper)], x=LEFT, width=RIGHT - LEFT, height=8)
        self.ln(GAP)

    def _positions(self) -> None:
        rows = [self._cells(line) for line in self.paper.lines]
        titles = [_("SKU"), _("Description"), _("Quantity"), _("Unit price"), _("VAT"), _("Total")]
        # A column that no line fills is left out.
        shown = [i for i in range(len(titles)) if i == 1 or any(row[i] for row in rows)]
        rows = [[row[i] for i in shown] for row in rows]
        self.columns = self._columns([titles[i] for i in shown], rows, wide=shown.index(1))
        self._heading()
        for row in rows:
            self.row(self.columns, row, height=LINE)
            self.ln(1)
        self._rule()
        self.columns = ()

    def _cells(self, line: PaperLine) -> list[str]:
        percent = f"{floatformat(line.percent, '-2')}\u00a0%" if line.percent else ""
        prices = [self._amount(line.unit_price), percent, self._amount(line.total)]
        return [line.sku, line.title, str(line.quantity), *prices]

    def _columns(
        self, titles: list[str], rows: list[list[str]], *, wide: int, left: float = LEFT
    ) -> list[Column]:
        """Return columns as wide as what stands in them, within reason; the one that is `wide` has the rest."""
        self.set_font(style="B", size=9)
        widths = [
            max(self.get_string_width(cell) for cell in cells) for cells in zip(titles, *rows, strict=True)
        ]
        widths = [min(width, WIDEST) for width in widths]
        widths[wide] = 0
        widths[wide] = RIGHT - left - sum(widths) - GAP * (len(widths) - 1)
        columns, x = [], left
        for i, (title, width) in enumerate(zip(titles, widths, strict=True)):
            columns.append(Column(title=title, x=x, width=width, align="L" if i <= wide else "R"))
            x += width + GAP
        return columns

    def _heading(self) -> None:
        if self.columns:
            self.set_font(style="B", size=9)
            self.row(self.columns, [column.title for column in self.columns], height=LINE)
            self._rule(self.columns[0].x)
        self.set_font(style="", size=9)

    def _rule(self, left: float = LEFT) -> None:
        self.line(left, self.y + 0.5, RIGHT, self.y + 0.5)
        self.ln(2)

    def _sums(self) -> None:
        paper, vat = self.paper, self.paper.vat_sums
        if self.will_page_break((len(vat) + 5) * LINE):
            self.add_page()
        if paper.discount:
            self._sum(_("Discount"), -paper.discount)
        self.set_font(style="B", size=11)
        self._sum(_("Total, VAT included") if vat else _("Total"), paper.total)
        self.set_font(style="", size=9)
        if vat:
            self.ln(LINE)
            titles = [_("VAT rate"), _("Without VAT"), _("VAT"), _("With VAT")]
            rows = [
                [
                    f"{floatformat(one.percent, '-2')}\u00a0%",
                    *map(self._amount, (one.net, one.vat, one.gross)),
                ]
                for one in vat
            ]
            self.columns = self._columns(titles, rows, wide=0, left=HALF)
            self._heading()
            for row in rows:
                self.row(self.columns, row, height=LINE)
            self.columns = ()
        self.ln(LINE)

    def _sum(self, label: str, minor: int) -> None:
        text = self._amount(minor)
        width = self.get_string_width(text)
        columns = [
            Column(title="", x=LEFT, width=RIGHT - LEFT - width - GAP, align="R"),
            Column(title="", x=RIGHT - width, width=width, align="R"),
        ]
        self.row(columns, [label, text], height=6)

    def _notes(self) -> None:
        paper = self.paper
        paid = [] if paper.kind == "credit_note" else [_("Paid on %(day)s.") % {"day": _day(paper.issued_on)}]
        self.block([*paid, *paper.notes], x=LEFT, width=RIGHT - LEFT, height=LINE)

    def _feet(self) -> None:
        """Print what stands below each page of the paper, now that it is known how many there are."""
        paper, last = self.paper, self.page
        vat_number = [_("VAT number %(number)s") % {"number": paper.vat_number}] if paper.vat_number else []
        contact = self.normalize_text(" · ".join([*paper.contact, *vat_number]))
        if self.is_incomplete:
            self.block([incomplete_note()], x=LEFT, width=RIGHT - LEFT, height=LINE)
            last = self.page
        self.set_auto_page_break(auto=False)
        pages = last - self.first_page + 1
        for number in range(1, pages + 1):
            self.page = self.first_page + number - 1
            self.set_font(style="B")  # the font of this page was another one
            self.set_font(style="", size=8)
            self.y = self.h - FOOT + LINE
            self._rule()
            page = _("Page %(number)d of %(pages)d") % {"number": number, "pages": pages}
            below = self.y
            self.block(self.wrapped(contact, HALF)[:4], x=LEFT, width=HALF, height=SMALL)
            self.set_xy(LEFT, below)
            self.cell(RIGHT - LEFT, SMALL, page, align="R")
