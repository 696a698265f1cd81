"""Which shipping option a checkout offers."""

from store.models import ShippingOption


def offered_option(*, country: str, option: str) -> ShippingOption | None:
    """Return the option of this number and country code; by default the cheapest of the country, or of the first.

    Both come from a form or a query, so they may be empty, or no longer on offer.
    """
    options = ShippingOption.objects.select_related("country").order_by("country", "price", "pk")
    return min(options, key=lambda one: (one.country.code != country, str(one.pk) != option), default=None)
