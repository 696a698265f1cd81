"""What shoppers change of an order of their own until it is packed: they cancel it, or correct where it goes."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from home.responses import SeeOther, private
from store.models import Order, OrderEvent, Refund
from store.models.tokens import may_be_token
from store.orders import lifecycle
from store.orders.change_words import Change, words_of
from store.orders.cookies import is_own
from store.orders.find_views import not_found
from store.orders.forms import AddressForm
from store.orders.situation import Obstacle, Situation
from store.orders.words import Words
from store.payments import refunds, stripe_client

By, Status = OrderEvent.By, Order.Status
View = Callable[[HttpRequest, Order], HttpResponse]
NOT_CANCELLED = {
    Obstacle.DISPUTED: Change.CANCEL_DISPUTED,
    Obstacle.REFUND_WAITS: Change.REFUND_WAITS,
}
NOT_CORRECTED = {
    Obstacle.DISPUTED: Change.ADDRESS_DISPUTED,
    Obstacle.REFUND_WAITS: Change.REFUND_WAITS,
    Obstacle.PAID_BACK: Change.ADDRESS_PAID_BACK,
    Obstacle.TAKEN_BACK: Change.ADDRESS_PAID_BACK,  # which cancels it: nobody reads this
}


def _of_own_order(view: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """Open a view to the browser that may change the order; tell others how to become one."""

    @private
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        order = Order.objects.filter(token=token).first() if may_be_token(token) else None
        if order is None:
            return not_found(request)
        if not is_own(request, order):
            context = {"order": order}
            return render(request, "store/no_own_order.html", context, status=HTTPStatus.FORBIDDEN)
        return view(request, order) if order.status in Order.UNPACKED else _unchanged(request, order)

    return guarded


@_of_own_order
def cancel(request: HttpRequest, order: Order) -> HttpResponse:
    """Ask whether a paid order is to be cancelled, and say what is refunded; by POST, do it."""
    if request.method != "POST":
        if obstacle := Situation.of(order).cancel_obstacle:
            return _unchanged(request, order, words_of(NOT_CANCELLED[obstacle], order))
        left = order.refundable
        words = words_of(Change.CANCEL if left else Change.CANCEL_FREE, order, amount=left)
        context = {"order": order, "lines": order.lines_with_refunds(), "words": words}
        return render(request, "store/cancel_order.html", context)
    try:
        with stripe_client.answering_within(stripe_client.PATIENCE):
            refund = refunds.cancel_and_refund(order=order, by=By.SHOPPER, only=Order.UNPACKED)
    except refunds.NotCancelledError as error:
        return _unchanged(request, order, words_of(NOT_CANCELLED[error.obstacle], order))
    except (lifecycle.IllegalTransitionError, refunds.RefundError):
        return _unchanged(request, order)
    return _after(request, order, refund)


def _after(request: HttpRequest, order: Order, refund: Refund | None) -> HttpResponse:
    """Show the cancelled order, or say that it waits for its refund."""
    if refund and refund.status == Refund.Status.REFUSED:
        return _unchanged(request, order, Situation(order=order).words_of(refund))
    if refund and refund.status == Refund.Status.REQUESTED:
        return _unchanged(request, order, words_of(Change.REFUND_WAITS, order))
    return _see(order)


@_of_own_order
def address(request: HttpRequest, order: Order) -> HttpResponse:
    """Correct the delivery address."""
    form = AddressForm(request.POST if request.method == "POST" else None, order=order)
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
        context = {"order": order, "form": form, "words": words_of(Change.CORRECT, order)}
        return render(request, "store/correct_address.html", context, status=status)
    try:
        lifecycle.correct_address(order_id=order.pk, address=form.address, by=By.SHOPPER)
    except lifecycle.NotSentError as error:
        return _unchanged(request, order, words_of(NOT_CORRECTED[error.obstacle], order))
    except lifecycle.IllegalTransitionError:
        return _unchanged(request, order)
    return _see(order, f"?saved={Change.ADDRESS}")


def _unchanged(request: HttpRequest, order: Order, words: Words | None = None) -> HttpResponse:
    """Say why nothing was changed; the page of an order that is over, or not paid yet, says it itself."""
    order.refresh_from_db()
    if order.status in Order.CONFIRMED - Order.UNPACKED:
        words = words_of(Change.PACKED, order)
    if words is None:
        return _see(order)
    context = {"order": order, "words": words}
    return render(request, "store/order_unchanged.html", context, status=HTTPStatus.CONFLICT)


def _see(order: Order, query: str = "") -> HttpResponse:
    return SeeOther(order.get_absolute_url() + query)
