"""The catalogue, stock, baskets, orders and their papers, and what Stripe told us."""

from store.models.baskets import Basket, BasketLine
from store.models.catalogue import ProductImage, ProductOption, ProductPage, RelatedProduct
from store.models.closed_days import ClosedPeriod
from store.models.disputes import Dispute
from store.models.documents import Document, DocumentCounter, DocumentSum
from store.models.find_links import FindLink
from store.models.mail_wording import MailWording
from store.models.offers import Offer
from store.models.order_history import OrderEvent
from store.models.orders import Order, OrderLine
from store.models.parcels import Carrier, Parcel
from store.models.payment_health import PaymentAlarm, WebhookRefusal
from store.models.refunds import Refund, RefundLine
from store.models.settings import ShopSettings
from store.models.shipping import DeliveryCountry, DeliveryZone, ShippingOption
from store.models.shop_pages import CategoryPage, ShopPage
from store.models.stock import StockItem, StockMovement
from store.models.stripe_events import StripeEvent
from store.models.variants import ProductVariant
from store.models.vat import VatClass, VatRate, VatScheme

__all__ = [
    "Basket",
    "BasketLine",
    "Carrier",
    "CategoryPage",
    "ClosedPeriod",
    "DeliveryCountry",
    "DeliveryZone",
    "Dispute",
    "Document",
    "DocumentCounter",
    "DocumentSum",
    "FindLink",
    "MailWording",
    "Offer",
    "Order",
    "OrderEvent",
    "OrderLine",
    "Parcel",
    "PaymentAlarm",
    "ProductImage",
    "ProductOption",
    "ProductPage",
    "ProductVariant",
    "Refund",
    "RefundLine",
    "RelatedProduct",
    "ShippingOption",
    "ShopPage",
    "ShopSettings",
    "StockItem",
    "StockMovement",
    "StripeEvent",
    "VatClass",
    "VatRate",
    "VatScheme",
    "WebhookRefusal",
]
