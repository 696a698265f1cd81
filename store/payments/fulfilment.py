"""Opens and closes an order's payment page, and brings the order up to date with what Stripe says about it.

Webhook, return page, order page and worker all call `settle` with a session's id; it asks Stripe itself, so it may be
called any number of times, at once, late or in any order, and never trusts a browser or an event. A hold is released
only when Stripe has said that the session cannot be paid.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from django.db import OperationalError
from django.utils import timezone

from home import clock
from home.throttling import Limit
from store.basket import contents
from store.models import DeliveryCountry, Order, OrderEvent, OrderLine, ShippingOption, StripeEvent, VatScheme
from store.orders import emails, lifecycle
from store.payments import disputes, errors, gateway, refunds, stripe_client, stripe_clock, stripe_objects
from store.stock import movements

Status, By, Reason = Order.Status, OrderEvent.By, OrderEvent.Reason
logger = logging.getLogger(__name__)

# By how much our clock may differ from what we know of Stripe's.
CLOCK_DIFFERENCE = timedelta(minutes=5)
LOOKS = Limit("looks-at-an-order", most=1, window=timedelta(seconds=5))
ANSWERS = Limit("answers-about-an-order", most=1, window=LOOKS.window)
LOOK_SECONDS = 5  # that the page of an order waits for Stripe: one try


class SupersededError(Exception):
    """The order was cancelled meanwhile, by another checkout of the same basket."""


class AlreadyUnderWayError(Exception):
    """An order of this basket is being paid (or is paid) already."""

    def __init__(self, order: Order) -> None:
        super().__init__(order.number)
        self.order = order


class UnsettledError(errors.PaymentError):
    """Stripe's answer about a session could not be saved: an error of ours, which is logged."""


def start_payment(*, order: Order) -> str:
    """Open the order's payment page and return its URL, the same one when called again.

    Raises errors.RefusedError (the order is then cancelled), errors.UnreachableError (the order waits until the
    worker finds out what Stripe did), and SupersededError.
    """
    try:
        session = _open_page(order)
    except errors.RefusedError as error:
        with lifecycle.locked(order.pk) as fresh:
            if fresh.status == Status.PLACED:
                why, note = Reason.REFUSED, str(error)
                lifecycle.end(order=fresh, to=Status.CANCELLED, by=By.STRIPE, reason=why, note=note)
        raise
    with lifecycle.locked(order.pk) as fresh:
        _attach(fresh, session)
    if fresh.status != Status.AWAITING:  # cancelled while Stripe made the page
        with suppress(errors.PaymentError):  # nobody learns its URL, so nobody can pay it
            gateway.expire_session(session.id)
        raise SupersededError
    return session.url


def _open_page(order: Order) -> stripe_objects.Session:
    """Open the page; once more with another end when Stripe refuses that: by then we know its clock."""
    key = f"order-{order.number}"
    try:
        return gateway.create_session(order.session_params, idempotency_key=key)
    except errors.EndRefusedError:
        with lifecycle.locked(order.pk) as fresh:
            if fresh.status != Status.PLACED:
                raise
            fresh.session_expires_at = end = stripe_clock.page_end()
            fresh.session_params["expires_at"] = int(end.timestamp())
            fresh.save(update_fields=["session_expires_at", "session_params"])
        return gateway.create_session(fresh.session_params, idempotency_key=f"{key}-again")


def cancel(*, order: Order, by: str, reason: str) -> None:
    """Close the order's payment page at Stripe, then release its stock. `by` and `reason` are for its history.

    Raises AlreadyUnderWayError when it is paid or being paid, errors.PaymentError when Stripe does not answer; nothing
    is released then.
    """
    if order.status == Status.PLACED:
        _find_lost_session(order, by, reason)
        order.refresh_from_db()
    if order.session_id and order.status == Status.AWAITING:
        _expire(order, order.session_id, by, reason)
        order.refresh_from_db()
    if order.paid_at or order.status == Status.PROCESSING:
        raise AlreadyUnderWayError(order)


def _find_lost_session(order: Order, by: str, reason: str) -> None:
    """Ask whether Stripe made a session whose answer was lost; cancel the order when it did not.

    One that is still being made does no harm: nobody knows its URL, so nobody can pay it.
    """
    stripe_clock.measure(unless_within=clock.REMEMBERED)
    made_after = stripe_clock.at(order.placed_at) - CLOCK_DIFFERENCE
    session = gateway.find_session(reference=order.number, made_after=made_after)
    with lifecycle.locked(order.pk) as fresh:
        if session is not None:
            _attach(fresh, session)
        elif fresh.status == Status.PLACED:
            lifecycle.end(order=fresh, to=Status.CANCELLED, by=by, reason=reason)


