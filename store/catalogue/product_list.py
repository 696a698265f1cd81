"""The staff's list of products: picture, price, stock and state, from any of which they are found."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    Exists,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce
from django.forms import RadioSelect
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column
from wagtail.admin.ui.tables.pages import PageTitleColumn
from wagtail.admin.views.pages.listing import IndexView
from wagtail.admin.viewsets.pages import PageListingViewSet
from wagtail.models import Page
from wagtail.permissions import page_permission_policy

from home.admin_lists import MOST_COUNTED
from home.models import HomePage, User
from home.models.bin import outside
from home.search.backend import keys_of
from home.viewsets import MOST_FOUND, MOST_SEARCHED, begins
from store.catalogue import pictures
from store.catalogue.columns import FreeColumn, free_in_list
from store.models import ProductPage, ProductVariant, ShopPage, ShopSettings, StockItem
from store.models.catalogue import first_images
from store.payments import money

STATES = {"live": _("Live"), "draft": _("Draft"), "sold_out": _("Sold out"), "low": _("Low")}
FIGURES = ("lowest_price", "highest_price", "available", "fewest", "low_stock")  # of `with_figures`


def with_figures(products: QuerySet[ProductPage]) -> QuerySet[ProductPage]:
    """Annotate products with their lowest and highest price, and what is available of all and of the scarcest."""
    stock = StockItem.objects.filter(sku=OuterRef("sku")).values_list(F("on_hand") - F("held"))
    free = Coalesce(Subquery(stock, IntegerField()), 0)
    variants = ProductVariant.objects.filter(page=OuterRef("pk")).order_by().values("page")

    def of_variants(figure: Any) -> Coalesce:
        return Coalesce(Subquery(variants.annotate(figure=figure).values("figure"), IntegerField()), 0)

    return products.annotate(
        lowest_price=of_variants(Min("price")),
        highest_price=of_variants(Max("price")),
        available=of_variants(Sum(free)),
        fewest=of_variants(Min(free)),
        low_stock=ShopSettings.low_stock_in_query(),
    )


def price_of(product: Any) -> str:
    """Return the price of an annotated product, or from which to which."""
    lowest, highest = (money.display(price) for price in (product.lowest_price, product.highest_price))
    prices = {"lowest": lowest, "highest": highest}
    return lowest if lowest == highest else gettext("%(lowest)s to %(highest)s") % prices


def states_of(product: Any) -> list[str]:
    """Return in words what is not as usual of an annotated product: a draft, what is stated of it, its stock."""
    states = [] if product.live else ["draft"]
    if stated := product.availability_in_words:
        return [*(str(STATES[state]) for state in states), stated]
    if not product.available:
        states.append("sold_out")
    elif product.fewest <= product.low_stock:
        states.append("low")
    return [str(STATES[state]) for state in states]


def scarce(state: str) -> set[int]:
    """Return the keys of products that are sold out or low, from the side of the few SKUs that are."""
    items: Any = StockItem.objects.scarce()
    variants = ProductVariant.objects.order_by()
    if state == "sold_out":
        items = items.filter(free=0)
    found = variants.filter(sku__in=items.values("sku")).values_list("page", flat=True)
    pages = {*found[:MOST_COUNTED]}  # as keys, or SQLite looks at all
    there = StockItem.objects.filter(sku=OuterRef("sku"), on_hand__gt=F("held"))
    left = {*variants.filter(Exists(there), page__in=pages).values_list("page", flat=True)}
    return pages & left if state == "low" else pages - left


def url_to_add(user: User | AnonymousUser) -> str | None:
    """Return where the form of a new product is, which leads on to the list; None for those who may not add one."""
    shop = outside(ShopPage.objects.all()).first()
    if shop is None or not shop.permissions_for_user(user).can_add_subpage():
        return None
    return _form_below(shop, "productpage")


def url_to_add_shop(user: User | AnonymousUser) -> str | None:
    """Return where the form of the shop's page is, while there is none; None for those who may not add it."""
    home = HomePage.objects.first()
    there = outside(ShopPage.objects.all()).exists()
    if home is None or there or not home.permissions_for_user(user).can_add_subpage():
        return None
    return _form_below(home, "shoppage")


