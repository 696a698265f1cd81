"""Answers what no view can: a publication that was refused under the lock, and a record that is damaged.

Of the first, the draft is saved by then, and nothing was published.
"""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from wagtail.admin import messages

from policies.ledger.encoding import DamagedRecordError
from policies.versions.publishing import RefusedContentError


class RefusedContentMiddleware:
    """Shows the problems on the page that was sent, instead of an error page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DamagedRecordError):
            logging.getLogger(__name__).error("A record is damaged.", exc_info=exception)
            return HttpResponse(render_to_string("policies/damaged.html"), status=503)
        if not isinstance(exception, RefusedContentError):
            return None
        for problem in exception.problems:
            messages.error(request, problem)
        return redirect(request.get_full_path())
