"""The contents of a basket: SKUs and quantities in the database, looked up at today's prices and stock.

A basket exists once something is put into it. It sells nothing at an earlier price and never holds stock; a checkout
does.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from store.basket.seen import Seen, as_text
from store.models import Basket, BasketLine, Order, ProductVariant, ShippingOption, StockItem, StockMovement
from store.models.baskets import MAX_QUANTITY
from store.models.catalogue import decorative, images_of
from store.models.personal_texts import written
from store.models.shipping import Consignment
from store.stock.movements import by_sku

MAX_LINES = 50  # Stripe takes 100 line items


class BasketError(Exception):
    """Something cannot be put into the basket; the message is for the shopper."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a basket at today's prices. `variant` is None when it is no longer for sale."""

    sku: str
    quantity: int
    variant: ProductVariant | None
    text: str = ""  # that the shopper wrote
    all_of_sku: int  # in the basket, whatever is written on them
    available: int = MAX_QUANTITY  # where stock was not looked up
    picture: SafeString | str = ""  # where pages show one
    pk: int = 0  # of the line in its basket
    seen: Seen | None = None  # when the shopper last saw it

    @property
    def unit_price(self) -> int:
        """Price of one, minor units."""
        return self.variant.price_with(self.text) if self.variant else 0

    @property
    def total(self) -> int:
        """Price of the line, minor units."""
        return self.unit_price * self.quantity

    @property
    def written(self) -> str:
        """What the shopper wrote, with what it is."""
        return written(self.variant.page.text_label if self.variant else "", self.text)

    @property
    def in_full(self) -> str:
        """Its name with what the shopper wrote, to tell it from another line."""
        return ", ".join(filter(None, (self.variant.in_full if self.variant else self.sku, self.written)))

    @property
    def to_see(self) -> Seen:
        """What there is to see of it today."""
        return Seen(self.unit_price, self.variant.page.days_to_make if self.variant else 0)

    @property
    def changes(self) -> list[str]:
        """What differs from what the shopper last saw, in words."""
        return self.seen.changes_to(self.to_see) if self.seen and self.variant else []

    @property
    def text_problem(self) -> str:
        """Why it cannot be sold with this text; empty when it can."""
        return self.variant.page.text_problem(self.text) if self.variant else ""

    @property
    def is_gone(self) -> bool:
        """It is no longer for sale."""
        return self.variant is None

    @property
    def is_short(self) -> bool:
        """Fewer are available than are wanted."""
        return not self.is_gone and self.available < self.all_of_sku

    @property
    def most(self) -> int:
        """How many of it one order can have."""
        return self.variant.page.most if self.variant else 0

    @property
    def is_too_many(self) -> bool:
        """More are wanted than one order can have."""
        return not self.is_gone and self.all_of_sku > self.most

    @property
    def can_be_bought(self) -> bool:
        return not (self.is_gone or self.is_short or self.is_too_many or self.text_problem)


@dataclass(frozen=True)
class Contents:
    """A basket at today's prices."""

    lines: tuple[Line, ...] = ()

    @property
    def goods(self) -> list[tuple[Line, ProductVariant]]:
        """The lines that are for sale, with their variants."""
        return [(line, line.variant) for line in self.lines if line.variant]

    @property
    def changed(self) -> list[Line]:
        """The lines that differ from what the shopper last saw."""
        return [line for line in self.lines if line.changes]

    @property
    def to_see(self) -> dict[int, Seen]:
        """What there is to see of what changed, by the keys of the lines."""
        return {line.pk: line.to_see for line in self.changed}

    @property
    def to_see_as_text(self) -> str:
        """The same for a form."""
        return as_text(self.to_see)

    @property
    def grams(self) -> int:
        """What it weighs, as far as that is known."""
        return sum(line.quantity * (variant.weight or 0) for line, variant in self.goods)

    @property
    def consignments(self) -> list[Consignment]:
        """What is delivered together: all of it."""
        return [Consignment(self.subtotal, self.grams)]

    def price_of(self, option: ShippingOption) -> int:
        """Return what its delivery costs, minor units."""
        return option.price_of(*self.consignments)

    @property
    def days_to_make(self) -> int:
        """How many working days pass before all of it can be sent."""
        return max((variant.page.days_to_make for _line, variant in self.goods), default=0)

    @property
    def subtotal(self) -> int:
        """Price of the goods, minor units."""
        return sum(line.total for line in self.lines)

    @property
    def items(self) -> int:
        """How many items it has, whatever they are."""
        return sum(line.quantity for line in self.lines)

    @property
    def size_problem(self) -> str:
        """Why one order cannot have so much, and what to do; empty when it can."""
        if self.items > settings.MOST_UNPAID_ITEMS:
            words = ngettext(
                "One order can have at most %(most)s item. Remove some to continue.",
                "One order can have at most %(most)s items. Remove some to continue.",
                settings.MOST_UNPAID_ITEMS,
            )
            return words % {"most": settings.MOST_UNPAID_ITEMS}
        if any(line.is_too_many for line in self.lines):
            return _("One order cannot have so many of an item. Change the quantity to continue.")
        return ""

    @property
    def can_be_bought(self) -> bool:
        """It is not empty, each line can be bought, and it is not too large."""
        return bool(self.lines) and all(line.can_be_bought for line in self.lines) and not self.size_problem


