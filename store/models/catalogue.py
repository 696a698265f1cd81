"""The shop's pages: the shop and its products with their variants. Stock is not page content: see `stock`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, PageManager
from wagtail.query import PageQuerySet

from home import paging
from home.blocks import TEXT_FEATURES, PlainBodyBlock
from home.models import BasePage
from home.models.pages import has_restrictions
from home.navigation import Link
from home.snapshot import Snapshot, shared
from store.catalogue.fields import PriceField
from store.catalogue.forms import ProductPageForm
from store.models.baskets import MAX_QUANTITY
from store.models.stock import LOW_STOCK, StockItem

PRODUCTS_A_PAGE = 24


class ShopPage(BasePage):
    """The shop's page: lists the products below it, so many to a page."""

    intro = models.TextField(_("introduction"), max_length=400, blank=True)
    body = StreamField(PlainBodyBlock(), blank=True, verbose_name=_("body"))

    max_count = 1  # type: ignore[assignment]  # Wagtail declares None
    parent_page_types: ClassVar[list[str]] = ["home.HomePage"]
    subpage_types: ClassVar[list[str]] = ["store.ProductPage"]
    content_panels: list = [*BasePage.content_panels, FieldPanel("intro"), FieldPanel("body")]

    class Meta:
        verbose_name = _("shop page")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        number = paging.wanted_page(request)
        if number > 1 and (number - 1) * PRODUCTS_A_PAGE >= self.numchild:
            raise Http404
        products = ProductPage.objects.child_of(self).on_sale().for_display().order_by("path")
        shown = paging.page_of(products, number=number, size=PRODUCTS_A_PAGE)
        return {
            **super().get_context(request, *args, **kwargs),
            "products": on_display(shown.items),
            "page_of_products": shown,
            "canonical_path": paging.url_of_page(request, number),
        }

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return paging.redirect_to_the_one_url(request) or super().serve(request, *args, **kwargs)


@shared
def shown_shop(_snapshot: Snapshot) -> Link | None:
    """Return the link to the shop's page; None where it is not published."""
    shop = ShopPage.objects.live().first()
    return Link(shop.title, shop.url or "") if shop else None


class ProductQuerySet(PageQuerySet):
    def on_sale(self) -> "ProductQuerySet":
        """Return the products that anybody can see: published, without view restriction."""
        return self.live().public() if has_restrictions() else self.live()

    def for_display(self) -> "ProductQuerySet":
        """Prefetch pictures and variants."""
        return self.prefetch_related("variants", *pictures("images"))


def pictures(path: str) -> tuple[models.Prefetch, str]:
    """Return what prefetches the pictures of products and their renditions, in two queries."""
    images = ProductImage.objects.select_related("image")
    return models.Prefetch(path, images), f"{path}__image__renditions"


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
        context = super().get_context(request, *args, **kwargs)
        if not getattr(request, "is_preview", False):  # a draft's pictures are not in the database
            models.prefetch_related_objects([self], *pictures("images"))
        shown = {"product": on_display([self])[0], "shop": shown_shop(request), "most": MAX_QUANTITY}
        return {**context, **shown}

    def copy_all_child_relations(self, target: "ProductPage", *args: Any, **kwargs: Any) -> dict[Any, Any]:
        """Copy variants and pictures without SKUs: a SKU belongs to one product."""
        copies = super().copy_all_child_relations(target, *args, **kwargs)
        for variant in target.variants.all():
            variant.sku = ""
        return copies

    def with_content_json(self, content: dict[str, Any]) -> "ProductPage":
        """Read a revision, without the SKUs that belong to another product by now."""
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
    page = ParentalKey(ProductPage, on_delete=models.CASCADE, related_name="images")
    image = models.ForeignKey(
        "home.SiteImage", on_delete=models.CASCADE, related_name="+", verbose_name=_("picture")
    )

    panels: ClassVar[list] = [FieldPanel("image")]


class ProductVariantQuerySet(models.QuerySet["ProductVariant"]):
    def on_sale(self) -> "ProductVariantQuerySet":
        """Return the variants of products that anybody can see, in stock or not."""
        return self.exclude(sku="").filter(page__in=ProductPage.objects.on_sale())


class ProductVariant(Orderable):
    """One item that can be bought: SKU and price, tax included."""

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

    objects = ProductVariantQuerySet.as_manager()

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


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A variant that has a SKU, and how many of it are available."""

    variant: ProductVariant
    available: int

    @property
    def is_sold_out(self) -> bool:
        return self.available <= 0

    @property
    def is_low(self) -> bool:
        """So few are available that the shopper is told how many."""
        return 0 < self.available <= LOW_STOCK


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product as its page and the shop's page show it."""

    page: ProductPage
    offers: tuple[Offer, ...]

    @property
    def picture(self) -> ProductImage | None:
        return next(iter(self.page.images.all()), None)

    @property
    def from_price(self) -> int:
        """The lowest price, minor units."""
        return min((offer.variant.price for offer in self.offers), default=0)

    @property
    def has_several_prices(self) -> bool:
        """Its variants have different prices."""
        return len({offer.variant.price for offer in self.offers}) > 1

    @property
    def is_sold_out(self) -> bool:
        return all(offer.is_sold_out for offer in self.offers)

    @property
    def first_choice(self) -> Offer | None:
        """What is selected at first: the first variant that is available."""
        return next((offer for offer in self.offers if not offer.is_sold_out), None)


def on_display(pages: Iterable[ProductPage]) -> list[Product]:
    """Return products with their stock, in one query for the stock of all."""
    shown = [(page, [variant for variant in page.variants.all() if variant.sku]) for page in pages]
    free = StockItem.objects.available(variant.sku for _page, found in shown for variant in found)
    return [
        Product(
            page=page,
            offers=tuple(Offer(variant=variant, available=free[variant.sku]) for variant in found),
        )
        for page, found in shown
    ]
