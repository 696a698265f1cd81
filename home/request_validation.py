"""Refuses with 400 or 413 the requests that no browser sends and that would otherwise be a server error.

It validates headers and the query only: the charset of Content-Type, with which Django would decode the query and the
form; NUL in the query, which no database takes; in the admin, numbers larger than any column; elsewhere, a body larger
than any form: one of ten thousand fields takes a processor for a second. Only pages that apps name may get files, too
(`register_upload_paths`). Form fields are validated by their forms.
"""

from collections.abc import Callable
from http.client import REQUEST_ENTITY_TOO_LARGE

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _

from home import security_headers
from home.hooks import collect
from home.snapshot import shared

CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
LARGEST = 2**63 - 1  # of a database's whole numbers
LARGEST_FORM = 512 * 1024  # bytes; of Stripe's events, too
LARGEST_UPLOAD = 21 * 1024 * 1024  # a form with its files; nginx takes no more (deploy/nginx/site.conf)
SIGN_IN_PATH = f"{settings.ADMIN_PATH}login/"
# Where digits are words, not a number.
_WORDS = frozenset({"q", "search", "term"})


@shared
def upload_paths() -> frozenset[str]:
    """Return the URL paths outside the admin that take files."""
    return frozenset(collect("register_upload_paths"))


class RequestValidationMiddleware:
    """Django middleware before everything that reads a query or a form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse an invalid request; pass on any other."""
        if (request.content_params or {}).get("charset", "utf-8").lower() not in CHARSETS:
            return _bad_request(_("Only UTF-8 is understood here."))
        if _has_nul(request):
            return _bad_request(_("The URL contains a NUL character."))
        is_staff = request.path_info.startswith(settings.ADMIN_PATH)
        if is_staff and _has_huge_number(request):
            return _bad_request(_("A number is too large."))
        takes_files = is_staff and not request.path_info.startswith(SIGN_IN_PATH)
        if not takes_files and (words := _too_large(request)):
            return HttpResponse(f"{words}\n", content_type="text/plain", status=REQUEST_ENTITY_TOO_LARGE)
        return self.get_response(request)


def _bad_request(reason: str) -> HttpResponseBadRequest:
    return HttpResponseBadRequest(f"{reason}\n", content_type="text/plain")


def _too_large(request: HttpRequest) -> str:
    """Return why the body is too large for a public page; empty when it is not. Only a large one costs a look-up."""
    length = str(request.META.get("CONTENT_LENGTH", ""))
    if not _is_larger(length, LARGEST_FORM):
        return ""
    if request.path_info not in upload_paths():
        return _("The form is too large. No files are taken here.")
    if _is_larger(length, LARGEST_UPLOAD):
        return _("The files are too large. Go back and choose smaller ones.")
    return ""


def _has_nul(request: HttpRequest) -> bool:
    query = request.META.get("QUERY_STRING", "")
    return "%00" in query or "\0" in query


def _has_huge_number(request: HttpRequest) -> bool:
    return any(
        _is_larger(value) for key, values in request.GET.lists() if key not in _WORDS for value in values
    )


def _is_larger(value: str, largest: int = LARGEST) -> bool:
    digits = value.strip().lstrip("+-")
    is_number = digits.isascii() and digits.isdigit()
    return is_number and (len(digits) > len(str(largest)) or int(digits) > largest)


class _Request(WSGIRequest):
    def _set_content_type_params(self, meta: dict[str, str]) -> None:
        # Before any middleware runs, Django would raise here for parameters that it cannot decode (RFC 2231), and read
        # the query with the charset given. The middleware accepts no charset but the one that is assumed anyway.
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (ValueError, LookupError):
            self.content_type, self.content_params = "", {"charset": "unreadable"}


class StrictWSGIHandler(WSGIHandler):
    """Django's application: it lets the middleware refuse a Content-Type that cannot be read, and completes headers."""

    request_class = _Request

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        response = super().get_response(request)
        security_headers.complete(response)
        return response
