"""The bin: pages that were deleted in the admin, kept for a time below a page outside of the site."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page
from wagtail.query import PageQuerySet

SLUG = "bin"  # beside the home page, so it has no URL
KEPT = timedelta(days=30)


def bin_page() -> Page | None:
    """Return the page that deleted pages lie below; None until one was deleted."""
    pages: Any = Page.objects
    found: Page | None = pages.filter(depth=2, slug=SLUG).first()
    return found


def outside(pages: PageQuerySet) -> PageQuerySet:
    """Leave out the pages in the bin."""
    top = bin_page()
    return pages.not_descendant_of(top, inclusive=True) if top else pages


class BinnedPageQuerySet(models.QuerySet["BinnedPage"]):
    def there(self) -> Self:
        """Leave out pages that somebody has moved out of the bin by hand."""
        top = bin_page()
        return self.filter(page__path__startswith=top.path) if top else self.none()

    def due(self) -> Self:
        """Return those that were kept for long enough."""
        return self.there().filter(put_at__lt=timezone.now() - KEPT)


class BinnedPage(models.Model):
    """A page in the bin with all below it: where it was, and who put it there."""

    page = models.OneToOneField(Page, on_delete=models.CASCADE, related_name="+")
    parent = models.ForeignKey(Page, null=True, on_delete=models.SET_NULL, related_name="+")
    put_at = models.DateTimeField(db_index=True)
    put_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = BinnedPageQuerySet.as_manager()

    class Meta:
        verbose_name = _("page in the bin")
        verbose_name_plural = _("pages in the bin")
        ordering = ("-put_at", "-pk")

    def __str__(self) -> str:
        return self.page.title

    @property
    def goes_at(self) -> datetime:
        """When it is deleted for good."""
        return self.put_at + KEPT
