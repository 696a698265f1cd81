"""What other pages show of the shop: products that can be bought, and categories with a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.utils.safestring import SafeString
from wagtail.models import Page

from home.models.pages import has_restrictions
from store.models import CategoryPage, ProductPage
from store.models.catalogue import Product, decorative, first_images, on_display


@dataclass(frozen=True)
class Category:
    """A category, and the picture of its first product."""

    page: CategoryPage
    picture: SafeString | str


def products(above: Page | None, count: int) -> list[Product]:
    """Return the newest products that can be bought now, of a category if it is one."""
    pages = ProductPage.objects.listed().available()
    if above is not None and isinstance(above.specific_deferred, CategoryPage):
        pages = pages.filter(categories=above.pk)
    return on_display([*pages.order_by("-first_published_at", "-pk")[:count]])


def categories(_above: Page | None, count: int) -> Sequence[Category]:
    """Return the categories in the order of the pages."""
    first = ProductPage.objects.listed().filter(categories=OuterRef("pk")).order_by("path").values("pk")[:1]
    pages = CategoryPage.objects.live().annotate(first=Subquery(first)).order_by("path")
    found = [*(pages.public() if has_restrictions() else pages)[:count]]
    picture_of = decorative(first_images(page.first for page in found if page.first), size="card")
    return [Category(page, picture_of.get(page.first, "")) for page in found]
