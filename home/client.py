"""Who makes a request: the client's IP address, behind a proxy or not, and the account that a name stands for.

The IP address limits how often a client may do something; it is never shown, and stored only where a registered kind
of personal data says so.
"""

from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest

NAME_LENGTH = 255  # of the columns that count attempts


def account_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """Return the name that somebody signs in with, in one form: accounts ignore case, so counters do too."""
    given = (credentials or request.POST).get(settings.AXES_USERNAME_FORM_FIELD)
    return str(given).strip().casefold()[:NAME_LENGTH] if given is not None else None


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
