"""The variants of products: what is bought, packed and counted, each with its SKU and price."""

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.models import Orderable

from home.models.media import optional_picture
from store.catalogue import skus
from store.catalogue.fields import PriceField, validate_origin
from store.catalogue.options import MOST_CHARACTERS
from store.catalogue.variant_form import FoldedPanel

MOST_SEARCHED_FOR = 200  # characters: each word is a condition


class ProductVariantQuerySet(models.QuerySet["ProductVariant"]):
    def on_sale(self) -> "ProductVariantQuerySet":
        """Return the variants of products that anybody can see, in stock or not."""
        product_page: Any = self.model._meta.get_field("page").related_model  # whose module imports this one
        page = product_page.objects.on_sale().filter(pk=models.OuterRef("page"))
        return self.exclude(sku="").filter(models.Exists(page))

    def search(self, words: str, *, most: int) -> "ProductVariantQuerySet":
        """Return variants with each word in their SKU or a name, of so many of the newest."""
        found = self.exclude(sku="")
        by_age = self.model.objects.order_by("-pk").values_list("pk", flat=True)
        if last := by_age[most : most + 1].first():
            found = found.filter(pk__gt=last)
        for word in words[:MOST_SEARCHED_FOR].split():
            found = found.filter(
                Q(name__icontains=word) | Q(page__title__icontains=word) | Q(sku__icontains=word)
            )
        return found


class ProductVariant(Orderable):
    """One item that can be bought: SKU and price, tax included."""

    page = ParentalKey("store.ProductPage", on_delete=models.CASCADE, related_name="variants")
    name = models.CharField(
        _("name"),
        max_length=MOST_CHARACTERS,
        blank=True,
        help_text=_("“A5, plain”. Empty if there is only one."),
    )
    # Empty in a copy of a product until somebody gives it one of its own.
    sku = models.CharField(
        _("article number (SKU)"),
        max_length=skus.MOST_CHARACTERS,
        blank=True,
        db_index=True,
        help_text=_("Left empty, one is made."),
    )
    price = PriceField(_("price"), db_index=True, help_text=_("Tax included. Empty: as the first."))
    picture = optional_picture(_("picture"), _("Shown when this variant is chosen."))
    weight = models.PositiveIntegerField(_("weight in grams"), null=True, blank=True)
    hs_code = models.CharField(
        _("customs tariff number (HS code)"),
        max_length=10,
        blank=True,
        validators=[RegexValidator(r"^[0-9]{6,10}\Z", _("Enter 6 to 10 digits, without points or spaces."))],
    )
    origin = models.CharField(
        _("country of origin"),
        max_length=2,
        blank=True,
        validators=[validate_origin],
        help_text=_("Where it was made: GB, IE, DE"),
    )

    objects = ProductVariantQuerySet.as_manager()

    panels: ClassVar[list] = [
        FieldPanel("name"),
        FieldRowPanel([FieldPanel("price"), FieldPanel("in_stock"), FieldPanel("sku")]),
        FoldedPanel(
            [
                FieldPanel("picture"),
                FieldRowPanel([FieldPanel("weight"), FieldPanel("hs_code"), FieldPanel("origin")]),
            ],
            heading=_("Picture, parcels and customs"),
            help_text=_(
                "Weight, number and country that are left empty are as in the first variant that has them."
            ),
        ),
    ]

    class Meta(Orderable.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["sku"],
                condition=~Q(sku=""),
                name="variant_sku_unique",
                violation_error_message=_("Another variant has this SKU."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.sku

    def price_with(self, text: str) -> int:
        """Return the price of one on which this is written, minor units."""
        return self.price + (self.page.text_price if text else 0)

    @property
    def in_full(self) -> str:
        """The name of its product and its own, if it has one."""
        return ", ".join(filter(None, (self.page.title, self.name)))
