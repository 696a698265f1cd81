"""Stock: one row for each SKU, held by no page revision, changed only by movements (`store.stock.movements`).

`on_hand` is what is there, `held` the part of it that waits for payments. The database itself keeps both from going
below zero, and from holding more than there is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from home.append_only import AppendOnlyModel
from home.page_cache.reads import depends_on
from store.models.settings import ShopSettings

MOST_OF_A_SKU = 100_000  # in one change by hand


@dataclass(frozen=True, kw_only=True)
class SeenStock:
    """The stock of a SKU as a form shows it, to find out later what was changed against it."""

    sku: str
    on_hand: int = 0
    held: int = 0
    last_change: int = 0  # the newest movement by hand

    def __str__(self) -> str:
        return f"{self.on_hand} {self.last_change} {self.sku}"

    @classmethod
    def read(cls, text: str) -> "SeenStock":
        """Return what a form sends back; of anything else, the stock of no SKU."""
        on_hand, last_change, sku = [*text.split(" ", 2), "", "", ""][:3]
        if not (on_hand.isdecimal() and last_change.isdecimal()):
            return cls(sku="")
        return cls(sku=sku, on_hand=int(on_hand), last_change=int(last_change))


class StockItemQuerySet(models.QuerySet["StockItem"]):
    def available(self, skus: Iterable[str]) -> dict[str, int]:
        """Return how many of each SKU can be bought now; unknown SKUs have none."""
        depends_on("shop")
        wanted = set(skus)
        found = {item.sku: item.available for item in self.filter(sku__in=wanted)}
        return {sku: found.get(sku, 0) for sku in wanted}

    def scarce(self) -> "StockItemQuerySet":
        """Return those of which few or none are left, by an index."""
        free = self.alias(free=F("on_hand") - F("held"))
        return free.filter(free__lte=ShopSettings.low_stock_in_query())

    def seen(self, skus: Iterable[str]) -> dict[str, SeenStock]:
        """Return the stock of these SKUs for a form; unknown SKUs have none."""
        wanted = set(skus)
        by_hand = StockMovement.objects.filter(sku=models.OuterRef("sku"), order=None).order_by("-pk")
        items: Any = self.filter(sku__in=wanted).annotate(last=models.Subquery(by_hand.values("pk")[:1]))
        found = {
            item.sku: SeenStock(
                sku=item.sku, on_hand=item.on_hand, held=item.held, last_change=item.last or 0
            )
            for item in items
        }
        return {sku: found.get(sku) or SeenStock(sku=sku) for sku in wanted}


class StockItem(models.Model):
    sku = models.CharField(_("SKU"), max_length=40, unique=True)
    # Indexed because staff sort the list of stock by them, at the price of an index entry for each movement.
    on_hand = models.PositiveIntegerField(_("in stock"), default=0, db_index=True)
    held = models.PositiveIntegerField(_("held for payments"), default=0, db_index=True)
    # Since goods last came, the trader was told that it is low.
    is_low_told = models.BooleanField(default=False, editable=False)

    objects = StockItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stock")
        ordering: ClassVar[list[str]] = ["sku"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(held__lte=F("on_hand")), name="stock_held_within_on_hand"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(F("on_hand") - F("held"), name="stock_free")]

    def __str__(self) -> str:
        return self.sku

    @property
    def available(self) -> int:
        return self.on_hand - self.held


class StockMovement(AppendOnlyModel):
    """One change of stock: what, how much, for which order, who and when."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("received")
        COUNTED = "counted", _("counted")
        HELD = "held", _("held for a payment")
        RELEASED = "released", _("released")
        SOLD = "sold", _("sold")
        RETURNED = "returned", _("returned")
        WRITTEN_OFF = "written_off", _("written off")

    sku = models.CharField(_("SKU"), max_length=40, db_index=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    on_hand_change = models.IntegerField(_("change of stock"))
    held_change = models.IntegerField(_("change of held"))
    order = models.ForeignKey(
        "store.Order", null=True, blank=True, on_delete=models.PROTECT, related_name="stock_movements"
    )
    made_at = models.DateTimeField(_("time"), db_index=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    detachable_fields: ClassVar[frozenset[str]] = frozenset({"made_by"})

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering: ClassVar[list[str]] = ["-made_at", "-pk"]
        # For the lists that show since when a count is known: few movements are made by hand.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["sku", "id"], condition=Q(order=None), name="stock_movement_by_hand")
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.kind}"
