"""The cookies of a basket: its secret token, and the number of items for the script in the page head.

Both are set with the first item and deleted with the last. They are necessary, so they need no consent.
"""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from store.models import Basket
from store.models.tokens import may_be_token

TOKEN, COUNT = "basket", "basket_count"


def basket_of(request: HttpRequest) -> Basket | None:
    """Return the basket that the request's cookie names."""
    token = request.COOKIES.get(TOKEN, "")
    return Basket.objects.filter(token=token).first() if may_be_token(token) else None


def remember(response: HttpResponseBase, basket: Basket | None, count: int) -> None:
    """Set the cookies of a basket with `count` items; delete them when it is empty."""
    if basket is None or count == 0:
        response.delete_cookie(TOKEN, samesite="Lax")
        response.delete_cookie(COUNT, samesite="Lax")
        return
    keep, secure = timedelta(days=settings.BASKET_KEEP_DAYS), settings.SESSION_COOKIE_SECURE
    response.set_cookie(TOKEN, basket.token, max_age=keep, samesite="Lax", secure=secure, httponly=True)
    response.set_cookie(COUNT, str(count), max_age=keep, samesite="Lax", secure=secure)
