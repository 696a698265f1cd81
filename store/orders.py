"""Orders change here: one function moves the status along Order.TRANSITIONS and writes the history.

Whoever changes an order holds its row locked (`locked`); on SQLite the transaction itself is the lock.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from home.models import User
from store import clock
from store.models import Order, OrderEvent

# No 0/O, 1/I: numbers are read aloud on the telephone.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class IllegalTransitionError(Exception):
    """An order cannot go from its status to that one."""


def new_number() -> str:
    """Make an order number: the day, and six letters that say nothing of how many orders there are."""
    return f"{timezone.localdate(clock.now()):%y%m%d}-{get_random_string(6, _ALPHABET)}"


@contextmanager
def locked(order_id: int) -> Iterator[Order]:
    """Open a transaction in which nobody else changes the order; gives it as it is now."""
    with transaction.atomic():
        yield Order.objects.select_for_update().get(pk=order_id)


def change_status(
    *, order: Order, to: str, by: str, actor: User | None = None, reason: str = "", note: str = ""
) -> None:
    """Move an order on and write it down. Raises IllegalTransitionError."""
    if to not in Order.TRANSITIONS[order.status]:
        message = f"Order {order.number} cannot go from {order.status} to {to}."
        raise IllegalTransitionError(message)
    before, order.status = order.status, to
    if to not in Order.HOLDING:
        order.sender = ""
    order.save(update_fields=["status", "sender"])
    _write(order, by=by, actor=actor, reason=reason, note=note, from_status=before, to_status=to)


def remark(*, order: Order, by: str, actor: User | None = None, reason: str = "", note: str = "") -> None:
    """Write something into an order's history without changing its status."""
    _write(order, by=by, actor=actor, reason=reason, note=note)


def flag(*, order: Order, by: str, reason: str = "", note: str = "") -> None:
    """Ask staff to look at an order. The same is asked once: what they have looked at stays settled."""
    same = {"reason": reason} if reason else {"note": note[:400]}
    if order.events.filter(**same).exists():
        return
    order.needs_attention = True
    order.save(update_fields=["needs_attention"])
    remark(order=order, by=by, reason=reason, note=note)


def unflag(*, order: Order, actor: User, note: str = "") -> None:
    """Say that staff have looked at it."""
    order.needs_attention = False
    order.save(update_fields=["needs_attention"])
    remark(order=order, by=str(actor), actor=actor, reason=OrderEvent.Reason.LOOKED_AT, note=note)


def _write(order: Order, *, by: str, note: str, **values: Any) -> None:
    OrderEvent.objects.create(order=order, happened_at=clock.now(), by=by[:80], note=note[:400], **values)
