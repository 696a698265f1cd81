"""Views of the basket: shown, filled and changed, with and without JavaScript.

What may be put in is decided in `contents`.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext, ngettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from home.client import client_ip
from home.throttling import minutes_to_wait
from store.basket import contents
from store.basket.cookies import basket_of, remember
from store.basket.forms import AddForm, UpdateForm
from store.checkout import limits
from store.models import Basket, ShopPage
from store.models.baskets import MAX_QUANTITY

TOO_MANY = ngettext_lazy(
    "Too many baskets were started from your network. Try again in %(minutes)s minute.",
    "Too many baskets were started from your network. Try again in %(minutes)s minutes.",
    "minutes",
)


def _or_show_the_basket(act: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Act by POST only; redirect everybody else to the basket."""

    @wraps(act)
    def view(request: HttpRequest) -> HttpResponse:
        return act(request) if request.method == "POST" else redirect("store:basket")

    return view


@never_cache
@require_safe
def basket(request: HttpRequest) -> HttpResponse:
    return page(request, basket_of(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_or_show_the_basket
def add(request: HttpRequest) -> HttpResponse:
    form = AddForm(request.POST)
    found = basket_of(request)
    if not form.is_valid():
        return _refusal(request, found, _first_error(form))
    address = client_ip(request)
    if found is None and (wait := limits.NEW_BASKETS.seconds_to_wait(address)):
        return _flood(request, wait)
    is_new = found is None
    try:
        found = contents.add(basket=found, **form.cleaned_data)
    except contents.BasketError as error:
        return _refusal(request, found, str(error))
    if is_new:
        limits.NEW_BASKETS.count(address)
    return _done(request, found)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_or_show_the_basket
def update(request: HttpRequest) -> HttpResponse:
    """Change a quantity or remove a line."""
    form = UpdateForm(request.POST)
    found = basket_of(request)
    if not form.is_valid():
        return _refusal(request, found, _first_error(form))
    if found is not None:
        contents.set_quantity(basket=found, **form.cleaned_data)
    return _done(request, found)


def _first_error(form: Form) -> str:
    return str(next(iter(next(iter(form.errors.values())))))


def _done(request: HttpRequest, found: Basket | None) -> HttpResponse:
    count = contents.count(found)
    if _wants_json(request):
        message = ngettext(
            "Your basket now has %(count)s item.", "Your basket now has %(count)s items.", count
        )
        response: HttpResponse = JsonResponse(
            {"ok": True, "count": count, "message": message % {"count": count}}
        )
    else:
        response = redirect("store:basket", permanent=False)
        response.status_code = HTTPStatus.SEE_OTHER
    remember(response, found, count)
    return response


def _flood(request: HttpRequest, seconds: int) -> HttpResponse:
    words = TOO_MANY % {"minutes": minutes_to_wait(seconds)}
    response = _refusal(request, None, words, status=HTTPStatus.TOO_MANY_REQUESTS)
    response.headers["Retry-After"] = str(seconds)
    return response


def _refusal(
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
    request: HttpRequest, found: Basket | None, *, error: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    """Show a basket at today's prices, with an error if there is one."""
    shop = ShopPage.objects.live().first()
    context = {
        "contents": contents.with_pictures(contents.look_up(found)),
        "error": error,
        "most": MAX_QUANTITY,
        "shop_url": shop.get_url(request) if shop else None,
    }
    return render(request, "store/basket.html", context, status=status)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")
