"""Public responses that are no pages: health, robots.txt, security.txt, and bad requests."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from home.models import BrandSettings


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Return 200 while the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Return 200 when database and cache answer, else 503 naming the one that does not."""
    states = {"database": _database_answers(), "cache": _cache_answers()}
    return JsonResponse(states, status=200 if all(states.values()) else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _cache_answers() -> bool:
    try:
        cache.set("readyz", 1, timeout=10)
        return cache.get("readyz") == 1
    except Exception:  # noqa: BLE001 - each cache backend raises its own errors; any means "no"
        return False


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
