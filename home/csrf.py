"""Protection against forged POSTs without a token in public pages, so that those stay the same for everyone.

A public POST must come from our own origin: browsers send this in `Sec-Fetch-Site` (W3C Fetch Metadata),
else in `Origin` (RFC 6454); a request with neither is refused. The admin keeps Django's tokens.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class OriginOrTokenCsrfMiddleware(CsrfViewMiddleware):
    """Django's CSRF middleware on the paths of CSRF_TOKEN_PATHS, the check of the origin everywhere else."""

    def process_view(
        self, request: HttpRequest, callback: Callable, callback_args: tuple, callback_kwargs: dict
    ) -> HttpResponseForbidden | None:
        """Refuse a POST of another origin; return None to let the view run."""
        if request.path_info.startswith(tuple(settings.CSRF_TOKEN_PATHS)):
            return super().process_view(request, callback, callback_args, callback_kwargs)
        # Django's test client sets `_dont_enforce_csrf_checks`; its enforcing variant does not.
        exempt = getattr(callback, "csrf_exempt", False) or getattr(
            request, "_dont_enforce_csrf_checks", False
        )
        if request.method in _SAFE_METHODS or exempt or comes_from_our_origin(request):
            return self._accept(request)  # type: ignore[attr-defined]  # private in Django
        return self._reject(request, "The request does not come from this site.")  # type: ignore[attr-defined]  # private in Django


def comes_from_our_origin(request: HttpRequest) -> bool:
    """Return whether the browser says that the request was made by a page of this site."""
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