def _attach(order: Order, session: stripe_objects.Session) -> None:
    """Save the Stripe session of an order that has none yet."""
    if order.session_id is not None:
        return
    order.session_id = session.id
    order.session_url = session.url
    order.session_expires_at = session.expires_at
    order.save(update_fields=["session_id", "session_url", "session_expires_at"])
    if order.status == Status.PLACED:
        lifecycle.change_status(order=order, to=Status.AWAITING, by=By.STRIPE, reason=Reason.PAGE_OPEN)


def _expire(order: Order, session_id: str, by: str, reason: str) -> None:
    try:
        gateway.expire_session(session_id)
    except errors.RefusedError:  # most likely no longer open: find out what became of it
        settle(session_id=session_id, by=by)
        return
    with lifecycle.locked(order.pk) as fresh:
        if fresh.status == Status.AWAITING:
            lifecycle.end(order=fresh, to=Status.CANCELLED, by=by, reason=reason)


def settle(*, session_id: str, by: str) -> Order | None:
    """Bring the order of a session up to date; None when the session is not one of ours.

    Raises errors.PaymentError when Stripe does not answer, UnsettledError when its answer cannot be saved.
    """
    try:
        session = gateway.retrieve_session(session_id)
    except errors.NotFoundError:
        return None
    if not session.is_ours:
        return None
    # By the session's id, or by the number that we gave to a session whose answer was lost.
    lost = Order.objects.filter(number=session.reference, session_id__isnull=True)
    order = Order.objects.filter(session_id=session.id).first() or lost.first()
    if order is None:
        return None
    with mark_if_unsettled(order=order, by=by), lifecycle.locked(order.pk) as fresh:
        is_old = fresh.paid_at is not None
        _attach(fresh, session)
        _apply(fresh, session, by)
    if fresh.payment_intent_id and not is_old:
        _take_in_what_came_early(fresh)
    return fresh


def _take_in_what_came_early(order: Order) -> None:
    """Ask about refunds and disputes whose events came before anybody knew to which order the payment belongs.

    Without an answer they are handled like events that failed.
    """
    told = StripeEvent.objects.filter(payment_intent_id=order.payment_intent_id)
    for kind, changes in (("refund", refunds), ("dispute", disputes)):
        if early := list(told.filter(type__contains=kind).values_list("pk", flat=True)):
            ours = StripeEvent.objects.filter(pk__in=early)
            ours.update(outcome=StripeEvent.Outcome.FAILED)
            with suppress(errors.PaymentError):
                changes.bring_up_to_date(order=order)
                ours.update(outcome=StripeEvent.Outcome.HANDLED)
    order.refresh_from_db()


def look(order: Order, *, seconds: float = LOOK_SECONDS, anew: bool = False) -> bool:
    """Ask Stripe about an order whose page somebody opened; return whether it said how the order stands.

    Nobody is asked where that is known, or, unless `anew`, somebody looked in the last five seconds.
    """
    if order.session_id is None or order.status not in Order.AWAITING_PAYMENT:
        return True
    if LOOKS.take(str(order.pk)) and not anew:
        return ANSWERS.is_reached(str(order.pk))
    ANSWERS.give_back(str(order.pk))
    try:
        with stripe_client.answering_within(seconds):
            settle(session_id=order.session_id, by=By.SHOPPER)
    except errors.PaymentError as error:
        logger.warning("It is not known how order %s stands: %s", order.number, error)
        return False
    ANSWERS.take(str(order.pk))
    return True


@contextmanager
def mark_if_unsettled(*, order: Order, by: str) -> Iterator[None]:
    """Log an error of ours, ask staff to check the order, and raise UnsettledError; it is tried again all the same."""
    try:
        yield
    except errors.PaymentError:
        raise
    except Exception as error:
        logger.exception("Order %s could not be settled.", order.number)
        if not isinstance(error, OperationalError):  # the database is busy or away: that passes
            with lifecycle.locked(order.pk) as fresh:
                is_marked = fresh.events.unresolved().filter(reason=Reason.UNSETTLED).exists()
                lifecycle.mark_needs_attention(
                    order=fresh, by=by, reason=Reason.UNSETTLED, again=not is_marked
                )
        raise UnsettledError(order.number) from error


