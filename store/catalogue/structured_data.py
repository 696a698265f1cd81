"""What search engines read of a product: schema.org's Product with its offers, and its breadcrumbs, as JSON-LD.

It is data that browsers do not run, so the security policy has nothing to allow.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from home.navigation import Link
from store.catalogue.product_context import product_context
from store.models import ProductPage
from store.models.availability import Availability
from store.models.catalogue import Product, SellableVariant
from store.payments import money

# So that no words of an editor end the element.
_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


def structured_data(page: ProductPage, product: Product, photos: Sequence[str]) -> SafeString:
    """Return the element with the data of a product, whose photographs have these URLs."""
    url = settings.SITE_URL + (page.url or "")
    about: dict[str, Any] = {
        "@type": "Product",
        "name": page.title,
        "description": page.meta_description,
        "image": [*photos],
        "url": url,
        "offers": [_offer(page, choice, url) for choice in product.variants],
    }
    breadcrumbs = [*product_context(page).breadcrumbs, Link(page.title, page.url or "")]
    places = [
        {"@type": "ListItem", "position": place, "name": link.title, "item": settings.SITE_URL + link.url}
        for place, link in enumerate(breadcrumbs, start=1)
    ]
    graph = [
        {key: value for key, value in about.items() if value},
        {"@type": "BreadcrumbList", "itemListElement": places},
    ]
    written = json.dumps({"@context": "https://schema.org", "@graph": graph}).translate(_ESCAPED)
    return mark_safe(f'<script type="application/ld+json">{written}</script>')  # noqa: S308 - escaped above


def _offer(page: ProductPage, choice: SellableVariant, url: str) -> dict[str, str]:
    match page.availability_now:
        case Availability.ENDED:
            state = "Discontinued"
        case Availability.TO_ORDER:
            state = "MadeToOrder"
        case _:
            state = "OutOfStock" if choice.is_sold_out else "InStock"
    return {
        "@type": "Offer",
        "name": str(choice.variant),
        "sku": choice.variant.sku,
        "price": str(money.to_decimal(choice.variant.price, settings.CURRENCY)),
        "priceCurrency": settings.CURRENCY,
        "availability": f"https://schema.org/{state}",
        "url": url,
    }
