"""The review page, the way to Stripe and the ways back."""

import logging
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from home.client import client_ip
from home.throttling import fingerprint
from policies.models import Policy, PolicyVersion
from store.basket import contents as baskets
from store.basket import views as basket_views
from store.basket.cookies import basket_of, remember
from store.checkout import limits, placing
from store.checkout.forms import CheckoutForm, DeliveryForm
from store.models import Basket, DeliveryCountry, Order, OrderEvent, ShippingOption
from store.orders.cookies import remember_order, was_placed_here
from store.payments import fulfilment, gateway

logger = logging.getLogger(__name__)

# A shopper is answered within 15. How long one try takes: store/payments.py.
STRIPE_SECONDS = 14
REFUSALS = (
    placing.CheckoutError,
    limits.HoldsTooMuchError,
    gateway.PaymentError,
    fulfilment.AlreadyUnderWayError,
    fulfilment.SupersededError,
)


@dataclass(frozen=True)
class Review(placing.Offer):
    """Everything the review page shows, as it stands now."""

    terms: PolicyVersion | None
    privacy: PolicyVersion | None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """Show everything there is to agree to; by POST, order and go to the payment page."""
    if request.method == "POST" and "look_again" not in request.POST:
        return _order(request)
    shown = _as_it_stands(request)
    if shown is None:
        return redirect("store:basket")
    return _page(request, shown, _form(shown, typed=request.POST))


def _as_it_stands(request: HttpRequest) -> Review | None:
    """Look everything up; None when there is nothing that could be ordered."""
    contents = baskets.contents(basket_of(request))
    option = _chosen_option(request)
    if not contents.can_be_bought or option is None:
        return None
    return Review(contents, option, *_policies())


def _policies() -> tuple[PolicyVersion | None, PolicyVersion | None]:
    """Return the terms and the privacy policy in force."""
    in_force_of = Policy.objects.in_force_of
    return in_force_of(Policy.Kind.TERMS), in_force_of(Policy.Kind.PRIVACY)


@never_cache
@require_safe
def return_from_payment(request: HttpRequest, token: str) -> HttpResponse:
    """Back from the payment page: ask Stripe what happened, then show the order."""
    order = get_object_or_404(Order, return_token=token)
    # The address may name any session; the order's own is the only one asked about, and only while there is something
    # to learn.
    session_id = request.GET.get("session_id")
    may_tell = session_id == order.session_id and order.status in Order.HOLDING
    if session_id and may_tell and not limits.QUESTIONS.take(client_ip(request)):
        try:
            with gateway.answering_within(STRIPE_SECONDS):
                fulfilment.settle(session_id=session_id, by=OrderEvent.By.SHOPPER)
        except gateway.PaymentError as error:
            logger.warning("Order %s could not be settled on return: %s", order.number, error)
    return _to_order(request, order)


@never_cache
@require_safe
def cancel_payment(request: HttpRequest, token: str) -> HttpResponse:
    """Back without paying: close the payment page, release the goods, show the basket as it was."""
    order = get_object_or_404(Order, return_token=token)
    try:
        with gateway.answering_within(STRIPE_SECONDS):
            fulfilment.cancel(order=order, by=OrderEvent.By.SHOPPER, reason=OrderEvent.Reason.CAME_BACK)
    except fulfilment.AlreadyUnderWayError:
        return _to_order(request, order)
    except gateway.PaymentError as error:
        logger.warning("Order %s could not be cancelled: %s", order.number, error)
    mine = basket_of(request) or _new_basket(request, order)
    response = HttpResponseRedirect(reverse("store:basket"), status=HTTPStatus.SEE_OTHER)
    remember(response, mine, baskets.count(mine))
    return response


def _new_basket(request: HttpRequest, order: Order) -> Basket | None:
    """Fill a basket with what was ordered, for a browser that has lost the cookie of the old one."""
    if limits.NEW_BASKETS.take(client_ip(request)):
        return None
    return baskets.filled_again(order=order)


def _to_order(request: HttpRequest, order: Order) -> HttpResponse:
    """Show the order; what was paid is no longer in the browser's basket, which has to count anew."""
    response = HttpResponseRedirect(order.get_absolute_url(), status=HTTPStatus.SEE_OTHER)
    if (mine := basket_of(request)) is not None:
        remember(response, mine, baskets.count(mine))
    return response


