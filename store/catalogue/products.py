"""What can be bought now: products as the pages show them, and variants by SKU. It changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet, prefetch_related_objects

from store.models import ProductImage, ProductPage, ProductVariant
from store.stock import movements


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A variant that has a SKU, and how many of it can be bought."""

    variant: ProductVariant
    available: int

    @property
    def is_sold_out(self) -> bool:
        """None is left."""
        return self.available <= 0

    @property
    def is_low(self) -> bool:
        """So few are left that the shopper is told how many."""
        return 0 < self.available <= movements.LOW


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product as its page and the shop show it."""

    page: ProductPage
    offers: tuple[Offer, ...]

    @property
    def picture(self) -> ProductImage | None:
        """The first picture."""
        return next(iter(self.page.images.all()), None)

    @property
    def from_price(self) -> int:
        """The lowest price, minor units."""
        return min((offer.variant.price for offer in self.offers), default=0)

    @property
    def has_several_prices(self) -> bool:
        """Not everything costs the same."""
        return len({offer.variant.price for offer in self.offers}) > 1

    @property
    def is_sold_out(self) -> bool:
        """Nothing of it can be bought."""
        return all(offer.is_sold_out for offer in self.offers)

    @property
    def first_choice(self) -> Offer | None:
        """What is chosen until the shopper chooses: the first that can be bought."""
        return next((offer for offer in self.offers if not offer.is_sold_out), None)


def on_display(pages: Iterable[ProductPage]) -> list[Product]:
    """Join products and stock, with one question about stock whatever the number of products."""
    shown = [(page, [variant for variant in page.variants.all() if variant.sku]) for page in pages]
    free = movements.available(variant.sku for _page, found in shown for variant in found)
    return [
        Product(
            page=page,
            offers=tuple(Offer(variant=variant, available=free[variant.sku]) for variant in found),
        )
        for page, found in shown
    ]


def variants(skus: Iterable[str]) -> dict[str, ProductVariant]:
    """Return the variants of these SKUs that are on sale, with their products. A fixed number of queries."""
    wanted = [sku for sku in set(skus) if sku]
    return {variant.sku: variant for variant in _on_sale().filter(sku__in=wanted).select_related("page")}


def is_on_sale(sku: str) -> bool:
    """Say whether there is such a thing to buy; how many of it are left is another question."""
    return bool(sku) and _on_sale().filter(sku=sku).exists()


def fetch_pictures(found: Iterable[ProductVariant]) -> None:
    """Have the pictures of these variants' products at hand."""
    prefetch_related_objects(list(found), "page__images__image__renditions")


def _on_sale() -> QuerySet[ProductVariant]:
    return ProductVariant.objects.filter(page__in=ProductPage.objects.on_sale())