def count(basket: Basket | None) -> int:
    """Return the number of items in a basket, without looking them up."""
    return basket.lines.aggregate(count=Sum("quantity", default=0))["count"] if basket else 0


def with_pictures(contents: Contents) -> Contents:
    """Add the picture of each variant, or else the first of its product."""
    picture_of = decorative(images_of(variant for _line, variant in contents.goods), size="small")
    lines = [
        replace(line, picture=picture_of.get(line.sku, "")) if line.variant else line
        for line in contents.lines
    ]
    return Contents(tuple(lines))


def look_up(basket: Basket | None) -> Contents:
    """Return a basket at today's prices and stock. What its own unpaid orders hold counts as available to it.

    What is being paid does not: it is no longer in the basket, and no new checkout releases it.
    """
    if basket is None:
        return Contents()
    sku = OuterRef("sku")
    free = StockItem.objects.filter(sku=sku).values_list(F("on_hand") - F("held"))
    own = _movements_of_own_orders(OuterRef("basket")).filter(sku=sku).order_by().values("sku")
    held = own.annotate(sum=Sum("held_change")).values("sum")
    wanted = basket.lines.annotate(available=Coalesce(Subquery(free), 0) + Coalesce(Subquery(held), 0))
    shown = zip(_priced(wanted).lines, wanted, strict=True)
    return Contents(
        tuple(
            replace(line, available=line.variant.page.sellable(found.available)) if line.variant else line
            for line, found in shown
        )
    )


def priced(basket: Basket) -> Contents:
    """Return a basket at today's prices, whatever the stock: for a checkout, which holds it anyway."""
    return _priced(basket.lines.all())


def _priced(wanted: Iterable[BasketLine]) -> Contents:
    variants = ProductVariant.objects.on_sale().filter(sku__in=[line.sku for line in wanted])
    found = {variant.sku: variant for variant in variants.select_related("page__vat_class", "picture")}
    all_of = by_sku((line.sku, line.quantity) for line in wanted)
    return Contents(tuple(_line(line, found.get(line.sku), all_of[line.sku]) for line in wanted))


def _line(line: BasketLine, variant: ProductVariant | None, all_of_sku: int) -> Line:
    return Line(
        sku=line.sku,
        text=line.text,
        quantity=line.quantity,
        all_of_sku=all_of_sku,
        variant=variant,
        available=variant.page.sellable(MAX_QUANTITY) if variant else 0,
        pk=line.pk,
        seen=None if line.seen_price is None else Seen(line.seen_price, line.seen_days_to_make),
    )


@transaction.atomic
def add(*, basket: Basket | None, sku: str, quantity: int, text: str = "") -> Basket:
    """Add so many of a SKU with what is written on them, creating a basket if there is none. Raises BasketError.

    Stock is checked to tell the shopper early; only the hold of the checkout guarantees it.
    """
    variant = _on_sale(sku)
    if variant is None:
        raise BasketError(_("This product is not for sale."))
    if not variant.page.sellable(1):
        raise BasketError(variant.page.availability_in_words + ".")
    if problem := variant.page.text_problem(text):
        raise BasketError(problem)
    basket = (_locked(basket) if basket else None) or Basket.objects.create()
    same = {"basket": basket, "sku": sku, "text": text.strip()}
    line = BasketLine.objects.filter(**same).first() or BasketLine(**same, quantity=0)
    if line.pk is None and basket.lines.count() >= MAX_LINES:
        raise BasketError(_("Your basket cannot hold any more different products."))
    inside, most = _all_of(basket, sku), variant.page.most
    wanted = inside + quantity
    left = variant.page.sellable(StockItem.objects.available([sku])[sku])
    if wanted > left and left < most:
        left += _held_by_own_orders(basket, sku)
    if wanted > most <= left:
        raise BasketError(_too_many(most, inside=inside))
    if wanted > left:
        raise BasketError(_too_few(left, inside=inside))
    line.quantity += quantity
    _save_as_seen(line, variant)
    basket.save(update_fields=["updated_at"])
    return basket


