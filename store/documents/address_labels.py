"""Address labels of orders: eight to a sheet of A4, or one a page for whoever prints labels one by one."""

from collections.abc import Sequence
from itertools import chain

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from home.models import BrandSettings
from store.documents.sheets import SHEETS
from store.documents.typesetting import PdfFile, incomplete_note
from store.models import Order
from store.orders import addresses

MARGIN = 6  # mm, within a label
SIZES = (18, 14, 12, 10, 8, 6)  # points: the largest in which an address fits


def render(orders: Sequence[Order], *, sheet: str, used: int = 0) -> bytes:
    """Return labels of one of SHEETS as one PDF; `used` of the labels of the first page are used already."""
    kind = SHEETS[sheet]
    with translation.override(settings.LANGUAGE_CODE):
        pdf = _LabelFile(title=_("Address labels"), made_on=timezone.localdate(), page_format=kind.page)
        pdf.set_auto_page_break(auto=False)
        pdf.sender = " · ".join(BrandSettings.shown().address_lines)
        for place, order in enumerate(orders, start=used % kind.labels):
            row, column = divmod(place % kind.labels, kind.columns)
            if not pdf.page or not row + column:
                pdf.add_page()
            x = kind.left + column * (kind.width + kind.gap) + MARGIN
            y = kind.top + row * kind.height + MARGIN
            pdf.add_label(order, x=x, y=y, width=kind.width - 2 * MARGIN, height=kind.height - 2 * MARGIN)
        return bytes(pdf.output())


class _LabelFile(PdfFile):
    sender: str

    def add_label(self, order: Order, *, x: float, y: float, width: float, height: float) -> None:
        """Print a label: the sender in one line, the address, and the number of the order at the foot."""
        self.is_incomplete = False
        self.y = y
        self.set_font(size=6.5)
        self.block(self.wrapped(self.sender, width)[:2], x=x, width=width, height=3)
        self.y = max(self.y, y + 8)
        bottom = y + height - 6
        lines: list[str] = []
        step = 0.0
        for size in SIZES:
            self.set_font(size=size)
            step = size * 0.45
            lines = [*chain.from_iterable(self.wrapped(line, width) for line in addresses.of_delivery(order))]
            if len(lines) * step <= bottom - self.y:
                break
        room = int((bottom - self.y) / step)
        if len(lines) > room:  # town and country stay
            lines = [*lines[: room - 2], *lines[-2:]]
        self.block(lines, x=x, width=width, height=step)
        self.set_font(size=6.5)
        self.y = bottom
        note = [incomplete_note()] if self.is_incomplete else []
        self.block([order.number, *note], x=x, width=width, height=3)