def _form_below(parent: Page, model: str) -> str:
    add = reverse("wagtailadmin_pages:add", args=("store", model, parent.pk))
    return f"{add}?{urlencode({'next': reverse('products:index')})}"


class StatesColumn(Column):
    cell_template_name = "store/admin/states_cell.html"

    def get_cell_context_data(self, instance: ProductPage, parent_context: Any) -> dict[str, Any]:
        context = super().get_cell_context_data(instance, parent_context)
        return {**context, "low": STATES["low"]}


class ProductFilterSet(WagtailFilterSet):
    state = ChoiceFilter(
        label=_("State"),
        choices=[*STATES.items()],
        empty_label=_("Any"),
        widget=RadioSelect,
        method="of_state",
    )

    class Meta:
        model = ProductPage
        fields: tuple[str, ...] = ()

    def of_state(self, products: Any, _name: str, state: str) -> QuerySet[ProductPage]:
        if state in {"live", "draft"}:
            return products.filter(live=state == "live")
        return products.filter(pk__in=scarce(state)).sold_by_stock()


class ProductIndexView(IndexView):
    default_ordering = "title"
    add_item_label = _("Add a product")
    results_template_name = "store/admin/product_results.html"

    def annotate_queryset(self, pages: QuerySet[ProductPage]) -> QuerySet[ProductPage]:
        """Add the figures only where they decide the order, or else to those that are shown."""
        found = outside(super().annotate_queryset(pages))
        return with_figures(found) if (self.ordering or "").lstrip("-") in FIGURES else found

    def search_queryset(self, queryset: QuerySet[ProductPage]) -> QuerySet[ProductPage]:
        """Find products by how words of titles and SKUs begin, and by any part of the newest with their variants."""
        if not (self.search_query or "").split():
            return queryset
        titled = ProductPage.objects.autocomplete(self.search_query, order_by_relevance=False)
        begun = ProductVariant.objects.filter(begins("sku", self.search_query.strip()))
        named = ProductVariant.objects.search(self.search_query, most=MOST_SEARCHED)
        ways: tuple[Iterable[int], ...] = (
            keys_of(titled, most=MOST_FOUND),
            begun.values_list("page", flat=True)[:MOST_FOUND],
            named.values_list("page", flat=True)[:MOST_FOUND],
        )
        return queryset.filter(pk__in={pk for rows in ways for pk in rows})

    def get_add_url(self) -> str | None:
        return url_to_add(self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["add_shop_url"] = url_to_add_shop(self.request.user)
        shown = [page.pk for page in context["object_list"]]
        small = pictures.thumbnails(first_images(shown))
        figures = with_figures(ProductPage.objects.filter(pk__in=shown))
        figures_of = {row.pop("pk"): row for row in figures.order_by().values("pk", *FIGURES)}
        for page in context["object_list"]:
            vars(page).update(figures_of[page.pk], thumbnail=small.get(page.pk, ""))
        return context


class ProductsMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        """Show it to those who may do something with pages."""
        return page_permission_policy.user_has_any_permission(request.user, {"add", "change", "publish"})


class ProductViewSet(PageListingViewSet):
    model = ProductPage
    name = "products"  # type: ignore[assignment]  # Wagtail declares None
    url_prefix = "products"
    icon = "tag"
    menu_label = _("All products")  # type: ignore[assignment]  # lazy
    menu_item_class = ProductsMenuItem
    index_view_class = ProductIndexView
    filterset_class = ProductFilterSet
    columns = [  # as Wagtail declares it
        Column("thumbnail", label=_("Picture"), width="5rem"),
        PageTitleColumn("title", label=_("Title"), sort_key="title", classname="title"),
        Column("price", label=_("Price"), accessor=price_of, sort_key="lowest_price", classname="figure"),
        FreeColumn(
            "available",
            label=_("In stock"),
            accessor=lambda product: free_in_list(product, product.available),
            sort_key="available",
        ),
        StatesColumn("state", label=_("State"), accessor=states_of, sort_key="live"),
    ]


product_viewset = ProductViewSet("products")
