"""Every change of an order: its status along Order.TRANSITIONS, its history, and what happens to its goods.

Whoever changes an order holds its row locked (`locked`); on SQLite the transaction itself is the lock. Whether a
payment came is decided in `store.payments.fulfilment`, and who may take a staff step by the screen.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from home import mail_queue
from home.models import User
from policies.ledger import entries
from store.documents import issuing
from store.models import Order, OrderEvent, OrderLine
from store.orders import emails
from store.orders.change_words import Change
from store.orders.situation import Obstacle, Situation
from store.shipping import shop_calendar
from store.stock import movements

By, Reason, Status = OrderEvent.By, OrderEvent.Reason, Order.Status
# status → the statuses to which staff may change an order by hand, with the label of each button
STAFF_STEPS: dict[str, dict[str, Promise]] = {
    Status.REVIEW: {Status.PAID: _("Accept the payment")},
    Status.PAID: {Status.PACKED: _("Mark as packed")},
    Status.PACKED: {Status.SENT: _("Mark as sent"), Status.READY: _("Mark as ready to collect")},
    Status.READY: {Status.COLLECTED: _("Mark as collected")},
}
# steps that the shopper is told of by e-mail
MAIL_OF = {Status.SENT: emails.order_sent, Status.READY: emails.order_ready}

# status → the one that it has again when staff undo their last step
UNDONE: dict[str, str] = {
    Status.SENT: Status.PACKED,
    Status.READY: Status.PACKED,
    Status.PACKED: Status.PAID,
    Status.COLLECTED: Status.READY,
}


class IllegalTransitionError(Exception):
    """The order cannot change to that status."""


class TooLateError(IllegalTransitionError):
    """The shopper was told that the order is sent."""


class NotSentError(IllegalTransitionError):
    """Nothing of it may be sent at the moment, whatever its status."""

    def __init__(self, order: Order, obstacle: Obstacle) -> None:
        super().__init__(f"Nothing of order {order.number} is to be sent: {obstacle}.")
        self.obstacle = obstacle


@contextmanager
def locked(order_id: int) -> Iterator[Order]:
    """Open a transaction in which nobody else changes the order, and return the order as it is now."""
    with transaction.atomic():
        yield Order.objects.select_for_update().get(pk=order_id)


def place(*, order: Order, lines: list[OrderLine], actor: User | None = None) -> None:
    """Save a new order with its lines, and enter what was accepted; staff may place it for somebody."""
    entries.enter(order, at=order.placed_at)
    order.save()
    OrderLine.objects.bulk_create(lines)
    record(order=order, by=str(actor or By.SHOPPER.value), actor=actor, reason=Reason.PLACED)


def confirm(*, order: Order, by: str, actor: User | None = None) -> None:
    """Sell the goods of an order that is paid, issue the invoice, tell trader and shopper. Raises OutOfStockError."""
    movements.sell(order=order)
    shop_calendar.renew_promise(order)
    order.save(update_fields=["dispatch_by", "arrives_from", "arrives_until"])
    change_status(order=order, to=Status.PAID, by=by, actor=actor)
    if actor is None:  # else staff have just accepted it
        emails.order_to_pack(order)
    issuing.invoice(order)
    emails.order_paid(order)  # which names the invoice


def review(*, order: Order, by: str, reason: str, note: str) -> None:
    """Hold back an order that is paid until staff have decided, and tell the shopper and the trader."""
    if reason == Reason.STOCK_GONE:
        movements.release(order=order)
    change_status(order=order, to=Status.REVIEW, by=by)
    mark_needs_attention(order=order, by=by, reason=reason, note=note, tell=False)
    emails.order_in_review(order)
    emails.decision_needed(order, why=f"{Reason(reason).label} {note}")


def end(
    *, order: Order, to: str, by: str, actor: User | None = None, reason: str = "", note: str = ""
) -> None:
    """Close an order of which nothing will be sent, and release its stock. Raises IllegalTransitionError.

    The trader is told when a shopper cancels what is paid.
    """
    change_status(order=order, to=to, by=by, actor=actor, reason=reason, note=note)
    movements.release(order=order)
    if by == By.SHOPPER and order.paid_at:
        emails.changed_by_shopper(order, Change.CANCELLED)


def change_status(
    *, order: Order, to: str, by: str, actor: User | None = None, reason: str = "", note: str = ""
) -> None:
    """Change an order's status and record it. Raises IllegalTransitionError."""
    if to not in Order.TRANSITIONS[order.status]:
        message = f"Order {order.number} cannot go from {order.status} to {to}."
        raise IllegalTransitionError(message)
    before, order.status = order.status, to
    if to not in Order.AWAITING_PAYMENT:
        order.client_fingerprint = ""
    order.save(update_fields=["status", "client_fingerprint"])
    record(order=order, by=by, actor=actor, reason=reason, note=note, from_status=before, to_status=to)


def steps_of(situation: Situation) -> dict[str, Promise]:
    """Return the steps that staff can take now, with the label of each."""
    return {} if situation.obstacle else _steps_of(situation.order)


def _steps_of(order: Order) -> dict[str, Promise]:
    """Return the steps from its status: what is collected is not sent, nor the other way round."""
    other = Status.SENT if order.is_collection else Status.READY
    return {to: label for to, label in STAFF_STEPS.get(order.status, {}).items() if to != other}


