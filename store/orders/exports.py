"""Orders as CSV files: one row for each line with both addresses, and what a carrier's own program takes in."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from home.spreadsheets import as_text
from home.viewsets import EXPORTED_AT_ONCE
from store.models import Carrier, Order, ProductVariant
from store.orders.addresses import country_name
from store.payments import money

ADDRESS = ("name", "line1", "line2", "postal_code", "city", "state", "country")

_TELEPHONE = re.compile(r"\+[0-9 ]{4,20}")


class _Echo:
    """A file that hands on what is written into it."""

    def write(self, line: str) -> str:
        return line


def _for_programs(cell: str) -> str:
    """Return a cell as carriers' programs read it: a telephone number is no formula, and has no mark."""
    return cell if _TELEPHONE.fullmatch(cell) else as_text(cell)


def _csv(
    rows: Iterable[Sequence[object]], *, name: str, safe: Callable[[str], str] = as_text
) -> StreamingHttpResponse:
    writer = csv.writer(_Echo())
    content = (writer.writerow([safe(str(cell)) for cell in row]) for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingHttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def lines(orders: QuerySet[Order]) -> StreamingHttpResponse:
    """Answer with a row for each line of these orders."""
    return _csv(_rows_of_lines(orders), name="order-lines")


def _rows_of_lines(orders: QuerySet[Order]) -> Iterator[Sequence[object]]:
    parts = [_("Name"), _("Address 1"), _("Address 2"), _("Postal code"), _("Town"), _("State"), _("Country")]
    addresses = [f"{whose}: {part}" for whose in (_("Delivery"), _("Billing")) for part in parts]
    goods = [
        _("SKU"),
        _("Product"),
        _("Variant"),
        _("Text"),
        _("Quantity"),
        _("Kept"),
        _("Price"),
        _("Total"),
        _("Currency"),
        _("Note of the shopper"),
    ]
    shopper = [_("Name"), _("E-mail address"), _("Telephone")]
    yield [_("Order"), _("Placed"), _("Status"), *shopper, *addresses, *goods]
    for order in orders.prefetch_related("lines__refund_lines__refund").iterator(EXPORTED_AT_ONCE):
        placed = localtime(order.placed_at).strftime("%Y-%m-%d %H:%M")
        shopper = [order.customer_name, order.email, order.phone]
        found = (order.shipping_address, order.billing_address)
        begin = [order.number, placed, order.get_status_display(), *shopper]
        begin += [address.get(part, "") for address in found for part in ADDRESS]
        for line in order.lines.all():
            sums = (money.to_decimal(amount, order.currency) for amount in (line.unit_price, line.total))
            kept = (line.quantity, line.kept)
            end = [*kept, *sums, order.currency, order.shopper_note]
            yield [*begin, line.sku, line.title, line.variant, line.written, *end]


def _fields(order: Order, grams: int | None) -> dict[str, object]:
    """Return what a carrier's column can have (`store.models.parcels.FIELDS`); `grams` if each weight is known."""
    address = {part: order.shipping_address.get(part, "") for part in ADDRESS}
    return {
        **address,
        "name": address["name"] or order.customer_name,
        "point": order.shipping_address.get("point", ""),
        "country": order.country,
        "country_name": country_name(order.country),
        "email": order.email,
        "phone": order.phone,
        "number": order.number,
        "items": sum(line.kept for line in order.lines.all()),
        "weight_g": "" if grams is None else grams,
        "weight_kg": "" if grams is None else f"{grams / 1000:.3f}",
    }


def for_carrier(carrier: Carrier, orders: Sequence[Order]) -> StreamingHttpResponse:
    """Answer with a row for each order, in the carrier's columns."""
    skus = {line.sku for order in orders for line in order.lines.all()}
    grams = dict(ProductVariant.objects.filter(sku__in=skus).values_list("sku", "weight"))
    columns = carrier.column_list

    def rows() -> Iterator[Sequence[object]]:
        yield [heading for heading, _field in columns]
        for order in orders:
            weights = [line.kept * (grams.get(line.sku) or 0) for line in order.lines.all() if line.kept]
            fields = _fields(order, sum(weights) if all(weights) else None)
            yield [fields[field] for _heading, field in columns]

    return _csv(rows(), name="parcels", safe=_for_programs)
