"""Answers public pages from the cache, and stores them; first in MIDDLEWARE, so that a hit is cheap.

What may be stored: GET and HEAD, status 200, no query string, no session cookie in the request, no Set-Cookie, no
`no-store` or `private` in the answer, no preview. What is stored is the finished answer with its headers, its ETag
and its compressed copies. Browsers revalidate each time (`max-age=0`); shared caches get `s-maxage`.
"""

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import brotli
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers

from home.page_cache import schedule, tokens

# Set by the answer of each request; stored copies keep everything else.
_UNSTORED_HEADERS = frozenset({"content-length", "content-encoding", "etag"})
_ENCODINGS = ("br", "gzip")
_DEFAULT_PORTS: dict[str | None, str] = {"http": "80", "https": "443"}
_REFUSED = re.compile(r"q=0(\.0{0,3})?")
_COMMAS = re.compile(r"\s*,\s*")


@dataclass(frozen=True)
class StoredPage:
    """A finished page: headers, and its body in each encoding ("identity" among them)."""

    headers: dict[str, str]
    bodies: dict[str, bytes]
    etag: str


class PageCacheMiddleware:
    """Django middleware around everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the stored page, or the response, stored where it may be."""
        if not _may_be_cached(request):
            return self.get_response(request)
        now = tokens.current()
        key = _key(request, now)
        stored = cache.get(key)
        if stored is not None:
            return _answer(request, stored)
        response = self.get_response(request)
        if not isinstance(response, HttpResponse) or not _is_public(response):
            return response
        seconds = schedule.seconds_to_next_change(timezone.now(), most=settings.PAGE_CACHE_SECONDS)
        if seconds <= 0:
            response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
            return response
        response.headers["Cache-Control"] = f"public, max-age=0, s-maxage={seconds}"
        patch_vary_headers(response, ["Accept-Encoding"])
        stored = _stored(response)
        if now.may_store:
            cache.set(key, stored, timeout=seconds)
        return _answer(request, stored)


def _may_be_cached(request: HttpRequest) -> bool:
    return (
        request.method in {"GET", "HEAD"}
        and not request.META.get("QUERY_STRING")
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and not request.path_info.startswith(
            (settings.STATIC_URL, settings.MEDIA_URL, *settings.PRIVATE_PATHS)
        )
        and _has_our_port(request)
    )


def _port(request: HttpRequest) -> str:
    return split_domain_port(request.get_host())[1] or _DEFAULT_PORTS.get(request.scheme, "")


def _has_our_port(request: HttpRequest) -> bool:
    # ALLOWED_HOSTS says nothing about ports: with made-up ones a visitor could fill the cache with copies.
    site_port = urlsplit(settings.WAGTAILADMIN_BASE_URL).port
    ours = {_DEFAULT_PORTS.get(request.scheme), str(site_port), request.META.get("SERVER_PORT")}
    return _port(request) in ours


def _key(request: HttpRequest, now: tokens.Tokens) -> str:
    # get_host() refuses hosts that are not ours, so a forged Host header fills no cache.
    host = split_domain_port(request.get_host())[0]
    url = f"{request.scheme}://{host}:{_port(request)}{request.path}"
    return f"page:{'.'.join(now.of('site', 'shop'))}:{sha256(url.encode()).hexdigest()}"


def _is_public(response: HttpResponse) -> bool:
    directives = set(_COMMAS.split(response.headers.get("Cache-Control", "").lower()))
    varies = set(_COMMAS.split(response.headers.get("Vary", "").lower()))
    return (
        response.status_code == 200  # noqa: PLR2004 - the status itself
        and not response.cookies
        and not directives & {"no-store", "private", "no-cache"}
        and not varies & {"cookie", "*"}
    )


def _stored(response: HttpResponse) -> StoredPage:
    body = response.content
    bodies = {"identity": body}
    if _is_text(response.headers.get("Content-Type", "")):
        bodies["br"] = brotli.compress(body, quality=6)
        bodies["gzip"] = gzip.compress(body, compresslevel=6, mtime=0)
    headers = {name: value for name, value in response.items() if name.lower() not in _UNSTORED_HEADERS}
    return StoredPage(headers=headers, bodies=bodies, etag=sha256(body).hexdigest()[:32])


def _is_text(content_type: str) -> bool:
    return content_type.startswith("text/") or "json" in content_type or "xml" in content_type


def _answer(request: HttpRequest, stored: StoredPage) -> HttpResponse:
    encoding = _chosen_encoding(request, stored)
    # Each encoding is its own representation, so it has its own tag (RFC 9110, 8.8.3.3).
    etag = f'"{stored.etag}"' if encoding == "identity" else f'"{stored.etag}-{encoding}"'
    response = HttpResponse(stored.bodies[encoding], headers=stored.headers)
    response.headers["ETag"] = etag
    response.headers["Content-Length"] = str(len(stored.bodies[encoding]))
    if encoding != "identity":
        response.headers["Content-Encoding"] = encoding
    return get_conditional_response(request, etag=etag, response=response) or response


def _chosen_encoding(request: HttpRequest, stored: StoredPage) -> str:
    accepted = request.META.get("HTTP_ACCEPT_ENCODING", "").lower().replace(" ", "").split(",")
    weights = {name: weight for name, _, weight in (part.partition(";") for part in accepted)}
    usable = [name for name in _ENCODINGS if name in stored.bodies and name in weights]
    return next((name for name in usable if not _REFUSED.fullmatch(weights[name])), "identity")
