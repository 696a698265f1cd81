"""E-mails that staff send to a shopper again: made anew of the order as it is, to the address that it has now."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from post_office.models import Email
from wagtail.admin import messages

from home.models import User
from store.documents import references
from store.models import Order, OrderEvent
from store.orders import emails, lifecycle
from store.orders.access import CHANGE
from store.orders.situation import Situation
from store.payments import money

Status = Order.Status
MOST, WINDOW = 3, timedelta(hours=1)  # of one order
_MAILS: dict[str, tuple[Promise, Callable[[Order], Email | None], frozenset[str]]] = {
    "confirmation": (_("Confirmation"), emails.order_paid, Order.CONFIRMED),
    "sent": (_("“On its way”"), emails.order_sent, frozenset({Status.SENT})),
    "ready": (_("“Ready to collect”"), emails.order_ready, frozenset({Status.READY})),
    "news": (
        _("Status of the order"),
        emails.order_as_it_is,
        frozenset({Status.PROCESSING, Status.REVIEW, Status.FAILED, Status.CANCELLED}),
    ),
}


class Resendable(NamedTuple):
    """An e-mail that can be sent again, and what sends it."""

    label: str
    send: Callable[[], Email | None]


def mails_of(situation: Situation) -> dict[str, Resendable]:
    """Return the e-mails of an order that can be sent again."""
    order = situation.order
    found = {
        name: Resendable(str(label), partial(send, order))
        for name, (label, send, statuses) in _MAILS.items()
        if order.status in statuses
    }
    for refund in situation.told_refunds:
        known = {
            "amount": money.display(refund.amount, order.paid_currency),
            "day": date_format(timezone.localtime(refund.created_at), "SHORT_DATE_FORMAT"),
        }
        label = gettext("Refund of %(amount)s, %(day)s") % known
        found[f"refund-{refund.pk}"] = Resendable(label, partial(emails.order_refunded, order, refund))
    if papers := references.of_corrected_buyer(order.documents.all()):
        label = gettext("Corrected invoice %s") % papers[-1]
        found["papers"] = Resendable(label, partial(emails.billing_corrected, order, papers))
    return found


def _send_again(order: Order, name: str, user: User) -> str:
    """Send one of them again, unless it was done too often; return why not, empty if it is. The order is locked."""
    mails, reason = mails_of(Situation.of(order)), OrderEvent.Reason.RESENT
    earlier = order.events.filter(reason=reason, happened_at__gt=timezone.now() - WINDOW).count()
    if name not in mails:
        return gettext("The order has changed. Check its status and try again.")
    if earlier >= MOST:
        return gettext("No e-mail was sent: %s were sent again within the last hour.") % earlier
    label, send = mails[name]
    if send() is None:
        return gettext("No e-mail was sent: the order has no e-mail address.")
    lifecycle.record(order=order, by=str(user), actor=user, reason=reason, note=label)
    return ""


@require_POST
@permission_required(CHANGE, raise_exception=True)
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one of an order's e-mails again."""
    get_object_or_404(Order, pk=pk)
    return resend_and_redirect(request, pk, request.POST.get("mail", ""))


def resend_and_redirect(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Send it, say how that went, and return to the order."""
    assert request.user.is_authenticated
    with lifecycle.locked(pk) as order:
        problem = _send_again(order, name, request.user)
    if problem:
        messages.error(request, problem)
    else:
        messages.success(request, gettext("The e-mail is sent again to %s.") % order.email)
    return redirect("orders:inspect", pk)
