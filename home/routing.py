"""How a URL leads to a page: with the site that the snapshot holds, and one query for a page that was asked for before.

Wagtail asks for the site, then twice for each level of the tree. It only finds; whether a page may be shown is
Wagtail's to say.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from wagtail.models import Page, Site

from home.snapshot import current, shared

# Whatever is asked for, the memory stays small; and no page lies deeper.
MAX_ROUTES = 2000
MAX_DEPTH = 20
# They answer while the database does not.
_WITHOUT_SITE = frozenset({"home:healthz", "home:readyz"})


class Route(NamedTuple):
    """The deepest page of a URL, and the parts of the URL that it may know what to do with."""

    model: Any  # the page's type
    pk: int
    rest: tuple[str, ...]


@shared
def default_site() -> Site | None:
    """Return the site with its root page as the type of page that it is."""
    site = Site.objects.select_related("root_page").filter(is_default_site=True).first()
    if site is not None:
        site.root_page = site.root_page.specific
    return site


class DefaultSiteMiddleware:
    """Django middleware: gives public requests the shared site, where Wagtail keeps what it found for a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        """Set what `Site.find_for_request` returns. The admin changes pages, and so finds its own."""
        match = request.resolver_match
        if request.path_info.startswith(settings.PRIVATE_PATHS) or (
            match and match.view_name in _WITHOUT_SITE
        ):
            return
        if (site := default_site()) is not None:
            request._wagtail_site = site  # type: ignore[attr-defined]  # as Wagtail names it


def find_page(root: Page, parts: Sequence[str]) -> tuple[Page, list[str]] | None:
    """Return the deepest page on the way to a URL below `root`, and the parts left over; None if the first is none."""
    known: dict[tuple[str, ...], Route] = current().value("routes", dict)
    route = known.get(tuple(parts)) or _look_up(root, parts)
    if route is None:
        return None
    if not route.rest and len(known) < MAX_ROUTES:  # only URLs of pages: the others are unlimited
        known[tuple(parts)] = route
    page = route.model._default_manager.filter(pk=route.pk).first()
    return (page, list(route.rest)) if page else None  # it may have been deleted since the snapshot


def _look_up(root: Page, parts: Sequence[str]) -> Route | None:
    urls = [f"{root.url_path}{'/'.join(parts[:n])}/" for n in range(1, min(len(parts), MAX_DEPTH) + 1)]
    # No index holds the path, but one the slug.
    pages: Any = Page.objects
    found = pages.filter(slug__in=parts[:MAX_DEPTH], url_path__in=urls)
    page = max(found, key=lambda page: page.depth, default=None)
    if page is None:
        return None
    return Route(page.specific_class or Page, page.pk, tuple(parts[page.depth - root.depth :]))
