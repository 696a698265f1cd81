"""Public responses that are no pages: robots.txt, security.txt, answers to errors."""

import sys
from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from home.models import BrandSettings
from home.outages import is_outage


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell crawlers what not to fetch, and where the site map is."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in settings.NOT_FOR_CRAWLERS),
        f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Name whom to tell about a vulnerability (RFC 9116); 404 until the brand settings have an e-mail address."""
    brand = BrandSettings.current()
    if not brand.email:
        return HttpResponse("No e-mail address is set.\n", status=404, content_type="text/plain")
    expires = (timezone.now() + timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [f"Contact: mailto:{brand.email}", f"Expires: {expires.isoformat()}", "Preferred-Languages: en"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Explain a bad request, or one that is larger than Django reads."""
    is_too_large = isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent))
    return HttpResponse(render_to_string("400.html", {"is_too_large": is_too_large}), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that it is our mistake (500), or that the site is away (503) while its database or disk does not do its job.

    Neither page needs the database.
    """
    if not is_outage(sys.exc_info()[1]):
        return HttpResponse(render_to_string("500.html"), status=HTTPStatus.INTERNAL_SERVER_ERROR)
    away = HttpResponse(render_to_string("503.html"), status=HTTPStatus.SERVICE_UNAVAILABLE)
    away.headers["Retry-After"] = "60"  # seconds
    return away
