"""Says of each response whether the layer before Django may keep it (`home.page_cache.layer`), and until when.

May be kept: GET and HEAD, status 200, no session cookie in the request, no Set-Cookie, no `no-store`, `private` or
`immutable` in the response, no preview, no stream. Browsers revalidate each time (`max-age=0`); shared caches get
`s-maxage`. First in MIDDLEWARE, so that it sees what is sent.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.templatetags.static import static
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from home import snapshot
from home.page_cache import reads

MARK = "X-Page-Cache"  # for the layer, which lets it go no further
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_COMMAS = re.compile(r"\s*,\s*")


class PageCacheMiddleware:
    """Django middleware around everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response, marked where it may be kept; to a public request, of one snapshot."""
        if request.path_info.startswith(settings.PRIVATE_PATHS):
            return self.get_response(request)
        with snapshot.fixed():
            return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        if _spells_our_host_oddly(request):
            return HttpResponsePermanentRedirect(settings.SITE_URL + request.get_full_path())
        if not _is_for_everybody(request):
            return self.get_response(request)
        started = timezone.now()  # what changes while the page is rendered may be missing in it
        with reads.recorded(request) as read:
            query = request.GET
            response = self.get_response(request)
        if isinstance(response, HttpResponse) and _is_public(request, response) and query is request.GET:
            if response.headers.get("Content-Type", "").startswith("text/html"):
                response.headers["Speculation-Rules"] = f'"{static("prefetch.speculationrules")}"'
            until = snapshot.current().end_of_page(started)
            until = min(until, read.until or until)
            _mark(response, read, until, has_query=bool(request.META.get("QUERY_STRING")))
        return response


def canonical_host() -> str:
    """Return the Host of requests for SITE_URL, as browsers write it."""
    url = urlsplit(settings.SITE_URL.lower())
    return url.netloc.removesuffix(_DEFAULT_PORTS[url.scheme])


def _is_for_everybody(request: HttpRequest) -> bool:
    return settings.SESSION_COOKIE_NAME not in request.COOKIES and not request.path_info.startswith(
        (settings.STATIC_URL, settings.MEDIA_URL, *settings.PRIVATE_PATHS)
    )


def _spells_our_host_oddly(request: HttpRequest) -> bool:
    host = request.META.get("HTTP_HOST", "")
    name, colon, port = host.lower().partition(":")
    plain = f"{name.removesuffix('.')}{colon}{port}".removesuffix(_DEFAULT_PORTS[request.scheme or ""])
    return plain == canonical_host() != host


def _is_public(request: HttpRequest, response: HttpResponse) -> bool:
    directives = set(_COMMAS.split(response.headers.get("Cache-Control", "").lower()))
    varies = set(_COMMAS.split(response.headers.get("Vary", "").lower()))
    return (
        response.status_code == 200  # noqa: PLR2004 - the status itself
        and not response.cookies
        and not directives & {"no-store", "private", "no-cache", "immutable"}
        and varies <= {"", "accept-encoding"}
        and "Content-Encoding" not in response.headers
        and not getattr(request, "is_preview", False)
    )


def _mark(response: HttpResponse, read: reads.Reads, until: datetime, *, has_query: bool) -> None:
    patch_vary_headers(response, ["Accept-Encoding"])
    left = int((until - timezone.now()).total_seconds())
    if left <= 0:
        response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
        return
    response.headers["Cache-Control"] = f"public, max-age=0, s-maxage={left}"
    if not (has_query and reads.ALL in read.parameters):
        mark = {
            "until": until.timestamp(),
            "tokens": sorted(read.tokens),
            "parameters": sorted(read.parameters),
        }
        response.headers[MARK] = json.dumps(mark)