def _apply(order: Order, session: stripe_objects.Session, by: str) -> None:
    match session.status:
        case "complete" if session.is_paid:
            _pay(order, session, by)
        case "complete" if session.has_failed:
            _end(order, to=Status.FAILED, by=by)
        case "complete":
            _process(order, session, by)
        case "expired":
            _end(order, to=Status.EXPIRED, by=by)


def _process(order: Order, session: stripe_objects.Session, by: str) -> None:
    """Record a payment that the bank has not confirmed; what is being paid leaves the basket."""
    if order.status == Status.AWAITING:
        _copy_figures(order, session)
        lifecycle.change_status(order=order, to=Status.PROCESSING, by=by)
        contents.remove_ordered(order=order)
        emails.order_under_way(order)


def _end(order: Order, *, to: str, by: str) -> None:
    if to in Order.TRANSITIONS[order.status]:
        lifecycle.end(order=order, to=to, by=by)
        if to == Status.FAILED:
            emails.order_failed(order)


def _pay(order: Order, session: stripe_objects.Session, by: str) -> None:
    if order.paid_at is not None:
        return
    problem = _mismatch(order, session)
    order.paid_at = timezone.now()
    order.paid_amount, order.paid_currency = session.total, session.currency
    _copy_figures(order, session)
    # The basket before the stock, as a checkout locks them; once only, since new things may be in it.
    if not order.events.filter(to_status=Status.PROCESSING).exists():
        contents.remove_ordered(order=order)
    if problem:  # the stock stays held until staff have decided
        lifecycle.review(order=order, by=by, reason=Reason.MISMATCH, note=problem)
        return
    try:
        lifecycle.confirm(order=order, by=by)
    except movements.OutOfStockError as error:
        lifecycle.review(order=order, by=by, reason=Reason.STOCK_GONE, note=str(error))


def _mismatch(order: Order, session: stripe_objects.Session) -> str:
    """Return how the session differs from the order; empty when it does not."""
    expected = session.subtotal - session.discount + session.shipping + _added_tax(session)
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


def _added_tax(session: stripe_objects.Session) -> int:
    """Return the tax that was added to the prices, minor units: none where they include it, as ours do."""
    without = session.subtotal - session.discount + session.shipping
    return session.tax if session.total == without + session.tax else 0


def _copy_figures(order: Order, session: stripe_objects.Session) -> None:
    if session.currency == order.currency:  # else the order would say one amount in the other's currency
        order.discount = session.discount
        order.tax = _added_tax(session)
        order.total = session.total
    order.payment_intent_id = session.payment_intent_id
    order.pay_url, order.pay_until = session.pay_url, session.pay_until
    order.customer_name = session.customer_name
    order.phone = session.phone
    if order.delivery == ShippingOption.Kind.ADDRESS:
        order.shipping_address = session.shipping_address
    elif order.shipping_address:  # a pick-up point
        order.shipping_address["name"] = session.customer_name
    order.billing_address = session.billing_address
    if order.vat_scheme == VatScheme.STRIPE_TAX:
        _copy_vat(order, session)
    order.save()


def _copy_vat(order: Order, session: stripe_objects.Session) -> None:
    """Copy what Stripe Tax worked out: rates to the lines, sums to the order, and why there is no VAT."""
    lines = list(order.lines.all())
    if not lines or len(lines) != len(session.vat_of_lines):
        lifecycle.mark_needs_attention(order=order, by=By.STRIPE, reason=Reason.NO_VAT)
        return
    parts = [*session.vat_of_lines, *session.vat_of_delivery]
    # Of krónur, Stripe has fractions of each part.
    lost = session.total - sum(one.gross for one in parts)
    parts[0] = replace(parts[0], gross=parts[0].gross + lost)
    order.vat_sums = [[str(one.percent), one.gross, one.vat] for one in parts]
    if any(one.vat for one in parts):
        order.vat_country = order.country
    elif country := DeliveryCountry.objects.filter(code=order.country).first():
        order.vat_note = country.vat_note
    for line, taxed in zip(lines, session.vat_of_lines, strict=True):
        line.vat_percent = taxed.percent
    OrderLine.objects.bulk_update(lines, ["vat_percent"])
