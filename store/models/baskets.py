"""Baskets, found by a random token in a cookie. Nothing is sold at the prices that stand here."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from store.models.personal_texts import MOST_CHARACTERS
from store.models.tokens import TOKEN_LENGTH, new_token

MAX_QUANTITY = 99


class Basket(models.Model):
    token = models.CharField(max_length=TOKEN_LENGTH, unique=True, default=new_token, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        verbose_name = _("basket")
        verbose_name_plural = _("baskets")

    def __str__(self) -> str:
        return f"basket {self.pk}"


class BasketLine(models.Model):
    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    sku = models.CharField(_("SKU"), max_length=40)
    text = models.CharField(max_length=MOST_CHARACTERS, blank=True, default="")  # that the shopper wrote
    quantity = models.PositiveSmallIntegerField(
        _("quantity"), validators=[MinValueValidator(1), MaxValueValidator(MAX_QUANTITY)]
    )
    # What the shopper last saw of it, to say what changed since (store.basket.seen); None where nobody noted it.
    seen_price = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    seen_days_to_make = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["basket", "sku", "text"], name="basket_line_unique"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1, quantity__lte=MAX_QUANTITY), name="basket_quantity_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"
