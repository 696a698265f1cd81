"""Makes article numbers (SKUs) from names, so that nobody has to invent one."""

from collections.abc import Collection

from django.utils.text import slugify
from wagtail.coreutils import string_to_ascii

MOST_CHARACTERS = 40


def stem_of(title: str, name: str) -> str:
    """Return the SKU of a product's variant by its names: ENAMEL-MUG-BLUE."""
    words = slugify(string_to_ascii(f"{title} {name}")).replace("_", "-").upper()
    return words[:MOST_CHARACTERS].strip("-") or "ITEM"


def first_free(stem: str, taken: Collection[str]) -> str:
    """Return the stem, or the stem with the first number that makes it free."""
    sku, number = stem, 1
    while sku in taken:
        number += 1
        sku = f"{stem[: MOST_CHARACTERS - len(str(number)) - 1].rstrip('-')}-{number}"
    return sku
