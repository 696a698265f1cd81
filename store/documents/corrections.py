"""Corrects the billing address of an order: its papers are written once, so a credit note and a new invoice say it."""

from home.models import User
from store.documents import issuing
from store.models import OrderEvent
from store.orders import lifecycle


class NothingToCorrectError(Exception):
    """The order has this address, or is kept without any."""


def correct_billing_address(*, order_id: int, address: dict[str, str], actor: User) -> None:
    """Change the billing address of an order, and issue what states it. Raises NothingToCorrectError."""
    with lifecycle.locked(order_id) as order:
        if order.billing_address == address or not order.email:
            raise NothingToCorrectError
        order.billing_address = address
        order.save(update_fields=["billing_address"])
        numbers = ", ".join(paper.number for paper in issuing.correct_buyer(order))
        lifecycle.record(
            order=order, by=str(actor), actor=actor, reason=OrderEvent.Reason.BILLING, note=numbers
        )
