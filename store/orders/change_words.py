"""What is told when something is changed of an order that is paid: the table of `store.orders.words` goes on here."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from store.orders.words import Words


class Change(models.TextChoices):
    """What is changed; the label says when."""

    CANCELLED = "cancelled", _("The shopper has cancelled the order")
    ADDRESS = "address", _("The shopper has corrected the delivery address")
    BILLING = "billing", _("Staff have corrected the billing address, and papers were issued")


CHANGE_WORDS: dict[Change, Words] = {
    Change.CANCELLED: Words(heading="", trader=_("Order %(number)s: the shopper has cancelled it")),
    Change.ADDRESS: Words(
        heading=_("The delivery address is saved"),
        next=_("We will send your order there."),
        trader=_("Order %(number)s: the shopper has corrected the address"),
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
