"""What a review page showed, in a hidden field: an order that is refused names what differs, old and new.

Nothing is decided by it. Whether an order is what was agreed to, `Quote.digest` decides.
"""

import re
from zlib import crc32

from django.utils.translation import gettext as _

from store.checkout.place_order import Quote
from store.payments import money

LONGEST = 4000
DELIVERY, TOTAL = "delivery", "total"
_WRITTEN = re.compile(rf"([0-9]{{1,18}}|{DELIVERY}|{TOTAL}):([0-9]{{1,15}}):([0-9]{{1,15}})")


def as_text(quote: Quote) -> str:
    """Return what the page shows, for its field."""
    return " ".join(f"{name}:{amount}:{other}" for name, (amount, other) in _shown(quote).items())


def _shown(quote: Quote) -> dict[str, tuple[int, int]]:
    """Return by lines their price and quantity, what delivery costs with a number for the rest of it, and the total."""
    lines = {str(line.pk): (line.unit_price, line.quantity) for line in quote.contents.lines}
    return lines | {DELIVERY: (quote.shipping, crc32(_way(quote).encode())), TOTAL: (quote.total, 0)}


def _way(quote: Quote) -> str:
    when = quote.promise.arrives if quote.promise else quote.delivery_time
    return f"{quote.option.name}, {quote.country}: {when}"


def changes(text: str, now: Quote) -> list[str]:
    """Return what differs from what a page showed, in words; what the field does not tell is left out."""
    before = {name: (int(amount), int(other)) for name, amount, other in _WRITTEN.findall(text)}
    if not before:
        return []
    shown = _shown(now)
    names = {str(line.pk): line.in_full for line in now.contents.lines}
    names |= {DELIVERY: _("Delivery"), TOTAL: _("Total")}
    said = [_("Something is no longer in your basket.")] if before.keys() - shown.keys() else []
    for name, what in names.items():
        (amount, other), (old, old_other) = shown[name], before.get(name, (0, 0))
        if name not in before:
            said.append(_("%(what)s was added.") % {"what": what})
            continue
        if amount != old:
            values = {"what": what, "old": money.display(old), "now": money.display(amount)}
            said.append(_("%(what)s: was %(old)s, now %(now)s.") % values)
        if other != old_other and name == DELIVERY:
            said.append(_("%(what)s: now %(way)s.") % {"what": what, "way": _way(now)})
        elif other != old_other:
            counts = {"what": what, "old": old_other, "now": other}
            said.append(_("%(what)s: quantity was %(old)s, now %(now)s.") % counts)
    return said
