"""What surrounds a product on its page: the shop, its categories, and the products that go with it.

It is read for each product once until the site or the stock changes. A preview shows what is published.
"""

from dataclasses import dataclass

from home.navigation import Link
from home.snapshot import kept_with
from store.models import ProductPage
from store.models.catalogue import Product, on_display
from store.models.shop_pages import shown_categories, shown_shop

MOST_KEPT = 4000
MOST_BESIDE = 4  # a row: what goes with a product is filled up from its categories


@dataclass(frozen=True, kw_only=True)
class ProductContext:
    """Where a product belongs, and what else is on sale."""

    shop: Link | None
    categories: tuple[Link, ...]
    related: tuple[Product, ...]

    @property
    def breadcrumbs(self) -> list[Link]:
        """The pages above it, the shop first."""
        return [*([self.shop] if self.shop else []), *self.categories[:1]]


def product_context(page: ProductPage) -> ProductContext:
    """Return where a product belongs, and what goes with it."""
    kept = kept_with("shop", "context")
    found = kept.get(page.pk) or _look_up(page)
    if len(kept) < MOST_KEPT:
        kept[page.pk] = found
    return found


def _look_up(page: ProductPage) -> ProductContext:
    own = set(
        ProductPage.categories.through.objects.filter(productpage=page.pk).values_list(
            "categorypage", flat=True
        )
    )
    found = ProductPage.objects.listed().filter(shown_below__page=page.pk).exclude(pk=page.pk)
    related = {one.pk: one for one in found.order_by("shown_below__sort_order")}  # each once
    if related and own:
        others = ProductPage.objects.listed().available().filter(categories__in=own).exclude(pk=page.pk)
        for one in others.order_by("path").distinct()[:MOST_BESIDE]:
            if len(related) < MOST_BESIDE:
                related.setdefault(one.pk, one)
    return ProductContext(
        shop=shown_shop(),
        categories=tuple(link for pk, link in shown_categories().items() if pk in own),
        related=tuple(on_display([*related.values()], eager=0)),
    )
