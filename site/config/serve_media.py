"""Uploaded files, served where no web server does."""

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

# A file opened by itself runs and fetches nothing, whatever it holds (an SVG is a document to a browser).
MEDIA_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


@require_safe
def serve_media(request: HttpRequest, path: str) -> HttpResponseBase:
    try:
        response = serve(request, path, document_root=settings.MEDIA_ROOT)
    except (OSError, ValueError) as error:  # a name longer than any file's
        raise Http404 from error
    response.headers["Content-Security-Policy"] = MEDIA_POLICY
    return response
