"""How a shopper's postal address is written: its lines, as on a label, and the country's name."""

from babel import Locale
from django.utils.translation import get_language, to_locale

from store.models import Order


def address_lines(address: dict[str, str]) -> list[str]:
    """Return a postal address as the lines of a label."""
    town = " ".join(filter(None, (address.get("city"), address.get("state"), address.get("postal_code"))))
    lines = (address.get("name"), address.get("line1"), address.get("line2"), town)
    return [*filter(None, lines), *([country_name(address["country"])] if address.get("country") else [])]


def of_delivery(order: Order) -> list[str]:
    """Return where an order is sent to; of one without an address, who bought it and the country."""
    return address_lines(order.shipping_address) or [
        *filter(None, [order.customer_name]),
        country_name(order.country),
    ]


def country_name(code: str) -> str:
    """Return the country's name in the active language."""
    locale = Locale.parse(to_locale(get_language() or "en"))
    return locale.territories.get(code.upper(), code)
