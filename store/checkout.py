"""From a basket to the payment page, and back when the shopper turns round.

The order and its hold on the stock are committed before Stripe is asked for anything, with the exact parameters of
the question: if the answer is lost, the same question under the same key gets the same answer. A hold ends only when
Stripe has said that the session cannot be paid (any more).
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from policies.models import PolicyVersion
from store import baskets, clock, holds, orders, payments, settling, stock
from store.models import Basket, Order, OrderEvent, OrderLine, ShippingOption

By, Reason = OrderEvent.By, OrderEvent.Reason

# Stripe counts its minimum of 30 minutes from when it makes the session, which may be minutes after we ask.
SESSION_LIFE = timedelta(minutes=40)
# By which our clock may differ from Stripe's.
CLOCK_DIFFERENCE = timedelta(minutes=5)


class CheckoutError(Exception):
    """The checkout cannot go on; nothing was held or charged."""


class BasketChangedError(CheckoutError):
    """What was agreed to is not what would be ordered now, or can no longer be bought."""


class NotPayableError(CheckoutError):
    """The sum is one that cannot be charged; the message is for the shopper."""


class SupersededError(CheckoutError):
    """The order was cancelled meanwhile, by another checkout of the same basket."""


class AlreadyUnderWayError(CheckoutError):
    """An order of this basket is being paid (or is paid) already."""

    def __init__(self, order: Order) -> None:
        """Remember the order, so that the shopper can be shown it."""
        super().__init__(order.number)
        self.order = order


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What the shopper accepted and what they were shown."""

    shown: str  # `digest` of what the review page showed
    terms: PolicyVersion | None
    privacy: PolicyVersion | None


def digest(contents: baskets.Contents, option: ShippingOption) -> str:
    """Sum up everything that a review page shows of goods, delivery and price, to tell later whether it still holds."""
    lines = [
        (line.sku, line.quantity, line.unit_price, line.variant.page.title, line.variant.name)
        for line in contents.lines
        if line.variant
    ]
    country = option.country
    way = (option.pk, country.code, country.name, option.name, option.price, option.min_days, option.max_days)
    shown = (settings.CURRENCY, lines, way, contents.subtotal + option.price)
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def check_total(contents: baskets.Contents, option: ShippingOption) -> None:
    """Raise NotPayableError for a sum that cannot be charged, though each price in it can."""
    try:
        payments.check_total(contents.subtotal + option.price, settings.CURRENCY)
    except payments.AmountError as error:
        raise NotPayableError(str(error)) from error


def place_order(
    *, basket: Basket, email: str, option: ShippingOption, agreement: Agreement, sender: str = ""
) -> Order:
    """Write the order with copies of everything agreed, and hold its stock: all or nothing.

    Nothing is written unless it is exactly what the shopper was shown.

    Earlier unpaid orders of the basket are cancelled first, so that no old payment page stays open.
    Raises CheckoutError, payments.UnreachableError, holds.HoldsTooMuchError.
    """
    for earlier in basket.orders.filter(status__in=Order.PAYABLE):
        cancel(order=earlier, by=By.SHOPPER, reason=Reason.NEW_CHECKOUT)
    with transaction.atomic():
        basket = Basket.objects.select_for_update().get(pk=basket.pk)
        other = basket.orders.filter(status__in=Order.PAYABLE).first()
        if other is not None:
            raise AlreadyUnderWayError(other)
        order = _write_order(basket, email=email, option=option, agreement=agreement, sender=sender)
        try:
            stock.hold(order=order)
        except stock.OutOfStockError as error:
            raise BasketChangedError(str(error)) from error
        holds.check(order=order)
    return order


def start_payment(*, order: Order) -> str:
    """Get the order its payment page and return the address.

    Asked again it gives the same page. Raises payments.RefusedError (the order is then cancelled, its hold released),
    payments.UnreachableError (the order waits: the worker finds out what Stripe did), and SupersededError.
    """
    try:
        session = payments.create_session(order.session_params, idempotency_key=f"order-{order.number}")
    except payments.RefusedError as error:
        with orders.locked(order.pk) as fresh:
            if fresh.status == Order.Status.PLACED:
                stock.release(order=fresh)
                orders.change_status(
                    order=fresh,
                    to=Order.Status.CANCELLED,
                    by=By.STRIPE,
                    reason=Reason.REFUSED,
                    note=str(error),
                )
        raise
    with orders.locked(order.pk) as fresh:
        settling.adopt(order=fresh, session=session)
    if fresh.status != Order.Status.AWAITING:  # cancelled while Stripe was making the page
        with suppress(payments.PaymentError):  # nobody learns its address, so nobody can pay it
            payments.expire_session(session.id)
        raise SupersededError
    return session.url


