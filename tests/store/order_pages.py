"""The pages of an order that was paid, as its shopper opens them."""

from typing import Any

from django.utils import timezone

from store.models import Basket, Dispute, Order
from store.orders import lifecycle
from tests import factories

ADDRESS = {
    "name": "Demo Shopper",
    "line1": "1 Example Street",
    "city": "Exampleton",
    "postal_code": "EX1 1EX",
    "country": "GB",
}
NEW = {**ADDRESS, "line1": "2 Other Road", "line2": "Flat 3"}


def pay_for(basket: Basket) -> Order:
    """Place an order that is paid in cash, so that nobody else has to be asked."""
    order = factories.placed_order(basket)
    came = {"paid_at": timezone.now(), "paid_amount": order.total, "paid_currency": order.currency}
    Order.objects.update(payment_source=Order.PaymentSource.CASH, shipping_address=ADDRESS, **came)
    order.refresh_from_db()
    lifecycle.confirm(order=order, by="test")
    return order


def path(order: Order, what: str = "") -> str:
    return f"/orders/{order.token}/{what}"


def dispute(order: Order, status: str = "needs_response") -> None:
    Dispute.objects.create(
        order=order,
        dispute_id="dp_1",
        amount=1,
        status=status,
        reason="fraudulent",
        created_at=timezone.now(),
    )


def words_of(response: Any) -> str:
    return " ".join(response.content.decode().split())
