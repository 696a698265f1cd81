"""The cookies of a basket: its secret token, and the number of things in it for the script in the page head.

Both are set when the first thing goes in and leave with the last. They are necessary, so they need no consent.
"""

from datetime import timedelta
from functools import partial

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from store.models import Basket

TOKEN, COUNT = "basket", "basket_count"


def basket_of(request: HttpRequest) -> Basket | None:
    """Find the basket that the request's cookie names."""
    token = request.COOKIES.get(TOKEN, "")
    if not token or len(token) > (Basket._meta.get_field("token").max_length or 0) or "\x00" in token:
        return None
    return Basket.objects.filter(token=token).first()


def remember(response: HttpResponseBase, basket: Basket | None, count: int) -> None:
    """Set the cookies of a basket with so many things in it; delete them when it is empty."""
    if basket is None or count == 0:
        response.delete_cookie(TOKEN, path="/", samesite="Lax")
        response.delete_cookie(COUNT, path="/", samesite="Lax")
        return
    keep = timedelta(days=settings.BASKET_KEEP_DAYS)
    set_cookie = partial(
        response.set_cookie, max_age=keep, path="/", samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    set_cookie(TOKEN, basket.token, httponly=True)
    set_cookie(COUNT, str(count))