def cancel(*, order: Order, by: str, reason: str) -> None:
    """Close the order's payment page at Stripe, then release what it holds. `by` and `reason` are for its history.

    Raises AlreadyUnderWayError when it is paid or being paid, payments.PaymentError when Stripe gives no answer;
    nothing is released then.
    """
    if order.status == Order.Status.PLACED:
        _find_lost_session(order, by, reason)
        order.refresh_from_db()
    if order.session_id and order.status == Order.Status.AWAITING:
        _expire(order, order.session_id, by, reason)
        order.refresh_from_db()
    if order.paid_at or order.status == Order.Status.PROCESSING:
        raise AlreadyUnderWayError(order)


def _find_lost_session(order: Order, by: str, reason: str) -> None:
    """Learn whether Stripe made a session of which we never heard.

    Should one still be on its way, it does no harm: nobody knows its address, so nobody can pay it.
    """
    session = payments.find_session(reference=order.number, made_after=order.placed_at - CLOCK_DIFFERENCE)
    with orders.locked(order.pk) as fresh:
        if session is not None:
            settling.adopt(order=fresh, session=session)
        elif fresh.status == Order.Status.PLACED:
            stock.release(order=fresh)
            orders.change_status(order=fresh, to=Order.Status.CANCELLED, by=by, reason=reason)


def _expire(order: Order, session_id: str, by: str, reason: str) -> None:
    try:
        payments.expire_session(session_id)
    except payments.RefusedError:  # most likely no longer open: find out what became of it
        settling.settle(session_id=session_id, by=by)
        return
    with orders.locked(order.pk) as fresh:
        if fresh.status == Order.Status.AWAITING:
            stock.release(order=fresh)
            orders.change_status(order=fresh, to=Order.Status.CANCELLED, by=by, reason=reason)


def _write_order(
    basket: Basket, *, email: str, option: ShippingOption, agreement: Agreement, sender: str
) -> Order:
    contents = baskets.contents(basket)
    fresh = ShippingOption.objects.select_related("country").filter(pk=option.pk).first()
    if not contents.can_be_bought or fresh is None or digest(contents, fresh) != agreement.shown:
        raise BasketChangedError
    check_total(contents, fresh)
    now = clock.now()
    order = Order.objects.create(
        number=orders.new_number(),
        basket=basket,
        email=email,
        currency=settings.CURRENCY,
        subtotal=contents.subtotal,
        shipping=option.price,
        total=contents.subtotal + option.price,
        country=option.country.code,
        shipping_name=option.name,
        terms_accepted=agreement.terms,
        privacy_shown=agreement.privacy,
        placed_at=now,
        session_expires_at=now + SESSION_LIFE,
        livemode=payments.is_live(),
        sender=sender,
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            sku=line.sku,
            title=line.variant.page.title,
            variant=line.variant.name,
            unit_price=line.unit_price,
            quantity=line.quantity,
        )
        for line in contents.lines
        if line.variant
    )
    order.session_params = payments.session_params(_purchase(order, option))
    order.save(update_fields=["session_params"])
    orders.remark(order=order, by=By.SHOPPER, reason=Reason.PLACED)
    return order


def _purchase(order: Order, option: ShippingOption) -> payments.Purchase:
    site = settings.SITE_URL
    return payments.Purchase(
        reference=order.number,
        email=order.email,
        currency=order.currency,
        items=[
            payments.Item(name=str(line), unit_price=line.unit_price, quantity=line.quantity)
            for line in order.lines.all()
        ],
        country=order.country,
        shipping=payments.Shipping(
            name=option.name, price=option.price, min_days=option.min_days, max_days=option.max_days
        ),
        success_url=site + reverse("store:return_from_payment", args=[order.return_token]),
        cancel_url=site + reverse("store:cancel_payment", args=[order.return_token]),
        expires_at=order.placed_at + SESSION_LIFE,
    )
