"""The sums of an order by VAT rate. Parts always add up to the whole, to the smallest coin.

Prices include VAT. Discounts and delivery belong to the goods, so they are divided among the rates as the goods are.
Amounts are integer minor units.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from store.models import Order, VatScheme


@dataclass(frozen=True)
class VatSum:
    """What of an order has one rate: the gross amount, and the VAT within it."""

    percent: Decimal
    gross: int
    vat: int

    @property
    def net(self) -> int:
        """The amount without VAT."""
        return self.gross - self.vat


def includes_tax(scheme: str, found: Collection[VatSum] = ()) -> bool:
    """Return whether tax is said to be included: some VAT is, or it is not stated how much.

    Who is not registered for VAT may not say so.
    """
    return scheme != VatScheme.NOT_REGISTERED and (not found or any(one.vat for one in found))


def total_label(scheme: str, found: Collection[VatSum]) -> str:
    """Return what a total is called on pages, in e-mails and on papers."""
    return _("Total, tax included") if includes_tax(scheme, found) else _("Total")


def included(gross: int, percent: Decimal) -> int:
    """Return the VAT within an amount, half a coin rounded up."""
    return int((gross * percent / (100 + percent)).quantize(Decimal(1), ROUND_HALF_UP))


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount in proportion to weights; what rounding leaves goes to the largest remainders."""
    whole = sum(weights)
    if not whole:
        return [amount, *[0] * (len(weights) - 1)]
    parts = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % whole))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def by_rate(goods: Iterable[tuple[Decimal | None, int]], *, delivery: int, discount: int = 0) -> list[VatSum]:
    """Return the sums of goods (rate, price), the highest rate first; none where a rate is not stated."""
    price_at: dict[Decimal, int] = {}
    for percent, price in goods:
        if percent is None:
            return []
        price_at[percent] = price_at.get(percent, 0) + price
    if not price_at:
        return []
    rates = sorted(price_at, reverse=True)
    weights = [price_at[percent] for percent in rates]
    parts = zip(rates, weights, split(delivery, weights), split(discount, weights), strict=True)
    return [_sum(percent, price + sent - off) for percent, price, sent, off in parts]


def merged(parts: Iterable[VatSum]) -> list[VatSum]:
    """Add up parts of the same rate, the highest rate first."""
    found: dict[Decimal, VatSum] = {}
    for one in parts:
        before = found.get(one.percent, VatSum(one.percent, 0, 0))
        found[one.percent] = VatSum(one.percent, before.gross + one.gross, before.vat + one.vat)
    return [found[percent] for percent in sorted(found, reverse=True)]


def of_order(order: Order) -> list[VatSum]:
    """Return the sums of an order as it was placed and paid, whatever was refunded since."""
    if order.vat_scheme == VatScheme.STRIPE_TAX:
        return merged(VatSum(Decimal(percent), gross, vat) for percent, gross, vat in order.vat_sums)
    goods = ((line.vat_percent, line.total) for line in order.lines.all())
    return by_rate(goods, delivery=order.shipping, discount=order.discount)


def of_delivery(order: Order, amount: int) -> dict[Decimal, int]:
    """Divide an amount for delivery among the rates as the whole delivery of the order was."""
    lines = list(order.lines.all())
    # Stripe Tax has rates of its own for it.
    apart = [(Decimal(percent), gross) for percent, gross, _vat in order.vat_sums[len(lines) :]]
    price_at: dict[Decimal, int] = {}
    for percent, price in apart or ((line.vat_percent or Decimal(0), line.total) for line in lines):
        price_at[percent] = price_at.get(percent, 0) + price
    parts = split(amount, list(price_at.values())) if price_at else []
    return dict(zip(price_at, parts, strict=True))


def taken_off(left: Mapping[Decimal, int], wanted: Mapping[Decimal, int], amount: int) -> dict[Decimal, int]:
    """Divide a refund among the rates: as wanted, but no more of any rate than is left; the rest where most is left.

    All are gross amounts by rate.
    """
    rates = sorted(left, reverse=True)
    parts = [min(wanted.get(percent, 0), left[percent]) for percent in rates]
    room = [left[percent] - part for percent, part in zip(rates, parts, strict=True)]
    rest = amount - sum(parts)
    if rest < 0:
        parts = split(amount, parts)
    elif rest:
        more = split(min(rest, sum(room)), room)
        parts = [part + one for part, one in zip(parts, more, strict=True)]
    return {percent: part for percent, part in zip(rates, parts, strict=True) if part}


def _sum(percent: Decimal, gross: int) -> VatSum:
    return VatSum(percent, gross, included(gross, percent))
