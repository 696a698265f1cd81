"""Pages and documents behind a shared password, as Wagtail has them: how often somebody may guess it."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from wagtail.models import BaseViewRestriction

from home.throttling import Limit, client_network, give_all_back, minutes_to_wait, take_all, too_many_requests

GUESSES = Limit("shared-passwords", most=10, window=timedelta(minutes=15))  # of one password by one client
GUESSES_OF_CLIENT = Limit("shared-passwords-of-client", most=60, window=timedelta(minutes=15))
# Of one password by everybody: those who have typed it in are not asked again, and stay in.
GUESSES_OF_ALL = Limit("shared-passwords-of-all", most=100, window=timedelta(hours=1))


def limited(
    view: Callable[..., HttpResponseBase], restriction: type[BaseViewRestriction], its_id: str
) -> Callable[..., HttpResponseBase]:
    """Make Wagtail's view, which compares a password, take a few guesses; the right one forgets those before it.

    What does not exist is not counted, so that nobody fills the cache of the counts with it.
    """

    @never_cache
    @wraps(view)
    def guess(request: HttpRequest, **ids: int) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, **ids)
        password = f"{view.__module__} {get_object_or_404(restriction, pk=ids[its_id]).pk}"
        client = client_network(request)
        mine = f"{client} {password}"
        if wait := take_all((GUESSES, mine), (GUESSES_OF_CLIENT, client), (GUESSES_OF_ALL, password)):
            return too_many_requests(_locked(request, wait), wait)
        response = view(request, **ids)
        if response.status_code == HTTPStatus.FOUND:
            GUESSES.give_back(mine, all_places=True)
            give_all_back((GUESSES_OF_CLIENT, client), (GUESSES_OF_ALL, password))
        return response

    return guess


def _locked(request: HttpRequest, wait: int) -> HttpResponse:
    target = request.POST.get("return_url", "")
    is_ours = url_has_allowed_host_and_scheme(target, request.get_host(), request.is_secure())
    context = {"minutes": minutes_to_wait(wait), "back": target if is_ours else "/"}
    return render(request, "config/password_locked.html", context)
