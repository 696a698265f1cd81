"""The pages that list products: the shop, and its categories."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.search import index

from home import paging
from home.blocks import PlainBodyBlock
from home.models import BasePage
from home.models.pages import has_restrictions
from home.navigation import Link
from home.search import site
from home.search.site import SearchQuery
from home.snapshot import shared
from store.catalogue.product_filter import ProductFilter, Sort
from store.models.catalogue import ProductPage, ProductQuerySet, on_display
from store.models.variants import ProductVariant

PRODUCTS_A_PAGE = 24
MOST_COUNTED = 200  # of a list that is narrowed


class ListOfProducts(BasePage):
    """A page that lists products, so many to a page."""

    intro = models.TextField(_("introduction"), max_length=400, blank=True)

    intro_field: ClassVar[str] = "intro"
    search_fields: list = [*BasePage.search_fields, index.SearchField("intro")]
    content_panels: list = [*BasePage.content_panels, FieldPanel("intro")]

    class Meta:
        abstract = True

    def listed(self) -> ProductQuerySet:
        """Return the products that it lists."""
        raise NotImplementedError

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        number, wanted = paging.wanted_page(request), ProductFilter.read(request.GET)
        found, comes_close = chosen(self.listed(), wanted)
        total = _count(self.listed())
        shown = paging.page_of(found, number=number, size=PRODUCTS_A_PAGE, query=wanted.query)
        pages = loaded(shown.items) if wanted.asked.text else shown.items
        return {
            **super().get_context(request, *args, **kwargs),
            "products": on_display(pages, least=wanted.lowest or 0),
            "page_of_products": shown,
            "wanted": wanted,
            "sorts": Sort.choices,
            "found": _count(found) if wanted.is_narrowed else total,
            "total": total,
            "most_counted": MOST_COUNTED,
            "comes_close": comes_close,
            "is_unlisted": bool(wanted.query),
            "canonical_path": request.path if wanted.query else paging.url_of_page(request, number),
            "shop": shown_shop(),
            "categories": shown_categories().values(),
        }

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = ProductFilter.read(request.GET)
        if elsewhere := paging.redirect_to_the_one_url(request, wanted.values):
            return elsewhere
        if not wanted.is_typed:
            return super().serve(request, *args, **kwargs)
        response = site.refused(request, wanted.asked) or super().serve(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response


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
        return ProductPage.objects.listed()  # there is one shop, and no product elsewhere

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


def chosen(products: ProductQuerySet, wanted: ProductFilter) -> tuple[Any, bool]:
    """Return those of the products that are wanted, by words as a list of keys; and whether they only come close."""
    if not wanted.asked.text:
        return wanted.of(products), False
    return site.best(wanted.asked, lambda asked: found_in(wanted.of(products), asked, wanted))


def found_in(products: ProductQuerySet, asked: SearchQuery, wanted: ProductFilter | None = None) -> list[int]:
    """Return the keys of those of the products that have the words, the best first unless another order is wanted.

    That whose article number was typed in full comes before the others.
    """
    by_sku = ProductVariant.objects.filter(sku__in={asked.text, asked.text.upper()})
    best = [*by_sku.values_list("page", flat=True), *site.find(asked, ProductPage)]
    found = list(products.filter(pk__in=best).values_list("pk", flat=True))
    return found if wanted and wanted.values["sort"] else sorted(found, key=best.index)


def loaded(keys: Sequence[int]) -> list[ProductPage]:
    """Return products in the order of their keys."""
    found = ProductPage.objects.in_bulk(keys)
    return [found[key] for key in keys if key in found]


def _count(found: Any) -> int:
    """Return how many products these are, but no more than one above MOST_COUNTED."""
    return len(found) if isinstance(found, list) else found.order_by()[: MOST_COUNTED + 1].count()


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
