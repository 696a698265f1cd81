"""Template filters for amounts, VAT, countries and postal addresses."""

from collections.abc import Collection

from django import template

from store.models import ShopSettings, VatScheme
from store.orders import addresses
from store.payments import money
from store.vat import sums

register = template.Library()
register.filter("price", money.display)
register.filter("country_name", addresses.country_name)
register.filter("address_lines", addresses.address_lines)
register.filter("vat_sums", sums.of_order)


@register.filter
def change(minor: int, currency: str) -> str:
    """Format an amount that may be negative, with a minus as sums are written: −£12.50."""
    return f"−{money.display(-minor, currency)}" if minor < 0 else money.display(minor, currency)


@register.simple_tag
def includes_tax(scheme: str, found: Collection[sums.VatSum]) -> bool:
    """Return whether a total is said to include tax: some VAT is within it, or the shop states none."""
    return scheme != VatScheme.NOT_REGISTERED and (not found or any(one.vat for one in found))


@register.simple_tag
def prices_include_tax() -> bool:
    """Return whether pages say so: a trader who is not registered for VAT may not."""
    return ShopSettings.shown().vat_scheme != VatScheme.NOT_REGISTERED
