"""The shop's part of the search, and the products that are offered where a page has nothing to show."""

from django.template.loader import render_to_string

from home.page_cache import tokens
from home.page_cache.reads import depends_on
from home.site_search import Asked, Section
from home.snapshot import current
from store.models import ProductPage
from store.models.catalogue import Product, on_display
from store.models.shop_pages import found_in, loaded

MOST_SHOWN = 12
MOST_OFFERED = 4


def find(asked: Asked) -> str:
    """Return the best products as markup, with the way to all of them in the shop."""
    found = found_in(ProductPage.objects.listed(), asked)
    if not found:
        return ""
    context = {
        "items": on_display(loaded(found[:MOST_SHOWN])),
        "more": asked.text if len(found) > MOST_SHOWN else "",
    }
    return render_to_string("store/found.html", context)


def offered() -> list[Product]:
    """Return the newest products that can be bought now: read once until the site or the stock changes."""
    depends_on("shop")
    now = tokens.current()
    kept: dict[tuple[str, ...], list[Product]] = current().value("offered", dict)
    found = kept.get(now.of("shop"))
    if found is None:
        newest = ProductPage.objects.listed().available().order_by("-first_published_at", "-pk")
        found = on_display(list(newest[:MOST_OFFERED]))
        kept.clear()
        if now.may_store("shop"):
            kept[now.of("shop")] = found
    return found


def offer() -> str:
    """Return them as markup."""
    return render_to_string("store/offered.html")


SECTION = Section("products", 10, find, offer)
