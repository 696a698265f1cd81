"""The shopper's page of one order: it asks Stripe first. Its URL cannot be guessed, and orders are listed nowhere."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from policies.ledger.views import proof_response
from store.models import Order, Refund
from store.orders.cookies import was_placed_here
from store.payments import fulfilment


@never_cache
@require_safe
def order(request: HttpRequest, token: str) -> HttpResponse:
    """Show what was ordered and agreed, and its progress."""
    orders = Order.objects.select_related("terms_accepted__policy", "privacy_shown__policy")
    found = get_object_or_404(orders, token=token)
    is_asking = not fulfilment.look(found)
    if found.status in Order.AWAITING_PAYMENT:
        found = orders.get(pk=found.pk)
    # What Stripe may still refuse is not promised.
    refunds = found.refunds.prefetch_related("lines__order_line").exclude(
        status__in=[Refund.Status.REQUESTED, Refund.Status.REFUSED]
    )
    left = found.paid_amount - sum(refund.amount for refund in refunds if refund.is_on_its_way)
    # Of a cancelled order staff may keep the delivery; what a bank sent back they owe.
    is_kept = any(refund.is_on_its_way for refund in refunds) and not any(
        refund.status == Refund.Status.FAILED for refund in refunds
    )
    context = {
        "order": found,
        "is_asking": is_asking,
        "lines": found.lines.all(),
        "events": found.events.exclude(to_status=""),
        "refunds": refunds,
        "left": left,
        "is_owed": left and not is_kept,
        "refund_hours": settings.REFUND_SOLD_OUT_AFTER_HOURS,
        "dispute": found.disputes.open().last() or (found.is_paid_back and found.disputes.withheld().last()),
        "is_placed_here": was_placed_here(request, found),
    }
    response = render(request, "store/order.html", context)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@require_safe
def proof(request: HttpRequest, token: str) -> HttpResponse:
    """Return the proof of which texts were accepted and shown when the order was placed."""
    found = get_object_or_404(Order.ledger_records().select_related("ledger_entry"), token=token)
    response = proof_response(request, found, file_name=f"order-{found.number}-proof.json")
    response.headers["X-Robots-Tag"] = "noindex"
    return response
