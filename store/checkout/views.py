"""Views of the checkout: the review page, the redirect to Stripe, and the returns from it.

They turn every refusal into a page; nothing is priced, held or settled here.
"""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from home.responses import SeeOther
from home.throttling import client_ip, fingerprint, too_many_requests
from policies.models import Policy, PolicyVersion
from store.basket import contents as baskets
from store.basket import throttling
from store.basket import views as basket_views
from store.basket.cookies import basket_of, remember
from store.checkout import limits, place_order
from store.checkout.forms import CheckoutForm, DeliveryForm
from store.models import Basket, DeliveryCountry, Order, OrderEvent, ShippingOption
from store.models.shipping import offered_first
from store.offers import offering
from store.orders import unpaid
from store.orders.cookies import placed_here, remember_order, was_placed_here
from store.orders.situation import Situation
from store.payments import errors, fulfilment, stripe_client

logger = logging.getLogger(__name__)

# A shopper gets an answer within 15. How long one request takes: store/payments/stripe_client.py.
STRIPE_SECONDS = 14
REFUSALS = (
    place_order.CheckoutError,
    limits.TooLargeError,
    limits.LimitExceededError,
    errors.PaymentError,
    fulfilment.AlreadyUnderWayError,
    fulfilment.SupersededError,
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """Show everything that the shopper agrees to; by POST, order and redirect to the payment page."""
    if request.method == "POST" and "update_total" not in request.POST:
        return _order(request)
    shown = _current_review(request)
    if shown is None:
        return redirect("store:basket")
    basket = basket_of(request)
    own = unpaid.of_browser(request, basket)
    before = own.order if own else offering.in_basket(basket)
    known = {name: getattr(before, name, "") for name in ("email", "gift_message", "shopper_note")}
    form = CheckoutForm(**_form_options(shown), typed=request.POST, known=known)
    return _page(request, shown, form, own)


def _current_review(request: HttpRequest) -> place_order.Review | None:
    """Return what would be ordered now; None when nothing can be, of which the basket says why."""
    contents = baskets.look_up(basket_of(request))
    option = _chosen_option(request, contents)
    if not contents.can_be_bought or option is None:
        return None
    found = place_order.Review(contents, option, *_policies())
    return found if found.calendar.takes_orders else None


def _form_options(shown: place_order.Review) -> dict[str, Any]:
    """Return what a form is made for."""
    return {"terms": shown.terms, "privacy": shown.privacy, "option": shown.option, "quote": shown}


def _policies() -> tuple[PolicyVersion | None, PolicyVersion | None]:
    """Return the terms and the privacy policy in force."""
    in_force_of = Policy.objects.in_force_of
    return in_force_of(Policy.Kind.TERMS), in_force_of(Policy.Kind.PRIVACY)


@never_cache
@require_safe
def return_from_payment(request: HttpRequest, token: str) -> HttpResponse:
    """Ask Stripe what happened on the payment page, then redirect to the order."""
    order = get_object_or_404(Order, return_token=token)
    # The query may name any session: Stripe is asked about the order's own only, and only while it may have changed.
    session_id = request.GET.get("session_id")
    may_tell = session_id == order.session_id and order.status in Order.AWAITING_PAYMENT
    if session_id and may_tell and not limits.QUESTIONS.take(client_ip(request)):
        fulfilment.look(order, seconds=STRIPE_SECONDS, anew=True)
    return _to_order(request, order)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_payment(request: HttpRequest, token: str) -> HttpResponse:
    """Lead back from the payment page, which stays open; by POST, close it and redirect to the basket."""
    order = get_object_or_404(Order, return_token=token)
    if request.method != "POST":
        return _back_unpaid(request, order)
    try:
        if limits.QUESTIONS.take(client_ip(request)):
            raise errors.BusyError("This client has asked too much of Stripe.")
        with stripe_client.answering_within(STRIPE_SECONDS):
            fulfilment.cancel(order=order, by=OrderEvent.By.SHOPPER, reason=OrderEvent.Reason.CAME_BACK)
    except fulfilment.AlreadyUnderWayError:
        return _to_order(request, order)
    except errors.PaymentError as error:
        logger.warning("Order %s could not be cancelled: %s", order.number, error)
    mine = basket_of(request) or _new_basket(request, order)
    return _to_basket(mine, order)


def _back_unpaid(request: HttpRequest, order: Order) -> HttpResponse:
    """Redirect to the basket, or to the order if it is paid or this is not its basket: both say what can be done."""
    mine = basket_of(request)
    if mine is None or mine.pk != order.basket_id:  # any site can lead any browser here
        return _to_order(request, order)
    response = _to_basket(mine, order) if order.is_unpaid else _to_order(request, order)
    if order.is_payable:  # in case its cookie is lost
        remember_order(response, order)
    return response


def _to_basket(mine: Basket | None, order: Order) -> HttpResponse:
    response = SeeOther(reverse("store:basket") + ("?unpaid=1" if order.status in Order.OVER else ""))
    remember(response, mine, baskets.count(mine))
    return response


def _new_basket(request: HttpRequest, order: Order) -> Basket | None:
    """Return a new basket with what was ordered, for a browser that has lost its cookie."""
    if throttling.NEW_BASKETS.take(client_ip(request)):
        return None
    return baskets.refill(order=order)


def _to_order(request: HttpRequest, order: Order) -> HttpResponse:
    """Redirect to the order, and update the basket's count: what was paid is no longer in it."""
    response = SeeOther(order.get_absolute_url())
    if (mine := basket_of(request)) is not None:
        remember(response, mine, baskets.count(mine))
    return response


def _order(request: HttpRequest) -> HttpResponse:
    """Place the order; that it is what was agreed to is checked under the basket's lock."""
    basket, (terms, privacy) = basket_of(request), _policies()
    option = _chosen_option(request, baskets.priced(basket)) if basket else None
    if basket is None or option is None:
        return redirect("store:basket")
    form = CheckoutForm(request.POST, terms=terms, privacy=privacy, option=option)
    if not form.is_valid():
        return _show_again(request, passed=[*map(str, form.non_field_errors())])
    ip = client_ip(request)
    data = form.cleaned_data
    agreement = place_order.Agreement(
        shown_digest=data["shown"],
        terms=terms,
        privacy=privacy,
        point=form.pickup_point,
        gift_message=data["gift_message"],
        shopper_note=data["shopper_note"],
    )
    client = fingerprint(ip, purpose="orders")
    try:
        limits.take_checkout(ip)
        with stripe_client.answering_within(STRIPE_SECONDS):
            order = place_order.place_order(
                basket=basket,
                email=data["email"],
                option=option,
                agreement=agreement,
                client_fingerprint=client,
            )
            url = fulfilment.start_payment(order=order)
    except REFUSALS as error:
        return _error_response(request, error)
    response = SeeOther(url)
    remember_order(response, order)
    return response


def _error_response(request: HttpRequest, error: Exception) -> HttpResponse:
    match error:
        case fulfilment.AlreadyUnderWayError():
            return _already_under_way(request, error.order)
        case limits.TooLargeError():
            return basket_views.page(
                request, basket_of(request), error=str(error), status=HTTPStatus.UNPROCESSABLE_ENTITY
            )
        case limits.LimitExceededError():
            response = _show_again(request, str(error), *_link_to_own_order(request))
            is_page = not isinstance(response, HttpResponseRedirect)
            return too_many_requests(response, error.seconds) if is_page else response
        case errors.EmailRefusedError():
            words = _("The payment service does not accept this e-mail address. Check it and try again.")
            return _show_again(request, words, field="email")
        case errors.PaymentError():
            return _show_again(request, _payment_problem(error), status=HTTPStatus.BAD_GATEWAY)
    return _show_again(request)  # something changed meanwhile


def _link_to_own_order(request: HttpRequest) -> list[str]:
    """Return the link to the unpaid order that this browser placed, if there is one."""
    order = placed_here(request)
    if order is None or order.status not in Order.AWAITING_PAYMENT:
        return []
    return [format_html('<a href="{}">{}</a>', order.get_absolute_url(), _("Go to your unpaid order"))]


def _show_again(
    request: HttpRequest,
    *errors: str,
    field: str | None = None,
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
    passed: Sequence[str] = (),
) -> HttpResponse:
    """Show the review page as it is now with its errors; where none is left, say what there was (`passed`)."""
    now = _current_review(request)
    if now is None:
        return redirect("store:basket")
    form = CheckoutForm(request.POST, **_form_options(now))
    if form.is_valid() and not errors:
        words = _(
            "Something changed meanwhile. Nothing was ordered or charged. Check the order and send it again."
        )
        errors = (*passed,) or (words,)
    form.show_again()
    for error in errors:
        form.add_error(field, error)
    return _page(request, now, form, unpaid.of_browser(request, basket_of(request)), status=status)


def _already_under_way(request: HttpRequest, order: Order) -> HttpResponse:
    """Redirect the browser that placed the order to it; tell others with the same basket only that there is one."""
    if was_placed_here(request, order):
        return _to_order(request, order)
    words = _(
        "A payment for this basket is already under way, or has just been made. We will send the confirmation to the "
        "e-mail address given with it. If you started it in another window, continue there."
    )
    mine = basket_of(request)
    response = basket_views.page(request, mine, error=words, status=HTTPStatus.CONFLICT)
    remember(response, mine, baskets.count(mine))
    return response


def _payment_problem(error: errors.PaymentError) -> str:
    """Return why no payment could be started, and log it: an error of ours, or an outage that will pass."""
    if isinstance(error, errors.RefusedError) and not isinstance(error, errors.BusyError):
        logger.error("Stripe refused to start a payment: %s", error)
        return _(
            "The payment service refused this order, and trying again will not help. Nothing was charged and your "
            "basket has not changed. Contact us for help."
        )
    logger.warning("The payment could not be started: %s", error)
    return _(
        "The payment service is not responding. Nothing was charged and your basket has not changed. "
        "Try again in a few minutes."
    )


def _page(
    request: HttpRequest,
    shown: place_order.Review,
    form: CheckoutForm,
    own: Situation | None,
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    if own and not own.is_told_unpaid:
        return _to_order(request, own.order)
    context = {
        "review": shown,
        "unpaid": own,
        "is_back_unpaid": own and own.is_back_unpaid,
        "form": form,
        "delivery_form": DeliveryForm(shown),
    }
    return render(request, "store/checkout.html", context, status=status)


def _chosen_option(request: HttpRequest, contents: baskets.Contents) -> ShippingOption | None:
    """Return the shipping option in the form or the query, or the cheapest of that country, or of the first.

    It may not be the one that the page showed: then `Review.digest` differs from what was agreed to.
    """
    chosen = request.POST if request.method == "POST" else request.GET
    code, number = chosen.get("country", ""), chosen.get("shipping", "")
    countries = DeliveryCountry.objects.deliverable()
    country = min(countries, key=lambda one: one.code != code, default=None)
    options = ShippingOption.objects.to(country) if country else []
    named = [one for one in options if str(one.pk) == number]
    return offered_first(named or options, contents.price_of)
