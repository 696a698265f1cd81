"""Views of the basket: shown, filled and changed, with and without JavaScript.

What may be put in is decided in `contents`.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from home.responses import SeeOther
from home.throttling import client_ip, minutes_to_wait, too_many_requests
from store.basket import contents, throttling
from store.basket.cookies import basket_of, remember
from store.basket.forms import AddForm, SeenForm, UpdateForm
from store.basket.seen import Seen, mark_as_seen
from store.models import Basket, ProductVariant
from store.models.shop_pages import shown_shop
from store.orders import unpaid
from store.shipping import shop_calendar


def _by_form(form_class: type[Form]) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Make a view that changes the basket by POST of a valid form, and redirects to the basket otherwise."""

    def decorate(change: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @never_cache
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(change)
        def view(request: HttpRequest) -> HttpResponse:
            if request.method != "POST":
                return redirect("store:basket")
            form, found = form_class(request.POST), basket_of(request)
            if not form.is_valid():
                return _error_response(request, found, str(next(iter(form.errors.values()))[0]))
            return change(request, found, **form.cleaned_data)

        return view

    return decorate


@never_cache
@require_safe
def basket(request: HttpRequest) -> HttpResponse:
    return page(request, basket_of(request))


@_by_form(AddForm)
def add(request: HttpRequest, found: Basket | None, *, sku: str, quantity: int, text: str) -> HttpResponse:
    now = shop_calendar.shown()
    if not now.takes_orders:  # a page that was open before: else only the checkout would say so
        return _error_response(request, found, now.notice)
    if found is None and (wait := throttling.NEW_BASKETS.take(client_ip(request))):
        words = throttling.TOO_MANY % {"minutes": minutes_to_wait(wait)}
        return too_many_requests(_error_response(request, None, words), wait)
    try:
        found = contents.add(basket=found, sku=sku, quantity=quantity, text=text)
    except contents.BasketError as error:
        return _error_response(request, found, str(error))
    return _done(request, found, added=sku)


@_by_form(UpdateForm)
def update(request: HttpRequest, found: Basket | None, *, sku: str, quantity: int, text: str) -> HttpResponse:
    """Change a quantity or remove a line.

    What was removed is on the page that answers and nowhere else: it may be a name, which no URL should hold.
    """
    removed = None
    if found is not None:
        try:
            removed = contents.set_quantity(basket=found, sku=sku, quantity=quantity, text=text)
        except contents.BasketError as error:
            return _error_response(request, found, str(error))
    if removed is None or removed.is_gone or _wants_json(request):
        return _done(request, found)
    response = page(request, found, removed=removed)
    remember(response, found, contents.count(found))
    return response


@_by_form(SeenForm)
def acknowledge(request: HttpRequest, found: Basket | None, *, seen: dict[int, Seen]) -> HttpResponse:
    """Say no more of what changed: the shopper has read it."""
    if found is not None:
        mark_as_seen(found, seen)
    return SeeOther(reverse("store:basket"))


def _done(request: HttpRequest, found: Basket | None, *, added: str = "") -> HttpResponse:
    count = contents.count(found)
    if _wants_json(request):
        message = ngettext(
            "Your basket now has %(count)s item.", "Your basket now has %(count)s items.", count
        ) % {"count": count}
        if variant := ProductVariant.objects.on_sale().filter(sku=added).select_related("page").first():
            message = _("Added: %(what)s.") % {"what": variant.in_full} + " " + message
        response: HttpResponse = JsonResponse({"ok": True, "count": count, "message": message})
    else:
        response = SeeOther(reverse("store:basket"))
    remember(response, found, count)
    return response


def _error_response(
    request: HttpRequest,
    found: Basket | None,
    error: str,
    *,
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"ok": False, "error": error}, status=status)
    return page(request, found, error=error, status=status)


def page(
    request: HttpRequest,
    found: Basket | None,
    *,
    error: str = "",
    removed: contents.Line | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Show a basket at today's prices, with an error and what was just removed, if any.

    Whoever has paid in another window is redirected to the order: the basket may be empty by now.
    """
    own = unpaid.of_browser(request, found)
    if own and not own.is_told_unpaid:
        return SeeOther(own.order.get_absolute_url())
    shown = contents.with_pictures(contents.look_up(found))
    context = {
        "contents": shown,
        "error": error,
        "removed": removed,
        "unpaid": own,
        "keep_days": settings.BASKET_KEEP_DAYS,
        "is_back_unpaid": bool(shown.lines and ("unpaid" in request.GET or (own and own.is_back_unpaid))),
        "shop": shown_shop(),
        "section": reverse("store:basket"),
    }
    return render(request, "store/basket.html", context, status=status)


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
