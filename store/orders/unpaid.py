"""The order that a browser placed and has not paid, of which basket and review page tell it however it came back."""

from django.http import HttpRequest

from store.models import Basket, Order
from store.orders.cookies import placed_here
from store.orders.situation import Situation
from store.payments import fulfilment


def of_browser(request: HttpRequest, basket: Basket | None) -> Situation | None:
    """Return how it stands, after Stripe was asked where somebody opens a page; None if there is none.

    Only if the browser's basket was ordered: nobody is to pay another order, or to have its e-mail address filled in.
    """
    order = placed_here(request)
    if (
        order is None
        or order.status not in Order.TOLD_UNPAID
        or basket is None
        or order.basket_id != basket.pk
    ):
        return None
    is_asking = request.method != "POST" and not fulfilment.look(order)
    order.refresh_from_db()
    return Situation.of(order, is_asking=is_asking)
