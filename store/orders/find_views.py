"""Pages on which shoppers find their orders again, by a link that is e-mailed to them. No session is begun."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from home import paging
from home.responses import SeeOther, private
from home.throttling import client_ip, minutes_to_wait, too_many_requests
from store.models import FindLink
from store.orders import cookies, finding
from store.orders.forms import FindForm

ORDERS_A_PAGE = 50
TOO_MANY = ngettext_lazy(
    "Too many links were asked for from your network. Try again in %(minutes)s minute.",
    "Too many links were asked for from your network. Try again in %(minutes)s minutes.",
    "minutes",
)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Ask for an e-mail address; by POST, have a link to its orders sent there if there are any."""
    if request.method != "POST":
        return _page(request, FindForm(), is_sent="sent" in request.GET)
    form = FindForm(request.POST)
    wait = finding.BY_CLIENT.take(client_ip(request)) if form.is_valid() else 0
    if wait:
        form.add_error(None, TOO_MANY % {"minutes": minutes_to_wait(wait)})
    if form.errors:
        form.show_again()
        response = _page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        return too_many_requests(response, wait) if wait else response
    finding.ask(form.cleaned_data["email"])
    return SeeOther(f"{reverse('store:find_orders')}?sent=1")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def use_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button: scanners of mail open links, and would use this one up; by POST, use it."""
    link = finding.link_of(token)
    if link is not None and request.method == "POST" and finding.use(link):
        response = SeeOther(reverse("store:found_orders"))
        cookies.remember_found(response, link)
        return response
    if link is not None and link == cookies.found_here(request):
        return SeeOther(reverse("store:found_orders"))
    is_used_up = link is not None and (request.method == "POST" or not link.works)
    status = HTTPStatus.GONE if is_used_up else HTTPStatus.OK if link else HTTPStatus.NOT_FOUND
    context = {"link": link, "is_used_up": is_used_up, "lasts": FindLink.MINUTES}
    return render(request, "store/find_link.html", context, status=status)


@private
@require_safe
def found(request: HttpRequest) -> HttpResponse:
    """List the orders of the e-mail address whose link this browser used."""
    link = cookies.found_here(request)
    if link is None:
        return redirect("store:find_orders")
    orders = finding.orders_of(link.email).defer("session_params")
    page = paging.page_of(orders, number=paging.wanted_page(request), size=ORDERS_A_PAGE)
    context = {"email": link.email, "page_of_orders": page, "lasts": FindLink.MINUTES}
    return render(request, "store/found_orders.html", context)


def not_found(request: HttpRequest) -> HttpResponse:
    """Answer whoever follows the link of an order that is not there."""
    return render(request, "store/no_order.html", status=HTTPStatus.NOT_FOUND)


def _page(request: HttpRequest, form: FindForm, *, is_sent: bool = False, status: int = 200) -> HttpResponse:
    context = {"form": form, "is_sent": is_sent, "lasts": FindLink.MINUTES}
    return render(request, "store/find_orders.html", context, status=status)
