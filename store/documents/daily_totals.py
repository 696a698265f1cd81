"""What was invoiced each day by rate of VAT and way of payment, credit notes subtracted: for the accounts, as CSV."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import StringIO

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from home.spreadsheets import as_text
from store.models import Document, DocumentSum, Order
from store.payments import money

# whose VAT (empty: nobody's), its rate or None, currency, how it was paid
Of = tuple[str, Decimal | None, str, str]


def as_csv(papers: QuerySet[Document]) -> str:
    """Return a table of the days of papers, in the site's time zone, with totals by rate at its end."""
    out = StringIO()
    table = csv.writer(out)
    table.writerow(
        map(
            as_text,
            (
                *(_("Date"), _("Country of VAT"), _("VAT rate"), _("Gross"), _("Net"), _("VAT")),
                *(_("Currency"), _("Paid by")),
            ),
        )
    )
    totals: defaultdict[Of, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for day, of, gross, vat in _sums(papers):
        table.writerow(_row(day.isoformat(), of, gross, vat))
        totals[of] = totals[of][0] + gross, totals[of][1] + vat
    for of, (gross, vat) in sorted(
        totals.items(), key=lambda item: (item[0][2], item[0][0], -(item[0][1] or 0), item[0][3])
    ):
        table.writerow(_row(_("Total"), of, gross, vat))
    return out.getvalue()


def _sums(papers: QuerySet[Document]) -> Iterator[tuple[date, Of, int, int]]:
    rows = DocumentSum.objects.filter(document__in=papers)
    of_days = rows.annotate(day=TruncDate("document__issued_at")).values_list(
        "day",
        "document__order__vat_country",
        "percent",
        "document__currency",
        "document__order__payment_source",
    )
    for day, country, percent, currency, source, gross, vat in of_days.annotate(
        Sum("gross"), Sum("vat")
    ).order_by(
        "day",
        "document__currency",
        "document__order__vat_country",
        "-percent",
        "document__order__payment_source",
    ):
        yield day, (country, percent, currency, source), gross, vat


def _row(day: str, of: Of, gross: int, vat: int) -> tuple[str | Decimal, ...]:
    """Return a row; amounts are numbers, and no spreadsheet takes those for formulas."""
    country, percent, currency, source = of
    amounts = (money.to_decimal(minor, currency) for minor in (gross, gross - vat, vat))
    paid_by = str(Order.PaymentSource(source).label)
    rate = "" if percent is None else percent
    return as_text(day), as_text(country), rate, *amounts, as_text(currency), as_text(paid_by)
