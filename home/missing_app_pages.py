"""Pages whose app is not installed any more: kept in the database, and shown nowhere until the app is back.

They have no model, so that whatever asks for their specific page fails. Each list of pages asks `installed`.
"""

from typing import Any

from django.contrib.sitemaps import Sitemap as DjangoSitemap
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls.converters import IntConverter
from django.views.decorators.http import require_safe
from wagtail.contrib.sitemaps.sitemap_generator import Sitemap
from wagtail.contrib.sitemaps.views import sitemap
from wagtail.models import Page, Site
from wagtail.query import PageQuerySet


def installed(pages: PageQuerySet) -> PageQuerySet:
    """Leave out pages whose app is not installed."""
    return pages.type(Page)


# --- Wagtail's hooks ---------------------------------------------------------------------------------------
def leave_out_of_explorer(_parent: Page, pages: PageQuerySet, _request: HttpRequest) -> PageQuerySet:
    return installed(pages)


def leave_out_of_chooser(pages: PageQuerySet, _request: HttpRequest) -> PageQuerySet:
    return installed(pages)


def refuse_to_serve(page: Page, _request: HttpRequest, _args: Any, _kwargs: Any) -> None:
    if page.specific_class is None:
        raise Http404


# --- URLs --------------------------------------------------------------------------------------------------
class PagesOfInstalledApps(Sitemap):
    """Wagtail's site map without pages whose app is not installed any more. Each type of page names its own URLs."""

    def items(self) -> PageQuerySet:
        return installed(super().items())


class MissingAppPageConverter(IntConverter):
    """Matches the number of a page whose app is not installed any more."""

    def to_python(self, value: str) -> int:
        number = super().to_python(value)
        if not Page.objects.filter(pk=number).not_type(Page).exists():
            raise ValueError
        return number


def answer_not_found(_request: HttpRequest, **_kwargs: object) -> HttpResponse:
    """Answer 404: what Wagtail's admin does with pages needs their models."""
    raise Http404


@require_safe
def site_map(request: HttpRequest, sitemaps: dict[str, type[DjangoSitemap]]) -> HttpResponseBase:
    """Return Wagtail's site map of these parts; 404 without a site."""
    if Site.find_for_request(request) is None:
        raise Http404
    return sitemap(request, sitemaps)
