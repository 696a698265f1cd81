"""The security headers of every answer, also of those that no middleware sees on its way out."""

from http import HTTPStatus

from csp.constants import HEADER as CONTENT_SECURITY_POLICY
from csp.utils import build_policy
from django.conf import settings
from django.http.response import HttpResponseBase


def complete(response: HttpResponseBase) -> None:
    """Add the headers that an answer lacks; the middleware has given most pages a policy of their own."""
    if CONTENT_SECURITY_POLICY not in response.headers and not _is_djangos_own(response):
        response.headers[CONTENT_SECURITY_POLICY] = build_policy()
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Permissions-Policy": settings.PERMISSIONS_POLICY,
    }
    for name, value in headers.items():
        response.headers.setdefault(name, value)


def _is_djangos_own(response: HttpResponseBase) -> bool:
    # In development, pages about errors have their style and script inside. django-csp leaves them out as well.
    return settings.DEBUG and response.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR}
