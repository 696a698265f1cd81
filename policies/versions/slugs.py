"""Which addresses a policy may have: those that lead to policies, and to nothing that the site answers itself.

It asks the table of addresses, so that no list has to be kept beside it. Pages are not its business.
"""

from django.conf import settings
from django.urls import resolve


def is_free(slug: str) -> bool:
    """Say whether the site answers nothing of its own at the address with this slug, now or behind a web server."""
    address = f"/{slug}/"
    is_file = address.startswith((settings.STATIC_URL, settings.MEDIA_URL))
    return not is_file and resolve(address).view_name == "policies:policy"
