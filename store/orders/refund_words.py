"""What shopper, staff and trader are told about a refund, beside what `words` says of its order."""

from django.utils.translation import gettext_lazy as _

from store.models import Refund
from store.orders.words import WORDS, State, Words

RefundStatus = Refund.Status
_ITS_WAY = _("It goes back the way you paid, and it can take a few days until your bank shows it.")
_NOT_ARRIVED = _("Order %(number)s: a refund did not arrive")
_REFUND = _("Your order %(number)s: your refund")
# Of one refund of an order. Shoppers are not told of one that Stripe may still refuse; of one that it has refused only
# when they had asked for it, and the answer came too late for the page; of one that failed only when that is the first
# that is heard of it, and the order was cancelled with it.
REFUND_WORDS: dict[RefundStatus, Words] = {
    RefundStatus.REQUESTED: Words(heading="", staff=_("Stripe is asked again. Nothing is packed meanwhile.")),
    RefundStatus.REFUSED: Words(
        subject=_("Your order %(number)s was not cancelled"),
        heading=_("Your order was not cancelled"),
        happened=_("The refund of %(amount)s was refused, so your order was not cancelled and goes on."),
        to_do=_("If you still do not want it, write to us."),
        staff=_("Nothing was refunded. Check why, and try again."),
        trader=_NOT_ARRIVED,
    ),
    RefundStatus.ACTION: Words(
        subject=_("Your order %(number)s: your refund needs your bank account"),
        heading=WORDS[State.REFUND_WAITS].heading,
        happened=_(
            "%(amount)s of your order %(number)s is waiting for you. The way you paid cannot take it back."
        ),
        to_do=WORDS[State.REFUND_WAITS].to_do,
        staff=_("The refund arrives when the shopper has answered Stripe."),
    ),
    RefundStatus.PENDING: Words(
        subject=_REFUND,
        heading=_("Your refund is on its way"),
        happened=_("%(amount)s of your order %(number)s is on its way back to you."),
        next=_ITS_WAY,
    ),
    RefundStatus.SUCCEEDED: Words(
        subject=_REFUND,
        heading=_("We have refunded %(amount)s"),
        happened=_("We have refunded %(amount)s of your order %(number)s."),
        next=_ITS_WAY,
    ),
    RefundStatus.FAILED: Words(
        subject=_("Your order %(number)s: your refund came back to us"),
        heading=_("Your refund came back to us"),
        happened=_("Your bank sent %(amount)s back."),
        next=_("We will contact you."),
        staff=_(
            "The money is still here: refund it again as another sum, or ask the shopper for another way."
        ),
        trader=_NOT_ARRIVED,
    ),
}
