"""Template filters for amounts, VAT, countries and postal addresses."""

from django import template

from store.catalogue.product_context import product_context
from store.catalogue.product_search import goods_beside, suggested
from store.catalogue.structured_data import structured_data
from store.models import ShopSettings
from store.models.shop_pages import shown_categories, shown_shop
from store.orders import addresses
from store.payments import money
from store.shipping import conditions, shop_calendar
from store.vat import percent, sums

register = template.Library()
register.filter("price", money.display)
register.filter("country_name", addresses.country_name)
register.filter("address_lines", addresses.address_lines)
register.filter("delivery_address", addresses.of_delivery)
register.filter("vat_sums", sums.of_order)
register.simple_tag(sums.total_label)
register.simple_tag(product_context)
register.simple_tag(suggested)
register.simple_tag(goods_beside)
register.simple_tag(structured_data)
register.simple_tag(shown_shop)
register.simple_tag(shown_categories)
register.filter("percent", percent.shown)
register.simple_tag(conditions.delivery)
register.simple_tag(conditions.returns)
register.simple_tag(shop_calendar.shown, name="shop_calendar")


@register.simple_tag
def prices_include_tax() -> bool:
    """Return whether pages say so before anything is ordered."""
    return sums.includes_tax(ShopSettings.shown().vat_scheme)
