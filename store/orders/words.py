"""What shopper, staff and trader are told about an order: the states it can be in, and the words of each.

Its page, the subject and opening of each e-mail, and the staff's page take their words from here; docs/orders.md shows
them all. Beside it stand only those of what is changed (`change_words`) and of disputes (`store.payments.disputes`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from store.models import Order
from store.models.availability import working_days
from store.payments import money, stripe_clock


class State(models.TextChoices):
    """Where an order stands, as far as it matters to what people are told; the label says when."""

    NOT_OPENED = "not_opened", _("Placed; the payment page did not open")
    NOT_PAID = "not_paid", _("The payment page is open")
    PAGE_CLOSED = "page_closed", _("The payment page has closed, and Stripe has not said whether it was paid")
    ASKING = "asking", _("Payment open, and Stripe does not answer")
    PAY_LATER = "pay_later", _("The shopper pays with a voucher, which has a deadline")
    TRANSFER = "transfer", _("The shopper pays by bank transfer")
    UNDER_WAY = "under_way", _("The bank has not confirmed the payment yet")
    SOLD_OUT = "sold_out", _("Paid, but sold out; refunded by itself after a time")
    SOLD_OUT_UNDECIDED = "sold_out_undecided", _("Paid, but sold out; refunded only by staff")
    MISMATCH = "mismatch", _("Paid, but not what was ordered")
    PAID = "paid", _("Paid")
    PACKED = "packed", _("Packed")
    TO_COLLECT = "to_collect", _("Packed, and to be collected")
    SENT = "sent", _("Sent")
    READY = "ready", _("Ready to collect")
    COLLECTED = "collected", _("Collected")
    SENT_PAID_BACK = "sent_paid_back", _("Sent or collected, and all of the payment was refunded")
    DISPUTED = "disputed", _("Not sent, and its payment is disputed")
    TAKEN_BACK = "taken_back", _("Not sent, and the bank took all of the payment back")
    PAID_BACK = "paid_back", _("Not sent, and all of the payment was refunded")
    REFUND_WAITS = "refund_waits", _("Nothing is sent, and Stripe asks the shopper where to send the refund")
    CANCELLED_UNPAID = "cancelled_unpaid", _("Cancelled before it was paid")
    CANCELLED_FREE = "cancelled_free", _("Cancelled, and nothing was to be paid")
    CANCELLED_OWED = "cancelled_owed", _("Cancelled, and money is to be refunded")
    CANCELLED_IN_PART = "cancelled_in_part", _("Cancelled, and a part of the money was refunded")
    CANCELLED_REFUNDED = "cancelled_refunded", _("Cancelled, and all of the money was refunded")
    CANCELLED_TAKEN_BACK = "cancelled_taken_back", _("Cancelled, and the bank took the payment back")
    EXPIRED = "expired", _("The payment page has closed without a payment")
    NOT_PAID_IN_TIME = "not_paid_in_time", _("No voucher was paid, or no transfer came")
    DECLINED = "declined", _("The bank declined the payment")


_FACT = re.compile(r"%\((?!number\))")


@dataclass(frozen=True, kw_only=True)
class Words:
    """What is told in one state. What is in `%(…)s` is filled in; a sentence of which something is unknown is left out.

    Shoppers read `heading` to `action`, and `subject` where the state is told by e-mail; `action` is the main button.
    Staff read `staff` on the order's page. `trader` is the subject of the e-mail to the trader, where there is one.
    """

    heading: Promise | str
    happened: Promise | str = ""
    by_when: Promise | str = ""
    collect: Promise | str = ""
    next: Promise | str = ""
    to_do: Promise | str = ""
    action: Promise | str = ""
    subject: Promise | str = ""
    staff: Promise | str = ""
    trader: Promise | str = ""

    def filled(self, values: Mapping[str, object]) -> Self:
        """Return the words with what is known of an order."""
        words = {field.name: _filled(getattr(self, field.name), values) for field in fields(self)}
        return type(self)(**words)

    @property
    def phrases(self) -> list[str]:
        """The sentences that a trader may say in other words: they name no fact of the order but its number."""
        return [name for name in ("happened", "next") if not _FACT.search(str(getattr(self, name)))]

    def without(self, names: Iterable[str]) -> Self:
        """Return the words without those of some names."""
        return replace(self, **dict.fromkeys(names, ""))

    @property
    def sentences(self) -> str:
        """What the shopper reads under the heading."""
        return " ".join(
            str(part) for part in (self.happened, self.by_when, self.collect, self.next, self.to_do) if part
        )


def _filled(words: Promise | str, values: Mapping[str, object]) -> str:
    try:
        return re.sub(r"(?<=\w\.)\.(?=\s|$)", "", str(words) % values)  # after "9:26 a.m." no other full stop
    except KeyError:
        return ""


_WAIT = _("You do not need to do anything. Do not pay again.")
_KEPT = _("Until about %(time)s we will keep the goods for you.")
_IF_PAID = _("If you have paid, do not pay again.")
_HELD = _("Nothing to do. The goods are held until Stripe says that nobody can pay any more.")
_PAY_ON = _("Continue payment (%(left)s)")
_ARRIVES = _("We will keep the goods for you and e-mail you when the payment arrives.")
_ARRIVES_ON = _("It should arrive on %(arrives)s.")
_COLLECT_FROM = _("It can be collected from %(ready)s.")
_SOLD_OUT = _("We are sorry: somebody else got the last ones. Nothing is on its way yet.")
_DECISION = _("Order %(number)s is paid and needs your decision")
_AGAIN = _("If you still want the goods, order them again. You can pay in another way.")
_LEFT = _("If the money has left your account, write to us.")
_CANCELLED = _("This order was cancelled")
_WAS_CANCELLED = _("Your order %(number)s was cancelled")
_NOTHING_CHARGED = _("Nothing was charged, and nothing will be sent.")
_UNPAID = _("It was cancelled before it was paid. Nothing to do: the goods are back in stock.")
_BACK = _("Nothing to do: the goods are back in stock, and the shopper can order again.")

WORDS: dict[State, Words] = {
    State.NOT_OPENED: Words(
        heading=_("The payment page did not open"),
        happened=_("Nothing was charged and your basket has not changed."),
        to_do=_("Try again in a few minutes."),
        action=_("Go to the basket"),
        staff=_("Nothing to do. Its goods are back in stock once Stripe says that it made no payment page."),
    ),
    State.NOT_PAID: Words(
        heading=_("You have not paid yet"),
        next=_KEPT,
        action=_PAY_ON,
        staff=_("Nothing to do. The goods are held until about %(time)s."),
    ),
    State.PAGE_CLOSED: Words(
        heading=_("The payment page has closed"),
        happened=_(
            "It closed at %(time)s. The goods are back in stock once Stripe says that nothing was paid."
        ),
        to_do=_IF_PAID,
        staff=_HELD,
    ),
    State.ASKING: Words(
        heading=_("We are asking whether you have paid"),
        happened=_("The payment service has not answered yet."),
        next=_KEPT,
        to_do=_IF_PAID,
        action=_PAY_ON,
        staff=_HELD,
    ),
    State.PAY_LATER: Words(
        subject=_("Your order %(number)s: how to pay"),
        heading=_("Thank you for your order. Please pay it now"),
        happened=_("You have until %(until)s to pay %(total)s."),
        next=_("We will keep the goods for you until then and e-mail you when the payment arrives."),
        action=_("See how to pay"),
        staff=_("The shopper pays with a voucher until %(until)s. The goods stay held for it."),
    ),
    State.TRANSFER: Words(
        subject=_("Your order %(number)s: how to pay"),
        heading=_("Thank you for your order. Please pay it now"),
        happened=_("Transfer %(total)s from your bank account by %(day)s."),
        next=_ARRIVES,
        action=_("See how to pay"),
        staff=_(
            "The shopper pays by bank transfer, which has no deadline. The goods stay held until the money "
            "comes, or you cancel the payment in Stripe’s Dashboard."
        ),
    ),
    State.UNDER_WAY: Words(
        subject=_("Your order %(number)s: the payment is under way"),
        heading=_("Thank you. The payment is under way"),
        happened=_("Your bank has not confirmed it yet, which can take a few days."),
        next=_ARRIVES,
        to_do=_("You do not need to do anything."),
        staff=_(
            "The bank needs some days to confirm this payment. Until Stripe says how it ended, the goods "
            "stay held for it."
        ),
    ),
    State.SOLD_OUT: Words(
        subject=_("Your order %(number)s: the goods are sold out"),
        heading=_("Your payment arrived, but the goods are sold out"),
        happened=_SOLD_OUT,
        next=_("If we cannot get more, we will refund you after %(wait)s."),
        to_do=_WAIT,
        staff=_(
            "Accept the payment when the goods are there, or cancel the order and refund it. If you do "
            "nothing, it is cancelled and refunded after %(wait)s."
        ),
        trader=_DECISION,
    ),
    State.SOLD_OUT_UNDECIDED: Words(
        subject=_("Your order %(number)s: the goods are sold out"),
        heading=_("Your payment arrived, but the goods are sold out"),
        happened=_SOLD_OUT,
        next=_("If we cannot get more, we will refund you."),
        to_do=_WAIT,
        staff=_("Accept the payment when the goods are there, or cancel the order and refund it."),
        trader=_DECISION,
    ),
    State.MISMATCH: Words(
        subject=_("Your order %(number)s: your payment is being checked"),
        heading=_("Thank you. We are checking your payment"),
        happened=_("Your payment arrived, but it does not match your order, so we are checking it."),
        next=_("We will e-mail you when we have decided: either we accept the payment, or we refund you."),
        to_do=_WAIT,
        staff=_("Accept the payment, or cancel the order and refund it."),
        trader=_DECISION,
    ),
    State.PAID: Words(
        subject=_("Your order %(number)s"),
        heading=_("Thank you. Your order is paid"),
        happened=_("We make some of it to order, which takes %(made)s."),
        by_when=_ARRIVES_ON,
        collect=_COLLECT_FROM,
        next=_("We will pack it next."),
        staff=_("Pack it, then mark it as packed."),
        trader=_("New order %(number)s: %(total)s"),
    ),
    State.PACKED: Words(
        heading=_("Your order is packed"),
        by_when=_ARRIVES_ON,
        next=_("We will send it with the next post."),
        staff=_("Send it, then mark it as sent: that e-mails the shopper."),
    ),
    State.TO_COLLECT: Words(
        heading=_("Your order is packed"),
        collect=_COLLECT_FROM,
        next=_("We will e-mail you when you can collect it."),
        staff=_("Lay it ready, then mark it as ready to collect: that e-mails the shopper."),
    ),
    State.SENT: Words(
        subject=_("Your order %(number)s is on its way"),
        heading=_("Your order is on its way"),
        happened=_("Delivery takes %(delivery)s."),
        by_when=_ARRIVES_ON,
        next=_("We hope you enjoy it."),
        staff=_("The goods are on their way."),
    ),
    State.READY: Words(
        subject=_("Your order %(number)s is ready to collect"),
        heading=_("Your order is ready to collect"),
        to_do=_("Bring the number of your order, %(number)s."),
        staff=_("Hand it over, then mark it as collected."),
    ),
    State.COLLECTED: Words(
        heading=_("You have collected your order"),
        next=_("We hope you enjoy it."),
        staff=_("The shopper has it."),
    ),
    State.SENT_PAID_BACK: Words(
        heading=_("You have your order, and all of it is refunded"),
        happened=_("The list of payments says when and how the money goes back to you."),
        staff=_("Nothing to do. The goods were sent or collected, and all of the money went back."),
    ),
    State.DISPUTED: Words(
        heading=_("Your bank is asking about this payment"),
        happened=_("We cannot send anything before your bank has decided."),
        to_do=_("If you did not ask it to, tell your bank."),
        staff=_("Send nothing. What to do about the dispute stands beside it."),
    ),
    State.TAKEN_BACK: Words(
        heading=_("Your bank has taken the payment back"),
        happened=_("Nothing will be sent."),
        to_do=_("If this is a mistake, write to us."),
        staff=_("Send nothing. Cancel the order, and its goods are back in the stock."),
    ),
    State.PAID_BACK: Words(
        heading=_("Your payment was refunded"),
        happened=_("We have refunded what you paid. It can take a few days until your bank shows it."),
        staff=_("Send nothing: all of the money went back. Cancel the order."),
    ),
    State.REFUND_WAITS: Words(
        subject=_WAS_CANCELLED,
        heading=_("Your refund is waiting for you"),
        happened=_("Nothing will be sent. The way you paid cannot take money back."),
        to_do=_(
            "Stripe, which handles our payments, asks you in an e-mail of its own for a bank account: please "
            "answer it."
        ),
        staff=_("Send nothing. The refund arrives when the shopper has answered Stripe."),
    ),
    State.CANCELLED_UNPAID: Words(heading=_CANCELLED, happened=_NOTHING_CHARGED, staff=_UNPAID),
    State.CANCELLED_FREE: Words(
        subject=_WAS_CANCELLED,
        heading=_CANCELLED,
        happened=_NOTHING_CHARGED,
        staff=_("It was cancelled, and nothing was to be paid. Nothing to do: send nothing."),
    ),
    State.CANCELLED_OWED: Words(
        heading=_CANCELLED,
        happened=_("Nothing will be sent, and we will refund what you paid."),
        staff=_("Money of the shopper is still here: refund it."),
    ),
    State.CANCELLED_IN_PART: Words(
        heading=_CANCELLED,
        happened=_("Nothing will be sent. The page of your order lists what we have refunded."),
        staff=_("It was cancelled, and a part of the money went back. Nothing to do: send nothing."),
    ),
    State.CANCELLED_REFUNDED: Words(
        subject=_WAS_CANCELLED,
        heading=_CANCELLED,
        happened=_(
            "Nothing will be sent, and we have refunded what you paid. It can take a few days until your bank "
            "shows it."
        ),
        staff=_("It was cancelled, and all of the money went back. Nothing to do: send nothing."),
    ),
    State.CANCELLED_TAKEN_BACK: Words(
        subject=_WAS_CANCELLED,
        heading=_CANCELLED,
        happened=_("Nothing will be sent. Your bank has taken the payment back."),
        staff=_("What to do about the dispute stands beside it."),
    ),
    State.EXPIRED: Words(
        heading=_("This order was not paid in time"),
        happened=_("Nothing was charged and the goods are no longer held for you."),
        to_do=_("You can order again."),
        action=_("Go to the shop"),
        staff=format_lazy("{} {}", _("The shopper did not pay before the payment page closed."), _BACK),
    ),
    State.NOT_PAID_IN_TIME: Words(
        subject=_("Your order %(number)s was not paid in time"),
        heading=_("This order was not paid in time"),
        happened=_(
            "No payment of %(total)s came, so nothing will be sent and the goods are no longer held for you."
        ),
        next=_AGAIN,
        to_do=_LEFT,
        action=_("Go to the shop"),
        staff=format_lazy("{} {}", _("The voucher or the transfer was not paid in time."), _BACK),
    ),
    State.DECLINED: Words(
        subject=_("Your order %(number)s: your payment was declined"),
        heading=_("Your payment was declined"),
        happened=_(
            "Your bank declined the payment of %(total)s, so nothing will be sent and the goods are no longer "
            "held for you."
        ),
        next=_AGAIN,
        to_do=_LEFT,
        action=_("Go to the shop"),
        staff=format_lazy("{} {}", _("The bank declined the payment."), _BACK),
    ),
}

# Of any order, whatever its state: what staff must look at, and a dispute.
ATTENTION = _("Order %(number)s needs attention")
DISPUTE = _("Order %(number)s: the dispute of its payment")
# When a payment that was under way arrives, the mail says so.
ARRIVED = _("Your order %(number)s: your payment has arrived")


def values(order: Order) -> dict[str, object]:
    """Return what words are filled with, as far as it is known of an order."""
    hours = settings.REFUND_SOLD_OUT_AFTER_HOURS
    known = {
        "number": order.number,
        "total": money.display(order.total, order.currency),
        "day": _local(order.placed_at + order.LONGEST_PAYMENT, "DATE_FORMAT"),
        "wait": ngettext("%(hours)s hour", "%(hours)s hours", hours) % {"hours": hours},
        "arrives": "" if order.is_collection else order.arrives,
        "ready": order.ready if order.is_collection else "",
        "delivery": "" if order.arrives else order.delivery_time,
        "made": working_days(order.made_in_days) if order.made_in_days and not order.arrives else "",
        "time": _local(order.session_expires_at, "TIME_FORMAT"),
        "until": _local(order.pay_until, "DATETIME_FORMAT"),
        "left": _left(order.session_expires_at),
    }
    return {name: value for name, value in known.items() if value}


def _left(end: datetime | None) -> str:
    """Return how long a payment page is still open; empty when it is not."""
    seconds = (end - stripe_clock.now()).total_seconds() if end else 0
    if seconds <= 0:
        return ""
    minutes = int(seconds // 60)
    words = ngettext("%(minutes)s minute left", "%(minutes)s minutes left", minutes) % {"minutes": minutes}
    return words if minutes else gettext("less than a minute left")


def _local(at: datetime | None, style: str) -> str:
    return date_format(timezone.localtime(at), style) if at else ""
