"""What every template may print without being given it: the site and the brand, as the snapshot has them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from home.models import BrandSettings
from home.routing import default_site


def site(_request: HttpRequest) -> dict[str, Any]:
    """Give `brand` and `current_site`, which are read when a template prints them, and `is_staging`."""
    return {"brand": BrandSettings.shown, "current_site": default_site, "is_staging": settings.STAGING}