def take_staff_step(*, order_id: int, to: str, user: User) -> None:
    """Take one of STAFF_STEPS.

    Raises IllegalTransitionError when it is none, or somebody else was faster, NotSentError when nothing may be sent,
    OutOfStockError when an order is accepted of which too few are there; nothing is changed then.
    """
    with locked(order_id) as order:
        if to not in _steps_of(order):
            message = f"Nobody takes order {order.number} from {order.status} to {to} by hand."
            raise IllegalTransitionError(message)
        if obstacle := Situation.of(order).obstacle:
            raise NotSentError(order, obstacle)
        match order.status, to:
            case Status.REVIEW, Status.PAID:
                mark_resolved(order=order, actor=user)
                confirm(order=order, by=str(user), actor=user)
            case _step:
                change_status(order=order, to=to, by=str(user), actor=user)
        if to in MAIL_OF:
            mail = MAIL_OF[Status(to)](order)
            order.sent_mail = mail.pk if mail else None
            order.save(update_fields=["sent_mail"])


def may_undo(order: Order) -> bool:
    """Return whether the last step can be undone: of one that is told, until the shopper knows, or of a parcel."""
    if order.status in MAIL_OF:
        return mail_queue.waiting(order.sent_mail, wait=emails.UNDO).exists()
    return order.status in UNDONE


def undo_staff_step(*, order_id: int, status: str, user: User) -> None:
    """Undo the step that brought an order to `status`; of what is sent, its parcels go too.

    Raises TooLateError when the shopper was told of it, IllegalTransitionError when the order has changed.
    """
    with locked(order_id) as order:
        if order.status != status or status not in UNDONE:
            message = f"Order {order.number} is not {status} any more, or that cannot be undone."
            raise IllegalTransitionError(message)
        if status in MAIL_OF:
            if not mail_queue.take_back(order.sent_mail, wait=emails.UNDO):
                raise TooLateError(order.number)
            order.parcels.all().delete()
        change_status(order=order, to=UNDONE[status], by=str(user), actor=user, reason=Reason.UNDONE)


def may_correct_address(situation: Situation, *, is_staff: bool) -> bool:
    """Return whether it can still be said where an order goes."""
    order = situation.order
    is_asked = order.status in Order.UNPACKED and not order.is_collection
    return is_asked and not _address_obstacle(situation, is_staff=is_staff)


def _address_obstacle(situation: Situation, *, is_staff: bool) -> Obstacle | None:
    """Staff need not wait for a bank; a shopper must, who could redirect the parcel with a stolen card."""
    obstacle = situation.obstacle
    return obstacle if not is_staff or obstacle == Obstacle.PAID_BACK else None


def correct_address(*, order_id: int, address: dict[str, str], by: str, actor: User | None = None) -> None:
    """Correct where an order goes, and tell the trader if a shopper does; the history does not name the address.

    Raises IllegalTransitionError when it is packed or over, NotSentError when it stays where it is for another reason.
    """
    with locked(order_id) as order:
        if order.status not in Order.UNPACKED or order.is_collection:
            message = f"Order {order.number} goes nowhere else any more."
            raise IllegalTransitionError(message)
        if obstacle := _address_obstacle(Situation.of(order), is_staff=actor is not None):
            raise NotSentError(order, obstacle)
        if order.shipping_address != address:
            order.shipping_address = address
            order.save(update_fields=["shipping_address"])
            record(order=order, by=by, actor=actor, reason=Reason.ADDRESS)
            if actor is None:
                emails.changed_by_shopper(order, Change.ADDRESS)


def may_correct_email(order: Order) -> bool:
    """Return whether its e-mail address can change: an open payment page has it, and what is anonymised gets none."""
    return not order.is_payable and bool(order.email or order.customer_name)


def correct_email(*, order_id: int, email: str, actor: User) -> int:
    """Correct the e-mail address of an order, and return how many e-mails waited for the old one and go there now.

    The history names neither. Raises IllegalTransitionError when it cannot change.
    """
    with locked(order_id) as order:
        if not may_correct_email(order):
            message = f"The e-mail address of order {order.number} stays."
            raise IllegalTransitionError(message)
        redirected = mail_queue.redirect(old=order.email, new=email, about=order.token)
        order.email, order.session_params = email, {}  # which name the old one, and are of no use any more
        order.save(update_fields=["email", "session_params"])
        record(order=order, by=str(actor), actor=actor, reason=Reason.EMAIL)
    return redirected


def mark_needs_attention(
    *, order: Order, by: str, reason: str = "", note: str = "", again: bool = False, tell: bool = True
) -> None:
    """Ask staff to check an order, once for the same reason: what they have resolved stays resolved.

    They are told by e-mail too, unless the caller tells them more, or they stand before the screen.
    """
    same = {"reason": reason} if reason else {"note": note[:400]}
    if not again and order.events.filter(**same).exists():
        return
    order.needs_attention = True
    order.save(update_fields=["needs_attention"])
    record(order=order, by=by, reason=reason, note=note)
    if tell:
        emails.attention_needed(order, why=f"{Reason(reason).label if reason else ''} {note}".strip())


def mark_resolved(*, order: Order, actor: User, note: str = "") -> None:
    """Record that staff have checked an order."""
    order.needs_attention = False
    order.save(update_fields=["needs_attention"])
    record(order=order, by=str(actor), actor=actor, reason=Reason.RESOLVED, note=note)


def add_note(*, order: Order, note: str, actor: User) -> None:
    """Write what a member of staff notes into an order's history."""
    entry = {"by": str(actor)[:80], "actor": actor, "reason": Reason.NOTE, "note": note}
    OrderEvent.objects.create(order=order, happened_at=timezone.now(), **entry)


def record(*, order: Order, by: str, note: str = "", **values: Any) -> None:
    """Add an entry to an order's history."""
    OrderEvent.objects.create(order=order, happened_at=timezone.now(), by=by[:80], note=note[:400], **values)
