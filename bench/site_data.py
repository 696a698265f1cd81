"""Fills a new database with the demo and what the benchmarks ask for; prints where each page is, as JSON.

Run by sites.py under the settings of development, which have the demo.
"""

import io
import json
import sys
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings

PRODUCTS = 24


def main() -> None:
    """Migrate, seed, add; models are imported only after django.setup()."""
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    call_command("seed_demo", stdout=io.StringIO())
    pages = _pages()
    _make_pictures(pages)
    json.dump(pages, sys.stdout)


def _pages() -> dict[str, Any]:
    from policies.models import Policy  # noqa: PLC0415
    from store.models import ProductPage  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    _more_products(PRODUCTS - ProductPage.objects.live().count())
    product = ProductPage.objects.live().order_by("path").first()
    sku = product.variants.first().sku
    terms, privacy = (Policy.objects.get(slug=slug).in_force() for slug in ("terms", "privacy-policy"))
    paid, order = (
        factories.placed_order(factories.basket(**{sku: 1}), terms=terms, privacy=privacy) for _ in range(2)
    )
    _pay(paid)
    basket = factories.basket(**{sku: 1})
    return {
        "policy": {"url": "/privacy-policy/"},
        "about": {"url": "/about/"},
        "contact": {"url": "/contact/"},
        "home": {"url": "/"},
        "product": {"url": product.url},
        "shop list": {"url": "/shop/"},
        "basket": {"url": "/basket/", "cookies": f"basket={basket.token}; basket_count=1"},
        "order": {"url": f"/orders/{paid.token}/"},
        "unpaid order": {"url": f"/orders/{order.token}/"},
    }


def _pay(order: Any) -> None:
    """Do what Stripe's answer does."""
    from django.db import transaction  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from store.orders import lifecycle  # noqa: PLC0415

    with transaction.atomic():
        order.paid_at, order.paid_amount, order.paid_currency = timezone.now(), order.total, order.currency
        order.customer_name = "A Shopper"
        order.shipping_address = {
            "name": "A Shopper",
            "line1": "1 High Street",
            "city": "London",
            "postcode": "N1",
        }
        order.save()
        lifecycle.confirm(order=order, by="Stripe")


def _make_pictures(pages: dict[str, Any]) -> None:
    """Ask for each page once: its pictures are made then, in all sizes and formats."""
    from django.test import Client  # noqa: PLC0415

    for page in pages.values():
        answer = Client(HTTP_HOST=urlsplit(settings.SITE_URL).netloc).get(page["url"], secure=True)
        assert answer.status_code == 200, (page, answer.status_code)  # noqa: PLR2004 - the status itself


def _more_products(count: int) -> None:
    """Publish products with a photograph of their own each."""
    from django.core.files.base import ContentFile  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    from home.models import SiteImage  # noqa: PLC0415
    from store.models import ProductImage  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    for number in range(count):
        file = io.BytesIO()
        Image.effect_noise((800, 800), 60 + number).save(file, "JPEG", quality=70)
        image = SiteImage.objects.create(
            title=f"Thing {number}", file=ContentFile(file.getvalue(), name=f"thing-{number}.jpg")
        )
        page = factories.product(f"Thing {number}", sku=f"BENCH{number}").page
        page.images.set([ProductImage(sort_order=0, image=image)])
        page.save_revision().publish()


if __name__ == "__main__":
    main()
