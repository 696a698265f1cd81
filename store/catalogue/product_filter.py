"""What a shopper wants to see of a list of products, read from the URL; values that are made up count as none."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from home.page_cache.reads import changes_at
from home.search.site import SearchQuery
from store.payments import money

MOST_TYPED = 30  # characters of a price


class Sort(models.TextChoices):
    NEWEST = "newest", _("Newest first")
    CHEAPEST = "price", _("Lowest price first")
    DEAREST = "price-down", _("Highest price first")
    NAME = "name", _("By name")


# Products at a price have another order, by their variants.
_ORDERS: dict[str, tuple[Any, ...]] = {
    "": ("path",),
    Sort.NEWEST: ("-first_published_at", "-pk"),
    Sort.NAME: (Lower("title"), "path"),
}


@dataclass(frozen=True, kw_only=True)
class ProductFilter:
    """Words, order, availability and prices; `values` are the parameters that say so, empty where nothing is wanted."""

    asked: SearchQuery
    values: dict[str, str]
    lowest: int | None
    highest: int | None

    @classmethod
    def read(cls, query: QueryDict) -> "ProductFilter":
        given = {name: str(query.get(name, "")) for name in ("q", "sort", "available", "from", "to")}
        asked, lowest, highest = SearchQuery.typed(given["q"]), _amount(given["from"]), _amount(given["to"])
        is_known = {
            "sort": given["sort"] in Sort.values,
            "available": given["available"] == "1",
            "from": lowest is not None,
            "to": highest is not None,
        }
        values = {"q": asked.text, **{name: given[name] if known else "" for name, known in is_known.items()}}
        return cls(asked=asked, values=values, lowest=lowest, highest=highest)

    @property
    def is_narrowed(self) -> bool:
        """Some products are left out."""
        return any(value for name, value in self.values.items() if name != "sort")

    @property
    def is_typed(self) -> bool:
        """It may have any value, so that no cache should keep what it leads to."""
        return any(self.values[name] for name in ("q", "from", "to"))

    @property
    def query(self) -> str:
        """Its part of a URL, to be followed by the number of a page."""
        given = self._without("")
        return f"{given}&" if given else ""

    @property
    def applied(self) -> list[tuple[str, str]]:
        """The parts that leave products out in words, each with the query that wants the others only."""
        parts = (name for name, value in self.values.items() if value and name != "sort")
        return [(self._in_words(name), self._without(name)) for name in parts]

    @property
    def order(self) -> str:
        """The order in words, as they stand within a sentence; empty for the usual one."""
        words = str(Sort(self.values["sort"]).label) if self.values["sort"] else ""
        return words[:1].lower() + words[1:]

    def _without(self, part: str) -> str:
        return urlencode({name: value for name, value in self.values.items() if value and name != part})

    def _in_words(self, part: str) -> str:
        match part:
            case "q":
                return f"“{self.asked.text}”"
            case "available":
                return gettext("Can be ordered now")
            case "from":
                return gettext("From %(price)s") % {"price": money.display(self.lowest or 0)}
        return gettext("Up to %(price)s") % {"price": money.display(self.highest or 0)}

    def of(self, products: Any) -> Any:
        """Return those of the products that are wanted, in the wanted order."""
        if self.values["available"]:
            tomorrow = timezone.localdate() + timedelta(days=1)  # when others may have come
            changes_at(timezone.make_aware(datetime.combine(tomorrow, time.min)))
            products = products.available()
        limits = {"lowest": self.lowest, "highest": self.highest}
        match self.values["sort"]:
            case Sort.CHEAPEST | Sort.DEAREST as sort:
                return products.by_price(**limits, descending=sort == Sort.DEAREST)
            case sort:
                return products.priced(**limits).order_by(*_ORDERS[sort])


def _amount(typed: str) -> int | None:
    if not typed or len(typed) > MOST_TYPED:
        return None
    try:
        return money.to_minor(money.read(typed, settings.CURRENCY), settings.CURRENCY)
    except money.AmountError:
        return None
