"""E-mails about orders and their payment, one function each.

They are queued in the transaction of what they report; the worker sends them.
"""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from post_office.models import Email

from home import mail_queue
from home.models import BrandSettings, User
from store.models import FindLink, Order, PaymentAlarm, Refund, ShopPage, ShopSettings
from store.orders.situation import Situation
from store.orders.words import WORDS, State, values


def order_paid(order: Order) -> Email:
    """Confirm a paid order to the shopper (on a durable medium: Directive 2011/83/EU, article 8(7))."""
    subject = _("Your order %(number)s")
    if order.events.filter(to_status=Order.Status.PROCESSING).exists():
        subject = _("Your order %(number)s: your payment has arrived")
    subject %= {"number": order.number}
    return _queue(order, "emails/order_paid.txt", subject=subject, lines=order.lines.all())


def order_under_way(order: Order) -> Email:
    """Tell the shopper that the bank has not confirmed the payment yet, or how to pay a voucher or a transfer."""
    subject = _("Your order %(number)s: how to pay")
    if not order.pay_url:
        subject = _("Your order %(number)s: the payment is under way")
    subject %= {"number": order.number}
    return _queue(order, "emails/order_under_way.txt", subject=subject, lines=order.lines.all())


def order_failed(order: Order) -> Email:
    """Tell the shopper that the bank declined the payment, or that none came, and what to do."""
    shop = ShopPage.objects.live().first()
    subject = _("Your order %(number)s was not paid in time")
    if not order.pay_url:
        subject = _("Your order %(number)s: your payment was declined")
    subject %= {"number": order.number}
    return _queue(order, "emails/order_failed.txt", subject=subject, shop_url=(shop and shop.url) or "/")


def order_in_review(order: Order) -> Email:
    """Tell the shopper that a paid order is not packed yet, and why."""
    subject = _("Your order %(number)s: your payment is being checked")
    if order.is_sold_out:
        subject = _("Your order %(number)s: the goods are sold out")
    hours = settings.REFUND_SOLD_OUT_AFTER_HOURS
    return _queue(
        order, "emails/order_in_review.txt", subject=subject % {"number": order.number}, refund_hours=hours
    )


def order_to_pack(order: Order) -> Email | None:
    """Tell the trader of a new order that is paid; None when nobody wants to be told."""
    subject = WORDS[State.PAID].filled(values(order)).trader
    return _tell_about(
        order, "emails/order_to_pack.txt", "tell_orders", subject=subject, lines=order.lines.all()
    )


def attention_needed(order: Order, *, why: str) -> Email | None:
    """Tell the trader of an order that staff must look at; None when nobody wants to be told."""
    subject = _("Order %(number)s needs attention") % {"number": order.number}
    return _tell_about(order, "emails/attention_needed.txt", "tell_attention", subject=subject, why=why)


def decision_needed(order: Order, *, why: str) -> Email | None:
    """Tell the trader of a paid order about which staff must decide; None when nobody wants to be told."""
    words = Situation.of(order).words
    return _tell_about(
        order, "emails/decision_needed.txt", "tell_attention", subject=words.trader, words=words, why=why
    )


def refund_failed(order: Order, refund: Refund, *, why: str) -> Email | None:
    """Tell the trader of a refund that did not reach the shopper; None when nobody wants to be told."""
    words = Situation.of(order).words_of(refund)
    return _tell_about(
        order, "emails/refund_failed.txt", "tell_attention", subject=words.trader, words=words, why=why
    )


def disputed(order: Order, *, why: str, to_do: str) -> Email | None:
    """Tell the trader of a dispute that was opened or decided; None when nobody wants to be told."""
    subject = WORDS[State.DISPUTED].filled(values(order)).trader  # whatever became of the order since
    return _tell_about(order, "emails/disputed.txt", "tell_disputes", subject=subject, why=why, to_do=to_do)


def order_refunded(order: Order, refund: Refund) -> Email:
    """Tell the shopper that money is on its way back, and whether something is still sent."""
    subject = _("Your order %(number)s: your refund") % {"number": order.number}
    return _queue(
        order, "emails/order_refunded.txt", subject=subject, refund=refund, taken_back=refund.lines.all()
    )


def order_cancelled(order: Order) -> Email:
    """Tell the shopper that nothing will be sent, of an order of which no money is left."""
    is_taken_back = order.disputes.withheld().exists()
    subject = _("Your order %(number)s was cancelled") % {"number": order.number}
    return _queue(order, "emails/order_cancelled.txt", subject=subject, is_taken_back=is_taken_back)


def problem_with_payments(problems: list[Any]) -> Email | None:
    """Tell the trader what keeps money from the shop, and what to do; None when nobody wants to be told."""
    subject = _("There is a problem with payments: %(what)s")
    subject %= {"what": ", ".join(str(one.kind.label) for one in problems)}
    return _about_payments("emails/problem_with_payments.txt", subject=subject, problems=problems)


def no_problem_with_payments(alarms: list[PaymentAlarm]) -> Email | None:
    """Tell the trader that nothing is wrong any more; None when nobody wants to be told."""
    subject = _("The problems with payments are over")
    return _about_payments("emails/no_problem_with_payments.txt", subject=subject, alarms=alarms)


def find_orders(*, email: str, token: str) -> None:
    """Send a link to the orders of an e-mail address. It is queued like Django's own e-mails: no staff may read it."""
    brand = BrandSettings.current()
    url = settings.SITE_URL + reverse("store:find_link", args=[token])
    text = render_to_string("emails/find_orders.txt", {"url": url, "brand": brand, "lasts": FindLink.MINUTES})
    subject = _("Your orders: the link that you asked for")
    reply_to = [brand.email] if brand.email else []
    mail_queue.EmailBackend().send_messages([EmailMessage(subject, text, to=[email], reply_to=reply_to)])


def _about_payments(template: str, *, subject: str, **context: Any) -> Email | None:
    context |= {"panel_url": settings.SITE_URL + reverse("payment-health:index")}
    return _tell_trader(template, "tell_payments", subject=subject, context=context)


def _tell_about(order: Order, template: str, tick: str, *, subject: Any, **context: Any) -> Email | None:
    context |= {"order": order, "admin_url": settings.SITE_URL + reverse("orders:inspect", args=[order.pk])}
    return _tell_trader(template, tick, subject=str(subject), context=context)


def trader() -> list[str]:
    """Return the e-mail addresses at which the trader is told: those of the settings, the brand's, or the owners'."""
    stated = [address.strip() for address in ShopSettings.current().tell_to.split(",")]
    brand = BrandSettings.current().email
    return [*filter(None, stated)] or [*filter(None, [brand])] or User.objects.owner_emails()


def _tell_trader(template: str, tick: str, *, subject: str, context: dict[str, Any]) -> Email | None:
    """Queue a mail to the trader who has ticked this kind of news, and can be reached."""
    if not getattr(ShopSettings.current(), tick) or not (to := trader()):
        return None
    text = render_to_string(template, context).strip() + "\n"
    return mail_queue.queue(to=to, subject=subject, text=text)


def _queue(order: Order, template: str, *, subject: str, **context: Any) -> Email:
    brand = BrandSettings.current()
    context |= {"order": order, "site_url": settings.SITE_URL, "brand": brand}
    return mail_queue.queue(
        to=[order.email],
        subject=subject,
        text=render_to_string(template, context).strip() + "\n",
        reply_to=brand.email,
    )
