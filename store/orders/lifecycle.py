"""Orders change here: one function moves the status along Order.TRANSITIONS and writes the history.

What a change means for the goods stands beside it: how an order is placed, is taken as paid, and ends.
Whoever changes an order holds its row locked (`locked`); on SQLite the transaction itself is the lock.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from home.models import User
from store.models import Order, OrderEvent, OrderLine
from store.orders import emails
from store.payments import gateway
from store.stock import movements

By, Reason, Status = OrderEvent.By, OrderEvent.Reason, Order.Status


class IllegalTransitionError(Exception):
    """An order cannot go from its status to that one."""


@contextmanager
def locked(order_id: int) -> Iterator[Order]:
    """Open a transaction in which nobody else changes the order; gives it as it is now."""
    with transaction.atomic():
        yield Order.objects.select_for_update().get(pk=order_id)


def place(*, order: Order, lines: list[OrderLine]) -> None:
    """Write a new order with its lines."""
    order.save()
    OrderLine.objects.bulk_create(lines)
    remark(order=order, by=By.SHOPPER, reason=Reason.PLACED)


def adopt(*, order: Order, session: gateway.Session) -> None:
    """Remember the session of an order whose payment page was just made, or whose answer had been lost."""
    if order.session_id is not None:
        return
    order.session_id = session.id
    order.session_url = session.url
    order.session_expires_at = session.expires_at
    order.save(update_fields=["session_id", "session_url", "session_expires_at"])
    if order.status == Status.PLACED:
        change_status(order=order, to=Status.AWAITING, by=By.STRIPE, reason=Reason.PAGE_OPEN)


def confirm(*, order: Order, by: str, actor: User | None = None) -> None:
    """Take an order as paid: sell its goods and write to the shopper. Goods that are gone are staff's to settle."""
    change_status(order=order, to=Status.PAID, by=by, actor=actor)
    try:
        movements.sell(order=order)
    except movements.OutOfStockError as error:
        movements.release(order=order)
        flag(order=order, by=by, reason=Reason.STOCK_GONE, note=str(error))
    emails.order_paid(order)


def end(
    *, order: Order, to: str, by: str, actor: User | None = None, reason: str = "", note: str = ""
) -> None:
    """Close an order of which nothing comes, and release what it holds. Raises IllegalTransitionError."""
    change_status(order=order, to=to, by=by, actor=actor, reason=reason, note=note)
    movements.release(order=order)


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
    remark(order=order, by=str(actor), actor=actor, reason=Reason.LOOKED_AT, note=note)


def _write(order: Order, *, by: str, note: str, **values: Any) -> None:
    OrderEvent.objects.create(order=order, happened_at=timezone.now(), by=by[:80], note=note[:400], **values)
