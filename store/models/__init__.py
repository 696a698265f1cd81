"""The catalogue, stock, baskets, orders, and what Stripe told us."""

from store.models.baskets import Basket, BasketLine
from store.models.catalogue import ProductImage, ProductPage, ProductVariant, ShopPage
from store.models.orders import Order, OrderEvent, OrderLine
from store.models.payments import StripeEvent
from store.models.shipping import DeliveryCountry, ShippingOption
from store.models.stock import StockItem, StockMovement

__all__ = [
    "Basket",
    "BasketLine",
    "DeliveryCountry",
    "Order",
    "OrderEvent",
    "OrderLine",
    "ProductImage",
    "ProductPage",
    "ProductVariant",
    "ShippingOption",
    "ShopPage",
    "StockItem",
    "StockMovement",
    "StripeEvent",
]