@transaction.atomic
def refill(*, order: Order) -> Basket | None:
    """Return a new basket with what was ordered; None when nothing of it is for sale.

    Never the old basket: whoever has its token sees everything that happens in it later.
    """
    basket = None
    for line in order.lines.all():
        with suppress(BasketError):
            basket = add(basket=basket, sku=line.sku, quantity=line.quantity, text=line.text)
    return basket


@transaction.atomic
def set_quantity(*, basket: Basket, sku: str, quantity: int, text: str = "") -> Line | None:
    """Set the quantity of a SKU that is in the basket with this text; 0 removes it. Return what was removed.

    Raises BasketError for more than one order can have; fewer than before are never too many.
    """
    if _locked(basket) is None or (line := basket.lines.filter(sku=sku, text=text).first()) is None:
        return None
    variant, removed = _on_sale(sku), None
    if quantity <= 0:
        removed = _line(line, variant, line.quantity)
        line.delete()
    else:
        others = _all_of(basket, sku) - line.quantity
        if variant and quantity > line.quantity and others + quantity > variant.page.most:
            raise BasketError(_too_many(variant.page.most, inside=others))
        line.quantity = quantity
        _save_as_seen(line, variant)
    basket.save(update_fields=["updated_at"])
    return removed


def _save_as_seen(line: BasketLine, variant: ProductVariant | None) -> None:
    """Save a line that the shopper changed: what holds today is what they see."""
    if variant:
        line.seen_price, line.seen_days_to_make = variant.price_with(line.text), variant.page.days_to_make
    line.save()


@transaction.atomic
def remove_ordered(*, order: Order) -> None:
    """Remove what was paid from the order's basket; what was added meanwhile stays, and as the shopper last saw it."""
    basket = order.basket and _locked(order.basket)
    if basket is None:
        return
    for bought in order.lines.all():
        same = basket.lines.filter(sku=bought.sku, text=bought.text)
        same.filter(quantity__lte=bought.quantity).delete()
        same.update(quantity=F("quantity") - bought.quantity)
    basket.save(update_fields=["updated_at"])


def _all_of(basket: Basket, sku: str) -> int:
    """Return how many of a SKU are inside, whatever is written on them."""
    return basket.lines.filter(sku=sku).aggregate(sum=Sum("quantity", default=0))["sum"]


def _on_sale(sku: str) -> ProductVariant | None:
    return ProductVariant.objects.on_sale().select_related("page").filter(sku=sku).first()


def _too_many(most: int, *, inside: int = 0) -> str:
    words = ngettext(
        "One order can have at most %(most)s of this.", "One order can have at most %(most)s of this.", most
    )
    return _with_those_inside(words % {"most": most}, inside)


def _too_few(left: int, *, inside: int) -> str:
    if left <= 0:
        return _("This is sold out.")
    words = ngettext("Only %(left)s is left.", "Only %(left)s are left.", left) % {"left": left}
    return _with_those_inside(words, inside)


def _with_those_inside(words: str, inside: int) -> str:
    if not inside:
        return words
    words_inside = ngettext(
        "Your basket already holds %(inside)s.", "Your basket already holds %(inside)s.", inside
    )
    return f"{words} {words_inside % {'inside': inside}}"


def _locked(basket: Basket) -> Basket | None:
    """Lock the basket: a line that does not exist yet cannot be locked."""
    return Basket.objects.select_for_update().filter(pk=basket.pk).first()


def _held_by_own_orders(basket: Basket, sku: str) -> int:
    held = _movements_of_own_orders(basket).filter(sku=sku)
    return held.aggregate(sum=Sum("held_change", default=0))["sum"]


def _movements_of_own_orders(basket: Basket | OuterRef) -> QuerySet[StockMovement]:
    return StockMovement.objects.filter(order__basket=basket, order__status__in=Order.PAYABLE)
