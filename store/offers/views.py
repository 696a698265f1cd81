"""The page of an offer's link: what was put together, and a button that makes it the basket of this browser."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from home.responses import SeeOther, private
from store.basket import contents
from store.basket.cookies import basket_of, remember
from store.models.shop_pages import shown_shop
from store.offers import offering


@private
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, token: str) -> HttpResponse:
    """Show the offer; by POST, lead to the review page with its basket."""
    found = offering.offer_of(token)
    basket = found.basket if found and not found.is_over else None
    if basket and request.method == "POST" and (count := contents.count(basket)):
        response = SeeOther(reverse("store:checkout"))
        remember(response, basket, count)
        return response
    inside, mine = contents.look_up(basket), basket_of(request)
    is_replacing = mine is not None and mine != basket and contents.count(mine) > 0
    context = {"offer": found, "contents": inside, "shop": shown_shop(), "is_replacing": is_replacing}
    status = HTTPStatus.OK if inside.lines else HTTPStatus.GONE if found else HTTPStatus.NOT_FOUND
    return render(request, "store/offer.html", context, status=status)
