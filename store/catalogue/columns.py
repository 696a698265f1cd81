"""What the staff's lists of products and of SKUs have in common."""

import re
from typing import Any

from wagtail.admin.ui.tables import Column

from store.models import ProductPage


def unbroken(words: str) -> str:
    """Return goods in words with spaces that do not break beside their numbers: “2 × Twine, 100 m”."""
    return re.sub(
        r"\b\d+ (?=[\w×])|(?<=×) ", lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), words
    )


def free_in_list(page: ProductPage | None, available: int) -> int | str:
    """Return how many of a product are available; a dash where it is made to order."""
    return "—" if page and page.days_to_make and not available else available


class FreeColumn(Column):
    """How many are available."""

    cell_template_name = "store/admin/free_cell.html"

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, classname="figure", **options)
