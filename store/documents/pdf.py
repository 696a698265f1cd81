"""Invoices and credit notes as PDF.

Whatever stands on a paper can be printed: long names wrap, long tables go on, and a character that the typeface lacks
is replaced and the paper says so. The HTML of a paper is its accessible version.
"""

from collections.abc import Sequence
from datetime import date

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from home.models import BrandSettings
from store.documents.letters import GAP, LEFT, LINE, RIGHT, Column, LetterFile
from store.documents.paper import Paper, PaperLine
from store.documents.typesetting import amount
from store.vat.percent import shown

WIDEST = 34  # mm, no column but that of the words


def render(papers: Sequence[Paper], brand: BrandSettings | None = None) -> bytes:
    """Return the papers, one or more, as one PDF that looks like a brand; each begins on a page of its own."""
    with translation.override(settings.LANGUAGE_CODE):
        title = _title(papers[0]) if len(papers) == 1 else _("Invoices and credit notes")
        made_on = max(date.fromisoformat(paper.issued_on) for paper in papers)
        pdf = _PaperFile(title=title, made_on=made_on)
        pdf.brand = brand or BrandSettings()
        pdf.set_author(next(iter(papers[0].seller), ""))
        for paper in papers:
            pdf.add_paper(paper)
        return bytes(pdf.output())


def _title(paper: Paper) -> str:
    kind = _("Credit note") if paper.kind == "credit_note" else _("Invoice")
    return f"{kind} {paper.number}"


def _day(iso: str) -> str:
    return date_format(date.fromisoformat(iso), "DATE_FORMAT")


def _percent(percent: str) -> str:
    return f"{shown(percent)}%" if percent else ""


class _PaperFile(LetterFile):
    paper: Paper

    def add_paper(self, paper: Paper) -> None:
        """Print a paper on pages of its own."""
        self.paper = paper
        self.begin(_title(paper))
        self.letterhead(paper.seller)
        self.address(paper.buyer, sender=paper.seller, details=self._details())
        self.headline()
        self._positions()
        self._sums()
        vat_number = [_("VAT number %(number)s") % {"number": paper.vat_number}] if paper.vat_number else []
        self.end(paper.remarks, foot=" · ".join([*paper.contact, *vat_number]))

    def _details(self) -> dict[str, str]:
        paper = self.paper
        details = {
            _("Date"): _day(paper.issued_on),
            _("Order"): paper.order,
            _("Ordered on"): _day(paper.ordered_on),
        }
        if paper.is_delivered_elsewhere:
            details[_("Delivered to")] = "\n".join(paper.deliver_to)
        return details

    def _positions(self) -> None:
        rows = [self._cells(line) for line in self.paper.lines]
        titles = [_("SKU"), _("Description"), _("Quantity"), _("Unit price"), _("VAT"), _("Total")]
        # A column that no line fills is left out.
        shown = [i for i in range(len(titles)) if i == 1 or any(row[i] for row in rows)]
        self._table(
            [titles[i] for i in shown], [[row[i] for i in shown] for row in rows], wide=shown.index(1)
        )
        self.rule()

    def _cells(self, line: PaperLine) -> list[str]:
        prices = [self._amount(line.unit_price), _percent(line.percent), self._amount(line.total)]
        return [line.sku, line.title, str(line.quantity), *prices]

    def _amount(self, minor: int) -> str:
        return amount(minor, self.paper.currency)

    def _table(self, titles: list[str], rows: list[list[str]], *, wide: int) -> None:
        """Print a table with columns as wide as what stands in them, within reason; the `wide` one has the rest."""
        self.set_font(style="B", size=9)
        cells = zip(titles, *rows, strict=True)
        widths = [min(WIDEST, max(self.get_string_width(cell) for cell in column)) for column in cells]
        widths[wide] += RIGHT - LEFT - sum(widths) - GAP * (len(widths) - 1)
        columns, left = [], float(LEFT)
        for i, (title, width) in enumerate(zip(titles, widths, strict=True)):
            columns.append(Column(title=title, x=left, width=width, align="L" if i <= wide else "R"))
            left += width + GAP
        self.columns = columns
        self.heading()
        for row in rows:
            self.row(columns, row, height=LINE)
            self.ln(1)
        self.columns = ()

    def _sums(self) -> None:
        paper, vat = self.paper, self.paper.vat_sums
        if self.will_page_break((len(vat) + 5) * LINE):
            self.add_page()
        if paper.discount:
            self._sum(_("Discount"), -paper.discount)
        self.set_font(style="B", size=11)
        self._sum(paper.total_label, paper.total)
        self.set_font(style="", size=9)
        for one in vat:
            values = {"percent": shown(one.percent), "net": self._amount(one.net)}
            self._sum(_("VAT %(percent)s%% on %(net)s") % values, one.vat)
        self.ln(LINE)

    def _sum(self, label: str, minor: int) -> None:
        text = self._amount(minor)
        width = self.get_string_width(text)
        columns = [
            Column(title="", x=LEFT, width=RIGHT - LEFT - width - GAP, align="R"),
            Column(title="", x=RIGHT - width, width=width, align="R"),
        ]
        self.row(columns, [label, text], height=6)
