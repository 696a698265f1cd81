"""Saves the stock that a person counted in the form of a product; autosave saves none."""

from django.http import HttpRequest
from django.utils.translation import gettext
from wagtail.admin import messages
from wagtail.models import Page

from store.models import ProductPage
from store.stock import movements


def save_counts(request: HttpRequest, page: Page) -> None:
    """Change the stock as the form said, once, unless the form was sent by autosave."""
    if not isinstance(page, ProductPage) or not request.accepts("text/html"):
        return
    counts, page.counts = page.counts, []
    assert request.user.is_authenticated
    for count in counts:
        try:
            movements.correct(seen=count.seen, counted=count.counted, by=request.user)
        except (movements.OutOfStockError, movements.StockChangedError):
            words = gettext("The stock of %(sku)s changed meanwhile and was not saved. Check the number.")
            messages.error(request, words % {"sku": count.seen.sku})
