"""What staff do by hand with an order: pack it, send it, and decide about one that was paid otherwise than ordered.

Everything else that happens to an order is Stripe's word. Who may take a step is asked by the screen, not here.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from home.models import User
from store.models import Order, OrderEvent
from store.orders import lifecycle

Status = Order.Status

# status → where staff may take an order from there, with the words of the button
STEPS: dict[str, dict[str, Promise]] = {
    Status.REVIEW: {
        Status.PAID: _("Accept what was paid"),
        Status.CANCELLED: _("Cancel it (refund the payment at Stripe)"),
    },
    Status.PAID: {Status.PACKED: _("Mark as packed")},
    Status.PACKED: {Status.SENT: _("Mark as sent")},
}


def possible(order: Order) -> dict[str, Promise]:
    """List the steps that can be taken with an order now."""
    return STEPS.get(order.status, {})


def take(*, order_id: int, to: str, user: User) -> None:
    """Take a step. Raises orders.IllegalTransitionError when it is none, or somebody else was faster."""
    with lifecycle.locked(order_id) as order:
        if to not in possible(order):
            message = f"Nobody takes order {order.number} from {order.status} to {to} by hand."
            raise lifecycle.IllegalTransitionError(message)
        match order.status, to:
            case Status.REVIEW, Status.PAID:
                lifecycle.unflag(order=order, actor=user)
                lifecycle.confirm(order=order, by=str(user), actor=user)
            case Status.REVIEW, Status.CANCELLED:
                # Its page at Stripe is complete and can be paid by nobody, so the goods are free.
                lifecycle.end(order=order, to=to, by=str(user), actor=user)
                lifecycle.flag(order=order, by=str(user), reason=OrderEvent.Reason.MONEY_BACK)
            case _:
                lifecycle.change_status(order=order, to=to, by=str(user), actor=user)
