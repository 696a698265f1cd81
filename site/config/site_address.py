"""Keeps Wagtail's record of where the site lives equal to SITE_URL, so that there is one place to say it."""

from urllib.parse import urlsplit

from django.conf import settings
from wagtail.models import Site

_DEFAULT_PORTS = {"http": 80, "https": 443}


def ensure_site_address(**_kwargs: object) -> None:
    """Give the default site the host and port of SITE_URL (after each migrate)."""
    parts = urlsplit(settings.SITE_URL)
    site = Site.objects.filter(is_default_site=True).first()
    if site is None or not parts.hostname:
        return
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 80)
    if (site.hostname, site.port) != (parts.hostname, port):
        site.hostname, site.port = parts.hostname, port
        site.save()
