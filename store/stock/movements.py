"""Every change of stock: each function changes the row of a SKU and records the movement that explains it.

What an order holds is found in its movements, so that holding, selling and releasing happen once however often they are
called; each function locks the order for that. One conditional update prevents selling twice, not a check beforehand.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from home.models import User
from home.page_cache import tokens
from store.models import Order, ProductPage, ShopSettings, StockItem, StockMovement
from store.models.stock import SeenStock
from store.orders import emails

Kind = StockMovement.Kind


class OutOfStockError(Exception):
    """Too few of a SKU are available."""

    def __init__(self, sku: str, available: int) -> None:
        super().__init__(f"{sku}: {available} left")
        self.sku = sku
        self.available = available


class StockChangedError(Exception):
    """Somebody changed the stock of these SKUs by hand meanwhile."""

    def __init__(self, skus: Sequence[str]) -> None:
        super().__init__(*skus)
        self.skus = skus


@dataclass(frozen=True)
class Correction:
    """What the stock of a SKU should be, against what was seen of it, and by what kind of movement."""

    seen: SeenStock
    to: int
    kind: StockMovement.Kind

    @property
    def change(self) -> int:
        return self.to - self.seen.on_hand


def ensure_stock_items(skus: Iterable[str]) -> None:
    """Create the missing rows of these SKUs, with no stock."""
    StockItem.objects.bulk_create([StockItem(sku=sku) for sku in skus], ignore_conflicts=True)


def ensure_published(instance: ProductPage, **_kwargs: Any) -> None:
    """Create the stock rows of a product that was just published."""
    ensure_stock_items(variant.sku for variant in instance.variants.all() if variant.sku)


@transaction.atomic
def receive(*, sku: str, quantity: int, by: User | None = None, note: str = "") -> None:
    """Add goods to the stock."""
    StockItem.objects.get_or_create(sku=sku)
    _change(sku, on_hand=_some(quantity), kind=Kind.RECEIVED, by=by, note=note)


@transaction.atomic
def write_off(*, sku: str, quantity: int, by: User | None = None, note: str = "") -> None:
    """Remove broken or lost goods. Raises OutOfStockError when they are held or not there."""
    _change(sku, on_hand=-_some(quantity), kind=Kind.WRITTEN_OFF, by=by, note=note)


@transaction.atomic
def count(*, sku: str, on_hand: int, by: User | None = None, note: str = "") -> None:
    """Set the stock to what was counted. Raises OutOfStockError when more is held."""
    StockItem.objects.get_or_create(sku=sku)
    item = StockItem.objects.select_for_update().get(sku=sku)
    _change(sku, on_hand=on_hand - item.on_hand, kind=Kind.COUNTED, by=by, note=note)


def correct(*, seen: SeenStock, counted: int, by: User | None = None) -> None:
    """Change the stock of one SKU, as `correct_all` does; the first number of a SKU is what was received."""
    is_new = not StockMovement.objects.filter(sku=seen.sku).exists()
    correct_all([Correction(seen, counted, Kind.RECEIVED if is_new else Kind.COUNTED)], by=by)


@transaction.atomic
def correct_all(corrections: Iterable[Correction], *, by: User | None = None, note: str = "") -> None:
    """Change each stock by what it should be against what was seen, so that sales meanwhile are kept; all or none.

    Raises StockChangedError when somebody changed one by hand meanwhile, which is also what a form sent twice meets.
    Raises OutOfStockError when more is held than would be left.
    """
    wanted = {one.seen.sku: one for one in corrections}
    ensure_stock_items(wanted)
    # Sorted by the database, as in `hold`: all lock in the same sequence. With the lock, no condition is needed.
    items = [*StockItem.objects.filter(sku__in=wanted).order_by("sku").select_for_update()]
    now = StockItem.objects.seen(wanted)
    if changed := [sku for sku, one in wanted.items() if now[sku].last_change != one.seen.last_change]:
        raise StockChangedError(changed)
    made, changes = [], {}
    for item in items:
        one, before = wanted[item.sku], item.available
        entry = {"sku": item.sku, "kind": one.kind, "on_hand_change": one.change, "made_by": by, "note": note}
        made.append(StockMovement(held_change=0, made_at=timezone.now(), **entry))
        if before + one.change < 0:
            raise OutOfStockError(item.sku, before)
        item.on_hand += one.change
        changes[item.sku] = (before, item.available)
    by_change: dict[int, list[str]] = {}
    for sku, one in wanted.items():
        by_change.setdefault(one.change, []).append(sku)
    for change, skus in by_change.items():
        StockItem.objects.filter(sku__in=skus).update(on_hand=F("on_hand") + change)
    StockMovement.objects.bulk_create(made)
    _follow(changes)


@transaction.atomic
def hold(*, order: Order) -> None:
    """Hold everything the order asks for, or nothing. Raises OutOfStockError."""
    _lock(order)
    if order.stock_movements.filter(kind=Kind.HELD).exists():
        return
    # Sorted: all lock in the same sequence, so that no two wait for each other.
    for sku, quantity in _from_stock(order).items():
        _change(sku, held=quantity, kind=Kind.HELD, order=order)


@transaction.atomic
def release(*, order: Order) -> None:
    """Release what is still held for the order."""
    _lock(order)
    for sku, quantity in _held_for(order).items():
        _change(sku, held=-quantity, kind=Kind.RELEASED, order=order)


@transaction.atomic
def sell(*, order: Order) -> None:
    """Remove what was paid and kept from the stock; what is no longer held is taken from what is available.

    Raises OutOfStockError, and removes nothing, when too few are available.
    """
    _lock(order)
    if order.stock_movements.filter(kind=Kind.SOLD).exists():
        return
    held = _held_for(order)
    for sku, quantity in _from_stock(order).items():
        from_hold = held.get(sku, 0)
        if quantity or from_hold:
            kind = Kind.SOLD if quantity else Kind.RELEASED
            _change(sku, on_hand=-quantity, held=-from_hold, kind=kind, order=order)


@transaction.atomic
def take_back(
    *, order: Order, goods: Iterable[tuple[str, int]] | None = None, by: User | None = None
) -> None:
    """Add returned goods that can be sold again to the stock: all, or some, never more than the order took from it."""
    _lock(order)
    wanted = None if goods is None else by_sku(goods)
    totals = order.stock_movements.values_list("sku").annotate(change=Sum("on_hand_change")).order_by("sku")
    for sku, change in totals:
        out = -change
        back = out if wanted is None else min(out, _some(wanted[sku]))
        if back > 0:
            _change(sku, on_hand=back, kind=Kind.RETURNED, order=order, by=by)


def by_sku(goods: Iterable[tuple[str, int]]) -> Counter[str]:
    """Add up the quantities of each SKU: several lines can have the same one."""
    total: Counter[str] = Counter()
    for sku, quantity in goods:
        total[sku] += quantity
    return total


def _some(quantity: int) -> int:
    """Refuse a negative quantity: it would turn the movement into another kind."""
    if quantity < 0:
        message = f"{quantity} things are not a quantity."
        raise ValueError(message)
    return quantity


def _lock(order: Order) -> None:
    """Lock the order against other movements; whoever holds its lock already goes on."""
    Order.objects.select_for_update().values_list("pk").get(pk=order.pk)


def _from_stock(order: Order) -> Counter[str]:
    """Return how many of each SKU are kept, in the sequence of SKUs; not what is made to order."""
    lines = order.lines_with_refunds().filter(made_in_days=0).order_by("sku")
    return by_sku((line.sku, line.kept) for line in lines)


def _held_for(order: Order) -> dict[str, int]:
    totals = order.stock_movements.values_list("sku").annotate(held=Sum("held_change")).order_by("sku")
    return {sku: held for sku, held in totals if held > 0}


def _change(
    sku: str,
    *,
    kind: str,
    on_hand: int = 0,
    held: int = 0,
    order: Order | None = None,
    by: User | None = None,
    note: str = "",
) -> None:
    """Change one row in one statement, if enough is available, and record the movement."""
    # After the change, what is held must still fit into what is there: on_hand + Δ ≥ held + Δ.
    row = StockItem.objects.alias(free=F("on_hand") - F("held")).filter(
        sku=sku, free__gte=held - on_hand, held__gte=-held
    )
    if not row.update(on_hand=F("on_hand") + on_hand, held=F("held") + held):
        raise OutOfStockError(sku, StockItem.objects.available([sku])[sku])
    StockMovement.objects.create(
        sku=sku,
        kind=kind,
        on_hand_change=on_hand,
        held_change=held,
        order=order,
        made_at=timezone.now(),
        made_by=by,
        note=note,
    )
    now = StockItem.objects.available([sku])[sku]
    _follow({sku: (now + held - on_hand, now)}, have_come=kind != Kind.RELEASED)


def _follow(changes: Mapping[str, tuple[int, int]], *, have_come: bool = True) -> None:
    """After what is available has changed (before, now): invalidate cached pages, and tell the trader what is low.

    Pages say something else only of few. The trader is told once until goods `have_come`: what payment pages that
    close give back is none, or whoever opens and closes them would send e-mails.
    """
    mark = ShopSettings.current().low_stock
    if any(min(now, mark + 1) != min(before, mark + 1) for before, now in changes.values()):
        tokens.changed("shop")
    refilled = [sku for sku, (before, now) in changes.items() if now > max(before, mark) and have_come]
    if refilled:
        StockItem.objects.filter(sku__in=refilled, is_low_told=True).update(is_low_told=False)
    fallen = {sku: now for sku, (before, now) in changes.items() if now <= mark < before}
    untold = StockItem.objects.filter(sku__in=fallen, is_low_told=False)
    if left := {sku: fallen[sku] for sku in untold.values_list("sku", flat=True)} if fallen else {}:
        untold.update(is_low_told=True)
        emails.low_stock(left)
