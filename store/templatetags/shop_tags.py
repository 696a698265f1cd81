"""Template filters for amounts, addresses, and how long things take."""

from babel import Locale
from django import template
from django.utils.translation import get_language, to_locale

from store.checkout import forms
from store.models import ShippingOption
from store.payments import money

register = template.Library()


@register.filter
def price(minor: int, currency: str | None = None) -> str:
    """Write minor units as an amount: £12.50."""
    return money.display(minor, currency)


@register.filter
def country_name(code: str) -> str:
    """Write a country's code as its name."""
    locale = Locale.parse(to_locale(get_language() or "en"))
    return locale.territories.get(code.upper(), code)


@register.filter
def address_lines(address: dict[str, str]) -> list[str]:
    """Write an address as the lines of a label."""
    town = " ".join(filter(None, (address.get("city"), address.get("state"), address.get("postal_code"))))
    lines = (address.get("name"), address.get("line1"), address.get("line2"), town)
    return [*filter(None, lines), *([country_name(address["country"])] if address.get("country") else [])]


@register.filter
def working_days(option: ShippingOption) -> str:
    """Say how long a way of sending takes."""
    return forms.working_days(option)
