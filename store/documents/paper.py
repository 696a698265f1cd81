"""What stands on an invoice or a credit note: plain data, frozen with the paper, printed as HTML and as PDF alike.

Amounts are integer minor units of `currency`, VAT included where nothing else is said; those of a credit note are
positive too.
"""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from store.models import VatScheme
from store.vat import sums
from store.vat.sums import VatSum


@dataclass(frozen=True, kw_only=True)
class PaperLine:
    """One position: goods, delivery, or another sum of a credit note."""

    title: str
    quantity: int
    unit_price: int
    total: int
    sku: str = ""
    percent: str = ""  # of VAT: "20.00"; empty where none is stated


@dataclass(frozen=True, kw_only=True)
class Paper:
    """An invoice or a credit note as it was issued."""

    kind: str  # one of Document.Kind
    number: str
    issued_on: str  # ISO 8601, a day of the site's time zone
    order: str  # its number
    ordered_on: str
    currency: str
    seller: tuple[str, ...]  # name and address, a line each
    contact: tuple[str, ...]  # e-mail, telephone, company number, in words
    vat_number: str
    buyer: tuple[str, ...]  # name and billing address
    deliver_to: tuple[str, ...]
    lines: tuple[PaperLine, ...]
    discount: int
    total: int
    vat: tuple[tuple[str, int, int], ...]  # (percent, gross, VAT within it), the highest rate first
    notes: tuple[str, ...] = ()  # why there is no VAT; when it was paid; what is corrected, and why
    reasons: tuple[str, ...] = ()  # of a refund, as staff wrote them

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Paper":
        """Read what `to_json` returned, also as it comes back from a database."""
        lines = tuple(PaperLine(**line) for line in data["lines"])
        vat = tuple((percent, gross, tax) for percent, gross, tax in data["vat"])
        names = ("seller", "contact", "buyer", "deliver_to", "notes", "reasons")
        texts = {name: tuple(data[name]) for name in names}
        return cls(**{**data, **texts, "lines": lines, "vat": vat})

    @property
    def remarks(self) -> tuple[str, ...]:
        """All that is said below the sums."""
        return (*self.notes, *self.reasons)

    @property
    def is_delivered_elsewhere(self) -> bool:
        """Whether it says to where, which is not the buyer's address."""
        return bool(self.deliver_to) and self.deliver_to != self.buyer

    @property
    def has_skus(self) -> bool:
        """Whether any line fills that column."""
        return any(line.sku for line in self.lines)

    @property
    def has_percents(self) -> bool:
        """Whether any line fills that column."""
        return any(line.percent for line in self.lines)

    @property
    def total_label(self) -> str:
        """What its total is called."""
        return sums.total_label(VatScheme.RATES if self.vat else VatScheme.NOT_REGISTERED, self.vat_sums)

    @property
    def vat_sums(self) -> list[VatSum]:
        """The sums by rate of VAT."""
        return [VatSum(Decimal(percent), gross, tax) for percent, gross, tax in self.vat]
