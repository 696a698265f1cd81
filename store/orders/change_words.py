"""What is told when something is changed of an order that is paid: the table of `store.orders.words` goes on here."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from store.models import Order
from store.orders.addresses import country_name
from store.orders.words import Words, values
from store.payments import money


class Change(models.TextChoices):
    """What is changed, or cannot be; the label says when."""

    CANCEL = "cancel", _("The shopper is asked whether to cancel")
    CANCEL_FREE = "cancel_free", _("The same, and nothing is left to refund")
    CANCELLED = "cancelled", _("The shopper has cancelled the order")
    REFUND_WAITS = "refund_waits", _("Neither cancelled nor corrected: a refund waits for Stripe’s answer")
    CANCEL_DISPUTED = "cancel_disputed", _("Not cancelled: the payment is disputed")
    CORRECT = "correct", _("The shopper is asked for the delivery address")
    ADDRESS = "address", _("The shopper has corrected the delivery address")
    ADDRESS_DISPUTED = "address_disputed", _("Not corrected: the payment is disputed")
    ADDRESS_PAID_BACK = "address_paid_back", _("Not corrected: all of the payment was refunded")
    PACKED = "packed", _("Neither cancelled nor corrected: the order is packed or sent")
    PARCEL_ADDED = "parcel_added", _("Staff have added a parcel")
    PARCEL_CORRECTED = "parcel_corrected", _("Staff have corrected a parcel’s carrier or tracking number")
    BILLING = "billing", _("Staff have corrected the billing address, and papers were issued")


_CANCEL = _("Cancel order %(number)s?")
_UNDONE = _("This cannot be undone.")
_UNCHANGED = _("Nothing was changed")

CHANGE_WORDS: dict[Change, Words] = {
    Change.CANCEL: Words(
        heading=_CANCEL,
        happened=_("Nothing will be sent, and we will refund %(amount)s the way you paid."),
        to_do=_UNDONE,
        action=_("Cancel the order and refund %(amount)s"),
    ),
    Change.CANCEL_FREE: Words(
        heading=_CANCEL,
        happened=_("Nothing will be sent. Nothing is left to refund."),
        to_do=_UNDONE,
        action=_("Cancel the order"),
    ),
    Change.CANCELLED: Words(heading="", trader=_("Order %(number)s: the shopper has cancelled it")),
    Change.REFUND_WAITS: Words(
        heading=_UNCHANGED,
        happened=_("A refund of this order waits for an answer of the payment service."),
        next=_("We will e-mail you when money goes back to you."),
        to_do=_("In a few minutes the page of your order says how it stands, and you can try again."),
    ),
    Change.CANCEL_DISPUTED: Words(
        heading=_UNCHANGED,
        happened=_(
            "Your bank is looking into the payment. Until it has decided, the order cannot be cancelled."
        ),
    ),
    Change.CORRECT: Words(
        heading=_("Correct the delivery address"),
        happened=_("The country stays %(country)s."),
        to_do=_("To send it to another one, cancel the order and order again."),
        action=_("Save the address"),
    ),
    Change.ADDRESS: Words(
        heading=_("The delivery address is saved"),
        next=_("We will send your order there."),
        trader=_("Order %(number)s: the shopper has corrected the address"),
    ),
    Change.ADDRESS_DISPUTED: Words(
        heading=_UNCHANGED,
        happened=_(
            "Your bank is looking into the payment. Until it has decided, the address stays as it is."
        ),
    ),
    Change.ADDRESS_PAID_BACK: Words(
        heading=_UNCHANGED, happened=_("All of your money went back, so nothing will be sent.")
    ),
    Change.PACKED: Words(
        heading=_UNCHANGED,
        happened=_("Your order has been packed. If something is wrong with it, write to us at once."),
    ),
    Change.PARCEL_ADDED: Words(
        subject=_("Your order %(number)s: another parcel is on its way"),
        heading=_("Another parcel is on its way"),
        happened=_("It belongs to your order %(number)s."),
    ),
    Change.PARCEL_CORRECTED: Words(
        subject=_("Your order %(number)s: how to follow your parcel"),
        heading=_("We have corrected how to follow your parcel"),
        to_do=_("Please use this from now on."),
    ),
    Change.BILLING: Words(
        subject=_("Your order %(number)s: a corrected invoice"),
        heading=_("We have corrected the billing address"),
        happened=_(
            "A credit note takes back the invoice with the wrong address, and a new invoice has the right one."
        ),
        next=_("No money goes back, and nothing is to be paid."),
        to_do=_("You do not need to do anything."),
    ),
}


def words_of(change: Change, order: Order, *, amount: int = 0) -> Words:
    """Return what is told of a change of an order; `amount` is what it refunds, minor units."""
    known = {"country": country_name(order.country), "amount": money.display(amount, order.paid_currency)}
    return CHANGE_WORDS[change].filled({**values(order), **known})
