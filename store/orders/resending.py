"""E-mails that staff send to a shopper again: made anew of the order as it is, to the address that it has now."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from post_office.models import Email
from wagtail.admin import messages

from store.models import Order, OrderEvent
from store.orders import emails, lifecycle
from store.orders.access import CHANGE

Status = Order.Status
MOST, WINDOW = 3, timedelta(hours=1)  # of one order
_MAILS: dict[str, tuple[Promise, Callable[[Order], Email | None], frozenset[str]]] = {
    "confirmation": (_("Confirmation"), emails.order_paid, Order.CONFIRMED),
    "sent": (_("“On its way”"), emails.order_sent, frozenset({Status.SENT})),
    "ready": (_("“Ready to collect”"), emails.order_ready, frozenset({Status.READY})),
    "news": (
        _("How it stands"),
        emails.order_as_it_is,
        frozenset({Status.PROCESSING, Status.REVIEW, Status.FAILED, Status.CANCELLED}),
    ),
}


def mails_of(order: Order) -> dict[str, Promise]:
    """Return the e-mails that can be sent again."""
    return {name: label for name, (label, _send, statuses) in _MAILS.items() if order.status in statuses}


@require_POST
@permission_required(CHANGE, raise_exception=True)
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one of them again, unless it was done too often."""
    get_object_or_404(Order, pk=pk)
    assert request.user.is_authenticated
    with lifecycle.locked(pk) as order:
        name = request.POST.get("mail", "")
        reason = OrderEvent.Reason.RESENT
        earlier = order.events.filter(reason=reason, happened_at__gt=timezone.now() - WINDOW).count()
        if name not in mails_of(order):
            messages.error(request, gettext("The order has changed. Check its status and try again."))
        elif earlier >= MOST:
            words = gettext("No e-mail was sent: %s were sent again within the last hour.") % earlier
            messages.error(request, words)
        elif _MAILS[name][1](order) is None:
            messages.error(request, gettext("No e-mail was sent: the order has no e-mail address."))
        else:
            label = str(_MAILS[name][0])
            lifecycle.record(order=order, by=str(request.user), actor=request.user, reason=reason, note=label)
            messages.success(request, gettext("The e-mail is sent again to %s.") % order.email)
    return redirect("orders:inspect", pk)
