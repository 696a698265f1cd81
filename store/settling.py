"""Payment truth: what Stripe says of a session becomes the state of the order. The one way in which an order is paid.

The webhook, the return page and the worker all call `settle` with nothing but a session's id; it asks Stripe itself
and may be called any number of times, at once, late or in any order. It never trusts what a browser or an event says.
"""

import logging

from django.db import OperationalError

from home.models import User
from store import baskets, clock, emails, orders, payments, stock
from store.models import Order, OrderEvent

Status, By, Reason = Order.Status, OrderEvent.By, OrderEvent.Reason
logger = logging.getLogger(__name__)


class UnsettledError(payments.PaymentError):
    """What Stripe says of a session could not be written down: ours to mend. The log says what it was."""


def settle(*, session_id: str, by: str) -> Order | None:
    """Bring the order of a session up to date; None when the session is not one of ours.

    Raises payments.PaymentError when Stripe does not tell, UnsettledError when we cannot take in what it tells.
    """
    try:
        session = payments.retrieve_session(session_id)
    except payments.NoSuchSessionError:
        return None
    order = _order_of(session)
    if order is None:
        return None
    try:
        with orders.locked(order.pk) as fresh:
            adopt(order=fresh, session=session)
            _apply(fresh, session, by)
    except Exception as error:
        logger.exception("Order %s could not be settled.", order.number)
        if not isinstance(error, OperationalError):  # the database is busy or away: that passes
            set_aside(order=order, by=by)
        raise UnsettledError(order.number) from error
    return fresh


def set_aside(*, order: Order, by: str) -> None:
    """Have staff look at an order that cannot be brought up to date; it is tried again all the same."""
    with orders.locked(order.pk) as fresh:
        orders.flag(order=fresh, by=by, reason=Reason.UNSETTLED)


def adopt(*, order: Order, session: payments.Session) -> None:
    """Remember the session of an order whose payment page was just made, or whose answer had been lost."""
    if order.session_id is not None:
        return
    order.session_id = session.id
    order.session_url = session.url
    order.session_expires_at = session.expires_at
    order.save(update_fields=["session_id", "session_url", "session_expires_at"])
    if order.status == Status.PLACED:
        orders.change_status(order=order, to=Status.AWAITING, by=By.STRIPE, reason=Reason.PAGE_OPEN)


def _order_of(session: payments.Session) -> Order | None:
    """Find our order: by the session's id, or by the number we gave to a session whose answer was lost."""
    if session.livemode != payments.is_live():
        return None
    known = Order.objects.filter(session_id=session.id).first()
    return known or Order.objects.filter(number=session.reference, session_id__isnull=True).first()


def _apply(order: Order, session: payments.Session, by: str) -> None:
    match session.status:
        case "complete" if session.is_paid:
            _pay(order, session, by)
        case "complete" if session.has_failed:
            _end(order, to=Status.FAILED, by=by)
        case "complete":
            _process(order, session, by)
        case "expired":
            _end(order, to=Status.EXPIRED, by=by)


def _process(order: Order, session: payments.Session, by: str) -> None:
    """The shopper has done all there is to do; the bank has not. What is being paid is no longer to be ordered."""
    if order.status == Status.AWAITING:
        _copy_figures(order, session)
        orders.change_status(order=order, to=Status.PROCESSING, by=by)
        baskets.take_out_what_was_bought(order=order)
        emails.order_under_way(order)


def _end(order: Order, *, to: str, by: str) -> None:
    if to in Order.TRANSITIONS[order.status]:
        stock.release(order=order)
        orders.change_status(order=order, to=to, by=by)
        if to == Status.FAILED:
            emails.order_failed(order)


def _pay(order: Order, session: payments.Session, by: str) -> None:
    if order.paid_at is not None:
        return
    problem = _mismatch(order, session)
    order.paid_at = clock.now()
    _copy_figures(order, session)
    orders.change_status(order=order, to=Status.REVIEW if problem else Status.PAID, by=by)
    # The basket before the stock, as a checkout locks them; once only, since new things may be in it.
    if not order.events.filter(to_status=Status.PROCESSING).exists():
        baskets.take_out_what_was_bought(order=order)
    if problem:  # what is held stays so until somebody of the staff has decided
        orders.flag(order=order, by=by, reason=Reason.MISMATCH, note=problem)
    else:
        _fulfil(order, by)


def accept(*, order: Order, user: User) -> None:
    """Take what came for what was ordered, as somebody of the staff decided. Called with the order locked."""
    orders.change_status(order=order, to=Status.PAID, by=str(user), actor=user)
    orders.unflag(order=order, actor=user)
    _fulfil(order, str(user))


def decline(*, order: Order, user: User) -> None:
    """Cancel an order whose money came, as somebody of the staff decided. Called with the order locked.

    Its page at Stripe is complete and can be paid by nobody, so the goods are free.
    """
    orders.change_status(order=order, to=Status.CANCELLED, by=str(user), actor=user)
    stock.release(order=order)
    orders.flag(order=order, by=str(user), reason=Reason.MONEY_BACK)


def _fulfil(order: Order, by: str) -> None:
    try:
        stock.sell(order=order)
    except stock.OutOfStockError as error:
        stock.release(order=order)
        orders.flag(order=order, by=by, reason=Reason.STOCK_GONE, note=str(error))
    emails.order_paid(order)


def _mismatch(order: Order, session: payments.Session) -> str:
    """Say in which way the session is not the order; an empty string when it is."""
    expected = session.subtotal - session.discount + session.shipping + session.tax
    figures = {
        "currency": (order.currency, session.currency),
        "goods": (order.subtotal, session.subtotal),
        "shipping": (order.shipping, session.shipping),
        "total": (expected, session.total),
        "real money": (order.livemode, session.livemode),
    }
    return ", ".join(
        f"{name} {ours} ordered, {theirs} at Stripe"
        for name, (ours, theirs) in figures.items()
        if ours != theirs
    )


def _copy_figures(order: Order, session: payments.Session) -> None:
    if session.currency == order.currency:  # else the order would say one amount in the other's currency
        order.discount = session.discount
        order.tax = session.tax
        order.total = session.total
    order.payment_intent_id = session.payment_intent_id
    order.customer_name = session.customer_name
    order.phone = session.phone
    order.shipping_address = session.shipping_address
    order.billing_address = session.billing_address
    order.save()
