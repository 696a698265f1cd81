"""The shop's pages: the front, and products with their variants. Stock is not page content: see `stock`."""

from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, PageManager
from wagtail.query import PageQuerySet

from home.blocks import TEXT_FEATURES, PlainBodyBlock
from home.models import BasePage
from store.catalogue.fields import PriceField
from store.catalogue.forms import ProductPageForm
from store.models.baskets import MAX_QUANTITY


class ShopPage(BasePage):
    """The front of the shop: lists the products below it."""

    intro = models.TextField(_("introduction"), max_length=400, blank=True)
    body = StreamField(PlainBodyBlock(), blank=True, verbose_name=_("body"))

    max_count = 1  # type: ignore[assignment]  # Wagtail declares None
    parent_page_types: ClassVar[list[str]] = ["home.HomePage"]
    subpage_types: ClassVar[list[str]] = ["store.ProductPage"]
    content_panels: list = [*BasePage.content_panels, FieldPanel("intro"), FieldPanel("body")]

    class Meta:
        verbose_name = _("shop page")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Show the products below this page."""
        from store.catalogue.products import on_display  # noqa: PLC0415 - it needs the models

        context = super().get_context(request, *args, **kwargs)
        products = ProductPage.objects.child_of(self).on_sale().for_display().order_by("path")
        return {**context, "products": on_display(products)}


class ProductQuerySet(PageQuerySet):
    """Speaks of products."""

    def on_sale(self) -> "ProductQuerySet":
        """Products that anybody can see, and so buy: published, and behind no view restriction."""
        return self.live().public()

    def for_display(self) -> "ProductQuerySet":
        """Have pictures and variants at hand (constant queries)."""
        return self.prefetch_related("variants", "images__image__renditions")


class ProductPage(BasePage):
    """A product. Its URL is below the shop's."""

    summary = models.CharField(
        _("in one line"), max_length=160, blank=True, help_text=_("Shown in the shop below the name.")
    )
    description = RichTextField(_("description"), features=TEXT_FEATURES, blank=True)

    objects: ClassVar = PageManager.from_queryset(ProductQuerySet)()
    parent_page_types: ClassVar[list[str]] = ["store.ShopPage"]
    subpage_types: ClassVar[list[str]] = []
    base_form_class = ProductPageForm
    content_panels: list = [
        *BasePage.content_panels,
        FieldPanel("summary"),
        FieldPanel("description"),
        InlinePanel("images", label=_("picture"), heading=_("Pictures")),
        InlinePanel("variants", label=_("variant"), heading=_("Variants"), min_num=1),
    ]

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Show what can be bought here, and how much of it there is."""
        from store.catalogue.products import on_display  # noqa: PLC0415 - it needs the models

        context = super().get_context(request, *args, **kwargs)
        return {**context, "product": on_display([self])[0], "most": MAX_QUANTITY}

    def copy_all_child_relations(self, target: "ProductPage", *args: Any, **kwargs: Any) -> dict[Any, Any]:
        """Copy variants and pictures; a SKU stays with the product that has it."""
        copies = super().copy_all_child_relations(target, *args, **kwargs)
        for variant in target.variants.all():
            variant.sku = ""
        return copies

    def with_content_json(self, content: dict[str, Any]) -> "ProductPage":
        """Read a revision. It may be old, or copied from another product: SKUs that belong elsewhere stay there."""
        page = super().with_content_json(content)
        variants = page.variants.all()
        elsewhere = ProductVariant.objects.exclude(page_id=self.pk).exclude(sku="")
        taken = set(
            elsewhere.filter(sku__in=[variant.sku for variant in variants]).values_list("sku", flat=True)
        )
        for variant in variants:
            if variant.sku in taken:
                variant.sku = ""
        return page


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
        _("name"), max_length=120, blank=True, help_text=_("“A5, plain”. Empty if there is only one.")
    )
    # Empty in a copy of a product until somebody gives it one of its own.
    sku = models.CharField(
        _("SKU"),
        max_length=40,
        blank=True,
        db_index=True,
        help_text=_(
            "Your own number for exactly this thing. Stock is counted by it; without one it is not sold."
        ),
    )
    price = PriceField(_("price"), help_text=_("Tax included."))

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
