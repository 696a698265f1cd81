"""The positions of an invoice or a credit note, and of which rates of VAT they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from store.documents.paper import PaperLine
from store.models import Order, OrderLine
from store.payments import money
from store.vat import sums

UNSTATED = Decimal(0)  # stands for the rate of what is sold without one


@dataclass(frozen=True, kw_only=True)
class Part:
    """So many of the lines of an order, by primary key, and so much of its delivery."""

    quantities: Mapping[int, int]
    delivery: int = 0


@dataclass(frozen=True, kw_only=True)
class Positions:
    """Lines that come to a total, once the discount is taken off, and the worth of goods and delivery by rate."""

    lines: tuple[PaperLine, ...]
    discount: int
    total: int
    by_rate: Mapping[Decimal, int]


def whole(order: Order) -> Part:
    """Return all of an order."""
    return Part(quantities={line.pk: line.quantity for line in order.lines.all()}, delivery=order.shipping)


def ordered(order: Order) -> int:
    """Return what the order comes to; of a payment by mistake its `total` is what was paid."""
    return sum(line.total for line in order.lines.all()) - order.discount + order.shipping


def of_part(order: Order, part: Part, total: int, *, rest: str) -> Positions:
    """Return the positions of a part of an order for which a sum is charged or refunded.

    By what the sum differs from the worth of the part, is a position of its own, which is called `rest`.
    """
    lines = list(order.lines.all())
    goods = [_position(line, part.quantities[line.pk]) for line in lines if part.quantities.get(line.pk)]
    price, all_goods = sum(line.total for line in goods), sum(line.total for line in lines)
    discount = order.discount * price // all_goods if all_goods else 0
    differs = total - (price - discount + part.delivery)
    # Of a discount, the last coins are rounded where the money moves (store.payments.refunds.worth).
    if discount and abs(differs) <= 10 ** max(0, money.digits(order.currency) - 2):
        discount, differs = discount - differs, 0
    others = [(order.shipping_name, part.delivery, _percent_of_delivery(order)), (rest, differs, "")]
    more = [
        PaperLine(title=title, quantity=1, unit_price=sum_, total=sum_, percent=percent)
        for title, sum_, percent in others
        if sum_
    ]
    return Positions(
        lines=(*goods, *more),
        discount=discount,
        total=total,
        by_rate=_by_rate(order, goods, price - discount, part.delivery),
    )


def _position(line: OrderLine, quantity: int) -> PaperLine:
    return PaperLine(
        title=", ".join(filter(None, (str(line), line.text_label))),  # not the text: papers are kept
        sku=line.sku,
        quantity=quantity,
        unit_price=line.unit_price,
        total=line.unit_price * quantity,
        percent="" if line.vat_percent is None else str(line.vat_percent),
    )


def _percent_of_delivery(order: Order) -> str:
    """Return its rate of VAT; none where it is divided among several."""
    rates = sums.of_delivery(order, order.shipping)
    return str(*rates) if len(rates) == 1 and sums.of_order(order) else ""


def _by_rate(order: Order, goods: list[PaperLine], paid: int, delivery: int) -> dict[Decimal, int]:
    """Divide what was paid for goods among their rates, and delivery as it was divided among all that was ordered."""
    found = sums.of_delivery(order, delivery)
    for one, part in zip(goods, sums.split(paid, [one.total for one in goods]), strict=False):
        percent = Decimal(one.percent or UNSTATED)
        found[percent] = found.get(percent, 0) + part
    return found
