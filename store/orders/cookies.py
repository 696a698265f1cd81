"""The cookie of an order just placed: it tells the shopper's own browser from others that know the basket's token.

An order is the business of whoever placed it. A basket's token leads to none, and an order's readable address, which
may be passed on, ends none: both take this cookie, which is set with the order and cannot be read by a script.
"""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare

from store.models import Order

NAME = "order"
KEEP = timedelta(days=1)  # as long as any payment page may stay open (HOLD_MINUTES)


def was_placed_here(request: HttpRequest, order: Order) -> bool:
    """Say whether this browser placed the order."""
    return constant_time_compare(request.COOKIES.get(NAME, ""), order.return_token)


def remember_order(response: HttpResponseBase, order: Order) -> None:
    """Let the browser prove later that it placed the order; only its latest one."""
    response.set_cookie(
        NAME,
        order.return_token,
        max_age=KEEP,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
