"""Baskets: what goes in, what comes out, and what a basket looks like at today's prices and stock.

A basket exists once something is put into it. It keeps SKUs and quantities only; titles, prices and availability are
looked up each time. It never holds stock: that is the checkout's.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Sum, prefetch_related_objects

from store.models import Basket, BasketLine, Order, ProductVariant, StockItem, StockMovement
from store.models.baskets import MAX_QUANTITY

MAX_LINES = 50  # Stripe takes 100 line items


class BasketError(Exception):
    """What was asked for cannot be done; the message is for the shopper."""


class NotForSaleError(BasketError):
    """There is no such product, or not any more."""


class TooFewError(BasketError):
    """There are fewer than are wanted. Of the `left`, so many are `inside` the basket already."""

    def __init__(self, *, left: int, inside: int) -> None:
        super().__init__(f"{left} left, {inside} inside")
        self.left = left
        self.inside = inside


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a basket as it stands now. `variant` is None when it can no longer be bought."""

    sku: str
    quantity: int
    variant: ProductVariant | None
    available: int = MAX_QUANTITY  # enough, where nobody has looked

    @property
    def unit_price(self) -> int:
        """Price of one, minor units."""
        return self.variant.price if self.variant else 0

    @property
    def total(self) -> int:
        """Price of the line, minor units."""
        return self.unit_price * self.quantity

    @property
    def is_gone(self) -> bool:
        """No longer sold."""
        return self.variant is None

    @property
    def is_short(self) -> bool:
        """Fewer are left than are wanted."""
        return not self.is_gone and self.available < self.quantity

    @property
    def can_be_bought(self) -> bool:
        """Nothing stands in the way."""
        return not self.is_gone and not self.is_short


@dataclass(frozen=True)
class Contents:
    """A basket at today's prices."""

    lines: tuple[Line, ...] = ()

    @property
    def subtotal(self) -> int:
        """Price of the goods, minor units."""
        return sum(line.total for line in self.lines)

    @property
    def can_be_bought(self) -> bool:
        """There is something, and nothing stands in the way."""
        return bool(self.lines) and all(line.can_be_bought for line in self.lines)


def count(basket: Basket | None) -> int:
    """Count the things in a basket, without looking up what they are."""
    return basket.lines.aggregate(count=Sum("quantity", default=0))["count"] if basket else 0


def with_pictures(shown: Contents) -> Contents:
    """Have the products' pictures at hand, in a fixed number of queries: for a page that shows them."""
    variants = [line.variant for line in shown.lines if line.variant]
    prefetch_related_objects(variants, "page__images__image__renditions")
    return shown


def contents(basket: Basket | None) -> Contents:
    """Look a basket up at today's prices and stock. What its own unpaid orders hold counts as available to it.

    Not what is being paid: that is no longer in the basket, and no new checkout lets go of it.
    """
    if basket is None:
        return Contents()
    own = _held_by_own_orders(basket)
    lines = priced(basket).lines
    free = StockItem.objects.available(line.sku for line in lines)
    return Contents(tuple(replace(line, available=free[line.sku] + own.get(line.sku, 0)) for line in lines))


def priced(basket: Basket) -> Contents:
    """Look a basket up at today's prices only: for a checkout, whose hold sees to it that there are enough."""
    wanted = list(basket.lines.all())
    variants = ProductVariant.objects.on_sale().filter(sku__in=[line.sku for line in wanted])
    found = {variant.sku: variant for variant in variants.select_related("page")}
    return Contents(
        tuple(Line(sku=line.sku, quantity=line.quantity, variant=found.get(line.sku)) for line in wanted)
    )


@transaction.atomic
def add(*, basket: Basket | None, sku: str, quantity: int) -> Basket:
    """Put so many more of a SKU in, making a basket where there is none. Raises BasketError.

    That there are enough is only told early here; the hold of the checkout is what sees to it.
    """
    if not ProductVariant.objects.on_sale().filter(sku=sku).exists():
        raise NotForSaleError
    basket = (_locked(basket) if basket else None) or Basket.objects.create()
    line = basket.lines.filter(sku=sku).first() or BasketLine(basket=basket, sku=sku, quantity=0)
    if line.pk is None and basket.lines.count() >= MAX_LINES:
        raise BasketError
    wanted = min(line.quantity + quantity, MAX_QUANTITY)
    left = StockItem.objects.available([sku])[sku]
    if wanted > left and wanted > (left := left + _held_by_own_orders(basket).get(sku, 0)):
        raise TooFewError(left=left, inside=line.quantity)
    line.quantity = wanted
    line.save()
    basket.save(update_fields=["updated_at"])
    return basket


@transaction.atomic
def filled_again(*, order: Order) -> Basket | None:
    """Put what was ordered into a new basket, for a shopper who lost the old one; None when nothing is sold any more.

    Never the old basket itself: whoever is given that is let in on all that happens in it later.
    """
    basket = None
    for line in order.lines.all():
        with suppress(BasketError):
            basket = add(basket=basket, sku=line.sku, quantity=line.quantity)
    return basket


@transaction.atomic
def set_quantity(*, basket: Basket, sku: str, quantity: int) -> None:
    """Set how many of a SKU are in; 0 takes it out. What is not in does not get in."""
    if _locked(basket) is None:
        return
    line = basket.lines.filter(sku=sku)
    if quantity <= 0:
        line.delete()
    else:
        line.update(quantity=min(quantity, MAX_QUANTITY))
    basket.save(update_fields=["updated_at"])


@transaction.atomic
def take_out_what_was_bought(*, order: Order) -> None:
    """Empty the order's basket of what was paid; what was put in meanwhile stays."""
    basket = order.basket and _locked(order.basket)
    if basket is None:
        return
    bought = {line.sku: line.quantity for line in order.lines.all()}
    for line in basket.lines.filter(sku__in=bought):
        set_quantity(basket=basket, sku=line.sku, quantity=line.quantity - bought[line.sku])


def _locked(basket: Basket) -> Basket | None:
    """Keep everybody else from changing the basket; a line that does not exist yet could not be locked."""
    return Basket.objects.select_for_update().filter(pk=basket.pk).first()


def _held_by_own_orders(basket: Basket) -> dict[str, int]:
    held = (
        StockMovement.objects.filter(order__basket=basket, order__status__in=Order.PAYABLE)
        .values_list("sku")
        .annotate(held=Sum("held_change"))
        .order_by("sku")
    )
    return dict(held)
