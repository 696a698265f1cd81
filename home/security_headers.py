"""The security headers of every answer, also of those that no middleware sees on its way out."""

from csp.constants import HEADER as CONTENT_SECURITY_POLICY
from csp.utils import build_policy
from django.conf import settings
from django.http.response import HttpResponseBase


def complete(response: HttpResponseBase) -> None:
    """Add the headers that an answer lacks; the middleware has given most pages a policy of their own."""
    headers = {
        CONTENT_SECURITY_POLICY: build_policy(),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Permissions-Policy": settings.PERMISSIONS_POLICY,
    }
    for name, value in headers.items():
        response.headers.setdefault(name, value)
