"""The shop's pages: the front, and products with their variants. Stock is not page content: see `stock`."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable
from wagtail.query import PageQuerySet
from wagtail.models import PageManager

from home.blocks import TEXT_FEATURES, BodyBlock
from home.models import BasePage
from store.fields import PriceField


class ShopPage(BasePage):
    """The front of the shop: lists the products below it."""

    intro = models.TextField(_("introduction"), max_length=400, blank=True)
    body = StreamField(BodyBlock(), blank=True, verbose_name=_("body"))

    max_count = 1
    parent_page_types: ClassVar[list[str]] = ["home.HomePage"]
    subpage_types: ClassVar[list[str]] = ["store.ProductPage"]
    content_panels: ClassVar[list] = [*BasePage.content_panels, FieldPanel("intro"), FieldPanel("body")]

    class Meta:
        verbose_name = _("shop page")


class ProductQuerySet(PageQuerySet):
    """Speaks of products."""

    def on_sale(self) -> "ProductQuerySet":
        """Published products, with pictures and variants at hand (constant queries)."""
        return self.live().prefetch_related("variants", "images__image__renditions")


class ProductPage(BasePage):
    """A product. Its URL is below the shop's."""

    summary = models.CharField(_("in one line"), max_length=160, blank=True)
    description = RichTextField(_("description"), features=TEXT_FEATURES, blank=True)

    objects = PageManager.from_queryset(ProductQuerySet)()
    parent_page_types: ClassVar[list[str]] = ["store.ShopPage"]
    subpage_types: ClassVar[list[str]] = []
    content_panels: ClassVar[list] = [
        *BasePage.content_panels,
        FieldPanel("summary"),
        FieldPanel("description"),
        InlinePanel("images", label=_("picture"), heading=_("Pictures")),
        InlinePanel("variants", label=_("variant"), heading=_("Variants"), min_num=1),
    ]

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")


class ProductImage(Orderable):
    """A picture of a product."""

    page = ParentalKey(ProductPage, on_delete=models.CASCADE, related_name="images")
    image = models.ForeignKey(
        "home.SiteImage", on_delete=models.CASCADE, related_name="+", verbose_name=_("picture")
    )

    panels: ClassVar[list] = [FieldPanel("image")]


class ProductVariant(Orderable):
    """One thing that can be bought: SKU and price, tax included."""

    page = ParentalKey(ProductPage, on_delete=models.CASCADE, related_name="variants")
    name = models.CharField(
        _("name"), max_length=120, blank=True, help_text=_("“A5, plain”. Empty if there is one.")
    )
    # Empty in a copy of a product until somebody gives it one of its own.
    sku = models.CharField(_("SKU"), max_length=40, blank=True, db_index=True)
    price = PriceField(_("price"))

    panels: ClassVar[list] = [FieldPanel("name"), FieldPanel("sku"), FieldPanel("price")]

    class Meta(Orderable.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["sku"],
                condition=~models.Q(sku=""),
                name="variant_sku_unique",
                violation_error_message=_("Another variant has this SKU."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.sku
