"""What a shopper has seen of a basket, remembered so that what changes since is said; nothing is sold at it.

It is today's when something is put in or changed, and what was shown when the shopper presses OK or orders.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _

from store.models import Basket, BasketLine
from store.models.availability import working_days
from store.payments import money

_WRITTEN = re.compile(r"([0-9]{1,18}):([0-9]{1,15}):([0-9]{1,4})")
LONGEST = 2000  # of all lines, as a form sends them


class Seen(NamedTuple):
    """The price of one, and how many working days it takes to make."""

    price: int
    days_to_make: int

    def changes_to(self, now: "Seen") -> list[str]:
        """Return what differs, in words."""
        pairs = (
            (money.display(self.price), money.display(now.price)),
            (_made_in(self.days_to_make), _made_in(now.days_to_make)),
        )
        return [_("was %(old)s, now %(new)s") % {"old": old, "new": new} for old, new in pairs if old != new]


def _made_in(days: int) -> str:
    return _("made to order in %(days)s") % {"days": working_days(days)} if days else _("in stock")


def as_text(seen: Mapping[int, Seen]) -> str:
    """Return what was seen of lines, by their keys, for the field of a form."""
    return " ".join(f"{pk}:{one.price}:{one.days_to_make}" for pk, one in seen.items())


def read(text: str) -> dict[int, Seen]:
    """Read what a form sent; what is none of it is left out."""
    return {int(pk): Seen(int(price), int(days)) for pk, price, days in _WRITTEN.findall(text)}


def mark_as_seen(basket: Basket, seen: Mapping[int, Seen]) -> None:
    """Save what a shopper has seen of lines of a basket."""
    lines = [line for line in basket.lines.all() if line.pk in seen]
    for line in lines:
        line.seen_price, line.seen_days_to_make = seen[line.pk]
    BasketLine.objects.bulk_update(lines, ["seen_price", "seen_days_to_make"])
