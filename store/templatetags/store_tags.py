"""Template filters for amounts, countries and postal addresses."""

from django import template

from store.orders import addresses
from store.payments import money

register = template.Library()
register.filter("price", money.display)
register.filter("country_name", addresses.country_name)
register.filter("address_lines", addresses.address_lines)
