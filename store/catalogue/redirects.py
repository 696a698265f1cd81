"""Redirects from the URLs of products and categories that are removed: to the category, or else the shop.

Wagtail does the same for pages that are renamed. A redirect is asked for only while there is no page at its URL, and a
page that was deleted may come back from the bin: so its URL redirects for the time being, as browsers remember what is
for good.
"""

from typing import Any

from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page

from store.models import CategoryPage, ProductPage, ShopPage


def _target(removed: ProductPage | CategoryPage) -> Page | None:
    shop: Page | None = ShopPage.objects.live().first()
    if isinstance(removed, CategoryPage):
        return shop
    return CategoryPage.objects.live().filter(products=removed).order_by("path").first() or shop


def redirect_former_urls(page: Page) -> None:
    """Redirect from the URLs that a page had before it was renamed; it is about to be deleted."""
    removed: Any = page.specific
    if isinstance(removed, ProductPage | CategoryPage) and (target := _target(removed)):
        Redirect.objects.filter(redirect_page=removed).update(redirect_page=target)


def on_unpublished(instance: Page, **_kwargs: object) -> None:
    """Redirect from the URL of a page that is not published any more."""
    # Wagtail also says so of a page that code deletes, maybe with the shop: then there is nothing to lead to.
    if Page.objects.filter(pk=instance.pk, live=True).exists():
        return
    removed: Any = instance.specific
    if not isinstance(removed, ProductPage | CategoryPage) or not (parts := removed.get_url_parts()):
        return
    path, target = Redirect.normalise_path(parts[2]), _target(removed)
    # Somebody who made one knows better.
    if target and not Redirect.objects.filter(old_path=path, automatically_created=False).exists():
        Redirect.objects.update_or_create(
            old_path=path,
            site_id=parts[0],
            automatically_created=True,
            defaults={"redirect_page": target, "is_permanent": False},
        )
