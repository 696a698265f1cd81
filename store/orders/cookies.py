"""The cookie of an order just placed: it tells the browser that placed the order from others with the basket's token.

A basket's token shows no order, and the link to an order, which may be passed on, cannot cancel it: both need this
cookie, which no script can read.
"""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare

from store.models import Order
from store.models.tokens import may_be_token

NAME = "order"
KEEP = timedelta(days=1)  # as long as any payment page may stay open (HOLD_MINUTES)


def was_placed_here(request: HttpRequest, order: Order) -> bool:
    """Return whether this browser placed the order."""
    return constant_time_compare(request.COOKIES.get(NAME, ""), order.return_token)


def placed_here(request: HttpRequest) -> Order | None:
    """Return the latest order that this browser placed."""
    token = request.COOKIES.get(NAME, "")
    return Order.objects.filter(return_token=token).first() if may_be_token(token) else None


def remember_order(response: HttpResponseBase, order: Order) -> None:
    """Set the cookie; a browser has it for its latest order only."""
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(NAME, order.return_token, max_age=KEEP, httponly=True, samesite="Lax", secure=secure)
