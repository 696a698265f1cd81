"""Who makes a request: the client's IP address, behind a proxy or not.

The IP address limits how often a client may do something; it is never shown, and stored only where a registered kind
of personal data says so.
"""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str:
    """Return the client's IP address; behind a proxy, the one that our own proxy reports."""
    direct = request.META.get("REMOTE_ADDR", "")
    if not settings.BEHIND_PROXY:
        return direct
    # Everything before the last entry is what the client claims about itself.
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(forwarded))
    except ValueError:
        return direct
