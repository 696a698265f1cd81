"""Redirects from the URLs of products and categories that are removed: to the category, or else the shop.

Wagtail does the same for pages that are renamed. A redirect is asked for only while there is no page at its URL.
"""

from typing import Any

from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page

from store.models import CategoryPage, ProductPage, ShopPage


def redirect_removed(page: Page, *, for_good: bool) -> None:
    """Redirect from the page's URL, and from its former ones if it is deleted."""
    removed: Any = page.specific
    if not isinstance(removed, ProductPage | CategoryPage) or not (parts := removed.get_url_parts()):
        return
    target: Page | None = ShopPage.objects.live().first()
    if isinstance(removed, ProductPage):
        target = CategoryPage.objects.live().filter(products=removed).order_by("path").first() or target
    if target is None:
        return
    if for_good:
        Redirect.objects.filter(redirect_page=removed).update(redirect_page=target)
    path = Redirect.normalise_path(parts[2])
    # Somebody who made one knows better.
    if not Redirect.objects.filter(old_path=path, automatically_created=False).exists():
        Redirect.objects.update_or_create(
            old_path=path,
            site_id=parts[0],
            automatically_created=True,
            defaults={"redirect_page": target, "is_permanent": for_good},
        )


def on_unpublished(instance: Page, **_kwargs: object) -> None:
    """Redirect for the time being: browsers remember what is for good."""
    # Wagtail also says so before it deletes a page: for that, hooks have redirected.
    if not Page.objects.filter(pk=instance.pk, live=True).exists():
        redirect_removed(instance, for_good=False)
