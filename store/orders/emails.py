"""E-mails about orders and their payment, one function each.

They are queued in the transaction of what they report; the worker sends them.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.core.mail import EmailMessage
from post_office.models import Email

from home import mail_queue
from home.models import BrandSettings, User
from store.models import Document, Offer, Order, Parcel, PaymentAlarm, ProductVariant, Refund, ShopSettings
from store.orders import messages, plain_messages
from store.orders.change_words import Change
from store.orders.situation import Situation
from store.orders.words import ARRIVED, State

logger = logging.getLogger(__name__)
UNDO = timedelta(seconds=60)  # how long the e-mail “sent” waits


def order_paid(order: Order) -> Email | None:
    """Confirm a paid order to the shopper (on a durable medium: Directive 2011/83/EU, article 8(7))."""
    subject = ""
    if order.events.filter(to_status=Order.Status.PROCESSING).exists():
        subject = str(ARRIVED) % {"number": order.number}
    return _tell(order, State.PAID, subject=subject)


def order_under_way(order: Order) -> Email | None:
    """Tell the shopper that the bank has not confirmed the payment yet, or how to pay a voucher or a transfer."""
    return _tell(order)


def order_failed(order: Order) -> Email | None:
    """Tell the shopper that the bank declined the payment, or that none came, and what to do."""
    return _tell(order)


def order_in_review(order: Order) -> Email | None:
    """Tell the shopper that a paid order is not packed yet, and why."""
    return _tell(order)


def order_as_it_is(order: Order) -> Email | None:
    """Tell the shopper how an order stands, once more."""
    return _tell(order)


def order_sent(order: Order) -> Email | None:
    """Tell the shopper that the goods are on their way, to where, and how long that takes; it waits for UNDO."""
    return _tell(order, State.SENT, parcels=[*order.parcels.all()], wait=UNDO)


def order_ready(order: Order) -> Email | None:
    """Tell the shopper where and when to collect the goods; it waits for UNDO."""
    return _tell(order, State.READY, wait=UNDO)


def parcel_changed(order: Order, parcel: Parcel, change: Change) -> Email | None:
    """Tell the shopper of a parcel that was added or corrected."""
    return _tell(order, parcels=[parcel], change=change)


def order_to_pack(order: Order) -> Email | None:
    """Tell the trader of a new order that is paid; None when nobody wants to be told."""
    return _tell_trader("tell_orders", plain_messages.order_to_pack(order, order.lines.all()))


def attention_needed(order: Order, *, why: str) -> Email | None:
    """Tell the trader of an order that staff must look at; None when nobody wants to be told."""
    return _tell_trader("tell_attention", plain_messages.attention_needed(order, why=why))


def changed_by_shopper(order: Order, change: Change) -> Email | None:
    """Tell the trader that the shopper cancelled an order or moved it; None when nobody wants to be told."""
    return _tell_trader("tell_orders", plain_messages.changed_by_shopper(order, change))


def decision_needed(order: Order, *, why: str) -> Email | None:
    """Tell the trader of a paid order about which staff must decide; None when nobody wants to be told."""
    return _tell_trader("tell_attention", plain_messages.decision_needed(order, why=why))


def refund_failed(order: Order, refund: Refund, *, why: str) -> Email | None:
    """Tell the trader of a refund that did not reach the shopper; None when nobody wants to be told."""
    return _tell_trader("tell_attention", plain_messages.refund_failed(order, refund, why=why))


def disputed(order: Order, *, why: str, to_do: str) -> Email | None:
    """Tell the trader of a dispute that was opened or decided; None when nobody wants to be told."""
    return _tell_trader("tell_disputes", plain_messages.disputed(order, why=why, to_do=to_do))


def order_refunded(order: Order, refund: Refund) -> Email | None:
    """Tell the shopper that money is on its way back or waits for them, and whether something is still sent."""
    return _tell(order, refund=refund)


def order_cancelled(order: Order) -> Email | None:
    """Tell the shopper that nothing will be sent, of an order of which no money is left."""
    return _tell(order)


def billing_corrected(order: Order, issued: Sequence[Document]) -> Email | None:
    """Tell the shopper of the credit note and the invoice that a corrected billing address issued."""
    return _tell(order, issued=issued, change=Change.BILLING)


def problem_with_payments(problems: list[Any]) -> Email | None:
    """Tell the trader what keeps money from the shop, and what to do; None when nobody wants to be told."""
    return _tell_trader("tell_payments", plain_messages.problem_with_payments(problems))


def no_problem_with_payments(alarms: list[PaymentAlarm]) -> Email | None:
    """Tell the trader that nothing is wrong any more; None when nobody wants to be told."""
    return _tell_trader("tell_payments", plain_messages.no_problem_with_payments(alarms))


def low_stock(left: Mapping[str, int]) -> Email | None:
    """Tell the trader of which SKUs few are left; None when nobody wants to be told."""
    variants = ProductVariant.objects.filter(sku__in=left).select_related("page")
    name_of = {one.sku: one.in_full for one in variants}
    rows = [(name_of.get(sku, ""), sku, count) for sku, count in left.items()]
    return _tell_trader("tell_low_stock", plain_messages.low_stock(rows))


def find_orders(*, email: str, token: str) -> None:
    """Send a link to the orders of an e-mail address. It is queued like Django's own e-mails: no staff may read it."""
    _send_link(email, plain_messages.find_orders(token))


def offer(offer: Offer, *, lines: Iterable[Any], token: str) -> None:
    """Send the link to an offer. It is queued as the link to orders: no staff may read it."""
    _send_link(offer.email, plain_messages.offer(offer, lines, token))


def _send_link(email: str, message: messages.Message) -> None:
    brand = BrandSettings.current()
    reply_to = [brand.email] if brand.email else []
    mail = EmailMessage(message.subject, message.text, to=[email], reply_to=reply_to)
    mail_queue.EmailBackend().send_messages([mail])


def trader() -> list[str]:
    """Return the e-mail addresses at which the trader is told: those of the settings, the brand's, or the owners'."""
    stated = [address.strip() for address in ShopSettings.current().tell_to.split(",")]
    brand = BrandSettings.current().email
    return [*filter(None, stated)] or [*filter(None, [brand])] or User.objects.owner_emails()


def _tell_trader(tick: str, message: messages.Message) -> Email | None:
    """Queue a mail to the trader who has ticked this kind of news, and can be reached."""
    if not getattr(ShopSettings.current(), tick) or not (to := trader()):
        return None
    return mail_queue.queue(to=to, subject=message.subject, text=message.text)


def _tell(
    order: Order,
    state: State | None = None,
    *,
    refund: Refund | None = None,
    issued: Sequence[Document] = (),
    change: Change | None = None,
    parcels: Sequence[Parcel] = (),
    subject: str = "",
    wait: timedelta | None = None,
) -> Email | None:
    """Tell the shopper of an order as it stands, of one of its refunds, or of a change by staff.

    Returns None where no mail can reach them. That undoes nothing: the address may be erased by now, and money comes
    all the same.
    """
    if not mail_queue.is_plain(order.email):
        logger.warning("Nobody can be told about order %s by e-mail.", order.number)
        return None
    situation = Situation.of(order)
    message = messages.about(
        situation,
        state or situation.state,
        refund=refund,
        issued=issued,
        lines=order.lines.all(),
        change=change,
        parcels=parcels,
        subject=subject,
    )
    return mail_queue.queue(
        to=[order.email],
        subject=message.subject,
        text=message.text,
        html=message.html,
        reply_to=BrandSettings.current().email,
        attach=message.attach,
        wait=wait,
    )
