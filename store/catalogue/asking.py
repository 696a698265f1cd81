"""A message can be about a product: its page leads to the form that says so."""

from django.utils.translation import gettext_lazy as _

from home.message_subjects import SubjectKind
from store.models import ProductPage

_LONGEST = 9  # digits of a key


def _find(key: str) -> tuple[str, str] | None:
    """Return a product that everybody may see."""
    is_key = key.isascii() and key.isdigit() and len(key) <= _LONGEST
    page = ProductPage.objects.live().public().filter(pk=key).first() if is_key else None
    return (str(page.pk), page.title) if page else None


def _url(key: str) -> str | None:
    """Return the public page of a product, which staff who edit no pages see, too."""
    page = ProductPage.objects.filter(pk=key).first()
    return page.url if page else None


PRODUCTS = SubjectKind(
    kind="product",
    label=_("Product"),
    find=_find,
    url=_url,
    page_url=lambda key: ProductPage.objects.get(pk=key).url or "",
)
