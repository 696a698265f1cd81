"""Answers that several apps give."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache

Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[HttpRequest, Arguments], HttpResponse]


class SeeOther(HttpResponseRedirect):
    """Leads on after a POST, by GET (RFC 9110, 15.4.4)."""

    status_code = HTTPStatus.SEE_OTHER


def private(view: View[Arguments]) -> View[Arguments]:
    """Keep what a view answers out of caches and search engines: a page whose URL is a secret."""

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return answer
