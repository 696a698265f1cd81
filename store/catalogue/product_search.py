"""The shop's part of the search, and the products that are suggested where a page has nothing to show."""

from collections.abc import Sequence

from django.template.loader import render_to_string

from home.navigation import Link
from home.search.site import Results, SearchQuery, Section
from home.snapshot import kept_with
from store.catalogue import showcase
from store.models import ProductPage
from store.models.catalogue import Product, on_display
from store.models.shop_pages import found_in, loaded, shown_categories

MOST_SHOWN = 12
MOST_SUGGESTED = 4
FEW = 3  # that were found: less leaves the page bare


def find(asked: SearchQuery) -> Results | None:
    """Return the best products, with the way to all of them in the shop."""
    found = found_in(ProductPage.objects.listed(), asked)
    if not found:
        return None
    category, beside = _more(found) if len(found) < FEW else (None, [])
    context = {
        "items": on_display(loaded(found[:MOST_SHOWN])),
        "more": asked.text if len(found) > MOST_SHOWN else "",
        "category": category,
        "beside": on_display(beside, eager=0),
    }
    return Results(render_to_string("store/found.html", context), len(found))


def _more(found: list[int]) -> tuple[Link | None, list[ProductPage]]:
    """Return the category of the best product that was found, and what else of it can be bought."""
    through = ProductPage.categories.through.objects
    own = set(through.filter(productpage=found[0]).values_list("categorypage", flat=True))
    key, category = next((one for one in shown_categories().items() if one[0] in own), (None, None))
    others = ProductPage.objects.listed().available().filter(categories=key).exclude(pk__in=found)
    return category, [*others.order_by("path")[:MOST_SUGGESTED]] if category else []


def suggested() -> list[Product]:
    """Return the newest products that can be bought now: read once until the site or the stock changes."""
    kept = kept_with("shop", "suggested")
    if "newest" not in kept:
        kept["newest"] = showcase.products(None, MOST_SUGGESTED)
    return kept["newest"]


def goods_beside(product: Product, related: Sequence[Product]) -> list[Product]:
    """Return what the page of a product shows below it: what goes with it.

    Where it is sold out, what goes with it and can be bought now, then the newest, each once.
    """
    if not product.is_sold_out:
        return [*related]
    for_sale = [*(one for one in related if not one.is_sold_out), *suggested()]
    return [*{one.page.pk: one for one in for_sale}.values()][:MOST_SUGGESTED]


def suggest() -> str:
    """Return them as markup."""
    return render_to_string("store/suggested.html")


SECTION = Section("products", 10, find, suggest)
