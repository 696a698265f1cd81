"""The cookies of whose an order is: of the browser that placed it, and of one that used a link from its e-mail.

A basket's token shows no order, and the link to an order, which may be passed on, cannot change it: both need one of
these cookies, which no script can read.
"""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare

from home.email_addresses import is_same_address
from store.models import FindLink, Order
from store.models.tokens import may_be_token

NAME, FOUND = "order", "found_orders"
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


def remember_found(response: HttpResponseBase, link: FindLink) -> None:
    """Set the cookie of a link that was used; it lasts as long as the link did, and is sent to orders only."""
    response.set_cookie(
        FOUND,
        signing.dumps(link.pk, salt=FOUND),
        max_age=FindLink.LASTS,
        path="/orders/",
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def found_here(request: HttpRequest) -> FindLink | None:
    """Return the link that this browser used not long ago."""
    try:
        pk = signing.loads(request.COOKIES.get(FOUND, ""), salt=FOUND, max_age=FindLink.LASTS)
    except signing.BadSignature:
        return None
    return FindLink.objects.filter(pk=pk).first()


def is_own(request: HttpRequest, order: Order) -> bool:
    """Return whether this browser may change the order: it placed it, or its e-mail led here."""
    if was_placed_here(request, order):
        return True
    link = found_here(request)
    return link is not None and is_same_address(link.email, order.email)
