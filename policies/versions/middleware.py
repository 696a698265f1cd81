"""Answers what no view can: a publication that was refused under the lock, and a record that is damaged."""

import logging

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from wagtail.admin import messages

from policies.ledger.encoding import DamagedRecordError
from policies.versions.publishing import RefusedContentError


class RefusedContentMiddleware(MiddlewareMixin):
    """Shows the problems on the page that was sent. The draft is saved by then, and nothing was published.

    Says also that a draft was submitted twice at the same moment: Wagtail alone shows an error page.
    """

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        is_refused_row = isinstance(exception, ValidationError | IntegrityError)
        if is_refused_row and "unique_in_progress_workflow" in str(exception):
            words = _("This draft was already submitted for review. Your changes were saved in it.")
            messages.warning(request, words)
            return redirect(request.get_full_path())
        if not isinstance(exception, RefusedContentError):
            return None
        for problem in exception.problems:
            messages.error(request, problem.words)
        return redirect(request.get_full_path())


class DamagedRecordMiddleware(MiddlewareMixin):
    """Says that a record is damaged, on whichever page it was to be shown."""

    def process_exception(self, _request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DamagedRecordError):
            return None
        logging.getLogger(__name__).error("A record is damaged.", exc_info=exception)
        return HttpResponse(render_to_string("policies/damaged.html"), status=503)
