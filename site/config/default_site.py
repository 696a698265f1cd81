"""Keeps host and port of Wagtail's default site equal to SITE_URL."""

from urllib.parse import urlsplit

from django.conf import settings
from wagtail.models import Site


def ensure_default_site(**_kwargs: object) -> None:
    """Give the default site the host and port of SITE_URL (after each migrate)."""
    parts = urlsplit(settings.SITE_URL)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    site = Site.objects.filter(is_default_site=True).first()
    if site and parts.hostname and (site.hostname, site.port) != (parts.hostname, port):
        site.hostname, site.port = parts.hostname, port
        site.save()
