"""The e-mails that are text alone: those to the trader, and the link to orders; `store.orders.emails` queues them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from home.models import BrandSettings
from store.models import FindLink, Offer, Order, OrderLine, PaymentAlarm, Refund
from store.orders.change_words import Change, words_of
from store.orders.messages import Message
from store.orders.situation import Situation
from store.orders.words import ATTENTION, DISPUTE, WORDS, State, values


def order_to_pack(order: Order, lines: Iterable[OrderLine]) -> Message:
    """Return what the trader is told of a new order that is paid."""
    subject = WORDS[State.PAID].filled(values(order)).trader
    return _about(order, "emails/order_to_pack.txt", subject=subject, lines=lines)


def attention_needed(order: Order, *, why: str) -> Message:
    """Return what the trader is told of an order that staff must look at."""
    subject = str(ATTENTION) % values(order)
    return _about(order, "emails/attention_needed.txt", subject=subject, why=why)


def decision_needed(order: Order, *, why: str) -> Message:
    """Return what the trader is told of a paid order about which staff must decide."""
    words = Situation.of(order).words
    return _about(order, "emails/decision_needed.txt", subject=words.trader, words=words, why=why)


def changed_by_shopper(order: Order, change: Change) -> Message:
    """Return what the trader is told when the shopper cancels an order or moves it."""
    return _about(order, "emails/changed_by_shopper.txt", subject=words_of(change, order).trader)


def refund_failed(order: Order, refund: Refund, *, why: str) -> Message:
    """Return what the trader is told of a refund that did not reach the shopper."""
    words = Situation(order=order).words_of(refund)
    return _about(order, "emails/refund_failed.txt", subject=words.trader, words=words, why=why)


def disputed(order: Order, *, why: str, to_do: str) -> Message:
    """Return what the trader is told of a dispute that was opened or decided."""
    return _about(order, "emails/disputed.txt", subject=str(DISPUTE) % values(order), why=why, to_do=to_do)


def problem_with_payments(problems: list[Any]) -> Message:
    """Return what the trader is told of what keeps money from the shop, and what to do."""
    what = ", ".join(str(one.kind.label) for one in problems)
    subject = _("There is a problem with payments: %(what)s") % {"what": what}
    return _about_payments("emails/problem_with_payments.txt", subject=subject, problems=problems)


def no_problem_with_payments(alarms: list[PaymentAlarm]) -> Message:
    """Return what the trader is told when nothing is wrong any more."""
    subject = _("The problems with payments are over")
    return _about_payments("emails/no_problem_with_payments.txt", subject=subject, alarms=alarms)


def low_stock(rows: Sequence[tuple[str, str, int]]) -> Message:
    """Return what the trader is told of what has become low: names, SKUs, and how many are left."""
    what = ", ".join(name or sku for name, sku, _left in rows[:3])
    context = {"rows": rows, "stock_url": settings.SITE_URL + reverse("stock:index")}
    return _rendered(
        "emails/low_stock.txt", subject=_("Low stock: %(what)s") % {"what": what}, context=context
    )


def find_orders(token: str) -> Message:
    """Return the link to the orders of an e-mail address."""
    url = settings.SITE_URL + reverse("store:find_link", args=[token])
    context = {"url": url, "brand": BrandSettings.current(), "lasts": FindLink.MINUTES}
    return _rendered(
        "emails/find_orders.txt", subject=_("Your orders: the link that you asked for"), context=context
    )


def offer(offer: Offer, lines: Iterable[Any], token: str) -> Message:
    """Return the link to an offer, with the lines of its basket."""
    url = settings.SITE_URL + reverse("store:offer", args=[token])
    context = {"url": url, "brand": BrandSettings.current(), "offer": offer, "lines": lines}
    return _rendered("emails/offer.txt", subject=_("An offer for you"), context=context)


def _about(order: Order, template: str, *, subject: Any, **context: Any) -> Message:
    context |= {"order": order, "admin_url": settings.SITE_URL + reverse("orders:inspect", args=[order.pk])}
    return _rendered(template, subject=subject, context=context)


def _about_payments(template: str, *, subject: str, **context: Any) -> Message:
    context |= {"panel_url": settings.SITE_URL + reverse("payment-health:index")}
    return _rendered(template, subject=subject, context=context)


def _rendered(template: str, *, subject: Any, context: dict[str, Any]) -> Message:
    return Message(str(subject), render_to_string(template, context).strip() + "\n")
