"""Pages and documents behind a shared password, as Wagtail has them: how often somebody may guess it."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from home.throttling import Limit, client_network, minutes_to_wait, too_many_requests

GUESSES = Limit("shared-passwords", most=10, window=timedelta(minutes=15))  # of one password by one client
# Of one password by everybody: those who have typed it in are not asked again, and stay in.
GUESSES_OF_ALL = Limit("shared-passwords-of-all", most=100, window=timedelta(hours=1))


def limited(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Make Wagtail's view, which compares a password, take a few guesses; the right one forgets those before it."""

    @never_cache
    @wraps(view)
    def guess(request: HttpRequest, **ids: int) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, **ids)
        password = f"{view.__module__} {next(iter(ids.values()))}"
        mine = f"{client_network(request)} {password}"
        if wait := GUESSES.take(mine) or GUESSES_OF_ALL.take(password):
            return too_many_requests(_locked(request, wait), wait)
        response = view(request, **ids)
        if response.status_code == HTTPStatus.FOUND:
            GUESSES.give_back(mine, all_places=True)
            GUESSES_OF_ALL.give_back(password)
        return response

    return guess


def _locked(request: HttpRequest, wait: int) -> HttpResponse:
    target = request.POST.get("return_url", "")
    is_ours = url_has_allowed_host_and_scheme(target, request.get_host(), request.is_secure())
    context = {"minutes": minutes_to_wait(wait), "back": target if is_ours else "/"}
    return render(request, "config/password_locked.html", context)
