"""What stands around a product on its page: the shop, its categories, and the products that go with it.

It is read once a snapshot for each product. A preview shows what is published.
"""

from dataclasses import dataclass

from home.navigation import Link
from home.snapshot import current
from store.models import ProductPage
from store.models.catalogue import Product, decorative, first_images
from store.models.shop_pages import shown_categories, shown_shop

MOST_KEPT = 4000


@dataclass(frozen=True, kw_only=True)
class Around:
    """Where a product belongs, and what else is on sale."""

    shop: Link | None
    categories: tuple[Link, ...]
    related: tuple[Product, ...]

    @property
    def breadcrumbs(self) -> list[Link]:
        """The pages above it, the shop first."""
        return [*([self.shop] if self.shop else []), *self.categories[:1]]


def around(page: ProductPage) -> Around:
    """Return what stands around a product."""
    kept: dict[int, Around] = current().value("around", dict)
    if page.pk not in kept:
        if len(kept) >= MOST_KEPT:
            return _look_up(page)
        kept[page.pk] = _look_up(page)
    return kept[page.pk]


def _look_up(page: ProductPage) -> Around:
    own = set(
        ProductPage.categories.through.objects.filter(productpage=page.pk).values_list(
            "categorypage", flat=True
        )
    )
    found = ProductPage.objects.listed().filter(shown_below__page=page.pk).exclude(pk=page.pk)
    related = {one.pk: one for one in found.order_by("shown_below__sort_order")}  # each once
    picture_of = decorative(first_images(related), size="card")
    return Around(
        shop=shown_shop(),
        categories=tuple(link for pk, link in shown_categories().items() if pk in own),
        related=tuple(
            Product(page=one, offers=(), picture=picture_of.get(pk, "")) for pk, one in related.items()
        ),
    )
