"""The parcels of an order: what is sent with which carrier and number, and that the shopper is told of it.

The history says who added or corrected one, not its number: a number is kept no longer than the shopper's address.
"""

from django.utils import timezone

from home.models import User
from store.models import Carrier, Order, OrderEvent, Parcel
from store.orders import emails, lifecycle
from store.orders.change_words import Change

Reason = OrderEvent.Reason


class SameParcelError(Exception):
    """The order already has a parcel with this number."""


def send(*, order_id: int, carrier: Carrier | None, number: str, user: User) -> None:
    """Mark a packed order as sent, with a parcel if its carrier or number is known. Raises IllegalTransitionError."""
    with lifecycle.locked(order_id) as order:
        if order.status == Order.Status.PACKED and (carrier or number):
            _save(Parcel(order=order, carrier=carrier, number=number), user=user)
        lifecycle.take_staff_step(order_id=order_id, to=Order.Status.SENT, user=user)


def save(
    *, order_id: int, carrier: Carrier | None, number: str, user: User, parcel_id: int | None = None
) -> None:
    """Add a parcel to an order that is sent, or correct one, and tell the shopper if anything is new.

    Raises IllegalTransitionError when the order is not sent, SameParcelError when it has a parcel with this number.
    """
    with lifecycle.locked(order_id) as order:
        if order.status != Order.Status.SENT:
            message = f"Order {order.number} is not sent."
            raise lifecycle.IllegalTransitionError(message)
        parcel = order.parcels.get(pk=parcel_id) if parcel_id else Parcel(order=order)
        if number and order.parcels.exclude(pk=parcel.pk).filter(number=number).exists():
            raise SameParcelError
        if parcel_id and (parcel.carrier, parcel.number) == (carrier, number):
            return
        parcel.carrier, parcel.number = carrier, number
        _save(parcel, user=user)
        order.sent_mail = None  # the shopper is told: sending cannot be undone
        order.save(update_fields=["sent_mail"])
        change = Change.PARCEL_CORRECTED if parcel_id else Change.PARCEL_ADDED
        lifecycle.record(order=order, by=str(user), actor=user, reason=Reason(change))
        emails.parcel_changed(order, parcel, change)


def _save(parcel: Parcel, *, user: User) -> None:
    carrier = parcel.carrier
    parcel.carrier_name = carrier.name if carrier else ""
    parcel.url = carrier.url_of(parcel.number) if carrier else ""
    if not parcel.pk:
        parcel.sent_at, parcel.by = timezone.now(), str(user)[:80]
    parcel.save()