def _order(request: HttpRequest) -> HttpResponse:
    """Order what was agreed to; whether it is what would be ordered now is asked under the basket's lock."""
    option, (terms, privacy) = _chosen_option(request), _policies()
    basket = basket_of(request)
    if basket is None or option is None:
        return redirect("store:basket")
    form = CheckoutForm(request.POST, terms=terms, privacy=privacy)
    if not form.is_valid():
        return _shown_again(request)
    address = client_ip(request)
    if wait := limits.CHECKOUTS.take(address):
        return _refusal(request, limits.HoldsTooMuchError(wait))
    agreement = placing.Agreement(shown=form.cleaned_data["shown"], terms=terms, privacy=privacy)
    sender = fingerprint(address, purpose="orders")
    try:
        with gateway.answering_within(STRIPE_SECONDS):
            email = form.cleaned_data["email"]
            order = placing.place_order(
                basket=basket, email=email, option=option, agreement=agreement, sender=sender
            )
            url = fulfilment.start_payment(order=order)
    except REFUSALS as error:
        return _refusal(request, error)
    response = HttpResponseRedirect(url, status=HTTPStatus.SEE_OTHER)
    remember_order(response, order)
    return response


def _refusal(request: HttpRequest, error: Exception) -> HttpResponse:
    match error:
        case fulfilment.AlreadyUnderWayError():
            return _already_under_way(request, error.order)
        case limits.HoldsTooMuchError():
            return _not_so_much(request, error.seconds)
        case gateway.AddressRefusedError():
            words = _("The payment service does not take this address. Please check it.")
            return _shown_again(request, words, field="email")
        case gateway.PaymentError():
            return _shown_again(request, _why_not(error), status=HTTPStatus.BAD_GATEWAY)
    return _shown_again(request)  # something changed meanwhile


def _shown_again(
    request: HttpRequest,
    error: str = "",
    *,
    field: str | None = None,
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> HttpResponse:
    """Show what would be ordered now and what is wrong; the basket when that is nothing, or nothing is wrong."""
    now = _as_it_stands(request)
    if now is None:
        return redirect("store:basket")
    form = _form(now, request)
    if form.is_valid() and not error:
        return redirect("store:basket")
    if error:
        form.add_error(field, error)
    return _page(request, now, form, status=status)


def _not_so_much(request: HttpRequest, seconds: int) -> HttpResponse:
    words = limits.why_not(seconds)
    if not seconds:
        return _shown_again(request, words)
    response = _shown_again(request, words, status=HTTPStatus.TOO_MANY_REQUESTS)
    response.headers["Retry-After"] = str(seconds)
    return response


def _already_under_way(request: HttpRequest, order: Order) -> HttpResponse:
    """Show the order to the browser that placed it; to others with the same basket, only that there is one."""
    if was_placed_here(request, order):
        return _to_order(request, order)
    words = _(
        "A payment for this basket is under way already, or has just been made. The confirmation goes to the e-mail "
        "address that was given with it. If you began it in another window, please go on there."
    )
    mine = basket_of(request)
    response = basket_views.page(request, mine, error=words, status=HTTPStatus.CONFLICT)
    remember(response, mine, baskets.count(mine))
    return response


def _why_not(error: gateway.PaymentError) -> str:
    """Say why no payment could be started: by an outage that passes, or by something that we have to mend."""
    if isinstance(error, gateway.RefusedError) and not isinstance(error, gateway.BusyError):
        logger.error("Stripe refused to start a payment: %s", error)
        return _(
            "The payment service has refused this order, and trying again will not help. Nothing was charged and "
            "your basket is as it was. Please write to us; we have been told."
        )
    logger.warning("The payment could not be started: %s", error)
    return _(
        "The payment service does not answer. Nothing was charged and your basket is as it was. "
        "Please try again in a few minutes."
    )


def _form(
    shown: Review, request: HttpRequest | None = None, *, typed: QueryDict | None = None
) -> CheckoutForm:
    return CheckoutForm(
        request.POST if request else None,
        shown=shown.digest,
        problem=shown.problem,
        terms=shown.terms,
        privacy=shown.privacy,
        typed=typed,
    )


def _page(
    request: HttpRequest, shown: Review, form: CheckoutForm, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    context = {
        "review": shown,
        "form": form,
        "delivery_form": DeliveryForm(country=shown.option.country, option=shown.option),
    }
    return render(request, "store/checkout.html", context, status=status)


def _chosen_option(request: HttpRequest) -> ShippingOption | None:
    """Read country and shipping from the form or the address; fall back to the first country and its cheapest way.

    What is ordered may be another way than the page showed: then it is not what was agreed to (`Review.digest`).
    """
    chosen = request.POST if request.method == "POST" else request.GET
    countries = {country.code: country for country in DeliveryCountry.objects.deliverable()}
    country = countries.get(chosen.get("country", "")) or next(iter(countries.values()), None)
    if country is None:
        return None
    options = {str(option.pk): option for option in country.options.all()}
    return options.get(chosen.get("shipping", "")) or next(iter(options.values()), None)
