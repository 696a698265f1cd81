"""Public responses that show the brand: its style sheet, icon and picture for shared links."""

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from home.brand import pictures
from home.brand.stylesheet import Typeface, css, version
from home.models import BrandSettings


@require_safe
def stylesheet(request: HttpRequest, primary: str, accent: str, typeface: str) -> HttpResponse:
    """Return the style sheet of a brand, all of which its URL says."""
    if typeface not in Typeface.values:
        raise Http404
    sheet = css(primary and f"#{primary}", accent and f"#{accent}", typeface)
    return _kept(request, version(sheet), HttpResponse(sheet, content_type="text/css"))


@require_safe
def share(request: HttpRequest) -> HttpResponse:
    """Return the picture of the brand for shared links, which is drawn once."""
    brand = BrandSettings.copied()
    key = f"brand-share-{brand.share_url}"
    if (picture := cache.get(key)) is None:
        logo = brand.logo and not brand.logo.is_svg() and brand.logo.content(pictures.LOGO)
        picture = pictures.share(brand.name, brand.palette, logo or b"")
        cache.set(key, picture, timeout=None)
    named = brand.share_url.rpartition("=")[2]
    return _kept(request, named, HttpResponse(picture, content_type="image/png"))


def _kept(request: HttpRequest, version: str, response: HttpResponse) -> HttpResponse:
    """Let everybody keep it for ever at the URL that pages name; nobody at another one, which may come to be named."""
    is_named = request.GET.get("v") == version
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_named else "no-cache"
    return response


@require_safe
def icon(_request: HttpRequest) -> HttpResponse:
    """Return the icon that browsers ask for where no page names one: beside a record, a document, a feed."""
    brand = BrandSettings.shown()
    return HttpResponse(pictures.letter(brand.name, brand.palette), content_type="image/svg+xml")
