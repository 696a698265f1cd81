"""Template filters for amounts."""

from django import template

from store import money

register = template.Library()


@register.filter
def price(minor: int, currency: str | None = None) -> str:
    """Write minor units as an amount: £12.50."""
    return money.display(minor, currency)
