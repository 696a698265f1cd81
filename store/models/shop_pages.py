"""The pages that list products: the shop, and its categories."""

from typing import Any, ClassVar

from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField

from home import paging
from home.blocks import PlainBodyBlock
from home.models import BasePage
from home.models.pages import has_restrictions
from home.navigation import Link
from home.snapshot import shared
from store.models.catalogue import ProductPage, ProductQuerySet, on_display

PRODUCTS_A_PAGE = 24


class ListOfProducts(BasePage):
    """A page that lists products, so many to a page."""

    intro = models.TextField(_("introduction"), max_length=400, blank=True)

    opening: ClassVar[str] = "intro"
    content_panels: list = [*BasePage.content_panels, FieldPanel("intro")]

    class Meta:
        abstract = True

    def listed(self) -> ProductQuerySet:
        """Return the products that it lists."""
        raise NotImplementedError

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        number = paging.wanted_page(request)
        shown = paging.page_of(self.listed().order_by("path"), number=number, size=PRODUCTS_A_PAGE)
        return {
            **super().get_context(request, *args, **kwargs),
            "products": on_display(shown.items),
            "page_of_products": shown,
            "canonical_path": paging.url_of_page(request, number),
            "shop": shown_shop(),
            "categories": shown_categories().values(),
        }

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return paging.redirect_to_the_one_url(request) or super().serve(request, *args, **kwargs)


class ShopPage(ListOfProducts):
    """The shop's page: lists the products below it."""

    body = StreamField(PlainBodyBlock(), blank=True, verbose_name=_("body"))

    max_count = 1  # type: ignore[assignment]  # Wagtail declares None
    parent_page_types: ClassVar[list[str]] = ["home.HomePage"]
    subpage_types: ClassVar[list[str]] = ["store.ProductPage", "store.CategoryPage"]
    content_panels: list = [*ListOfProducts.content_panels, FieldPanel("body")]

    class Meta:
        verbose_name = _("shop page")

    def listed(self) -> ProductQuerySet:
        return ProductPage.objects.child_of(self).listed()

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if (paging.wanted_page(request) - 1) * PRODUCTS_A_PAGE >= max(self.numchild, 1):
            raise Http404
        return super().get_context(request, *args, **kwargs)


class CategoryPage(ListOfProducts):
    """A category: lists the products that say that they belong to it."""

    parent_page_types: ClassVar[list[str]] = ["store.ShopPage"]
    subpage_types: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def listed(self) -> ProductQuerySet:
        return ProductPage.objects.filter(categories=self).listed()


@shared
def shown_shop() -> Link | None:
    """Return the link to the shop's page; None where it is not published."""
    shop = ShopPage.objects.live().first()
    return Link(shop.title, shop.url or "") if shop else None


@shared
def shown_categories() -> dict[int, Link]:
    """Return the links to the categories that anybody can see, by key, in the order of the pages."""
    pages = CategoryPage.objects.live().order_by("path")
    shop = shown_shop()
    visible = pages.public() if has_restrictions() else pages
    return {page.pk: Link(page.title, f"{shop.url}{page.slug}/") for page in visible} if shop else {}
