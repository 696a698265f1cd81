"""Who is at the other end of a request: the one place that decides whether to believe a proxy.

The address is used to slow down floods and guessed passwords; it is never shown, and stored only where a registered
kind of personal data says so.
"""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the client's network address; behind a proxy the one that our own proxy wrote down."""
    direct = request.META.get("REMOTE_ADDR", "")
    if not settings.BEHIND_PROXY:
        return direct
    # Everything before the last entry is what the client claims about itself.
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(forwarded))
    except ValueError:
        return direct
