"""The site map: an index at `/sitemap.xml`, and parts that take as long however many pages the site has.

Each part has one URL, so that nobody fills the page cache with copies of it.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.sitemaps import Sitemap as DjangoSitemap
from django.contrib.sitemaps.views import SitemapIndexItem, x_robots_tag
from django.contrib.sites.shortcuts import get_current_site
from django.core.paginator import EmptyPage
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
from wagtail.contrib.sitemaps.sitemap_generator import Sitemap
from wagtail.models import Page, Site
from wagtail.query import PageQuerySet

from home.missing_app_pages import installed
from home.models.pages import has_restrictions

Sitemaps = dict[str, type[DjangoSitemap]]


@dataclass(frozen=True)
class Part:
    object_list: PageQuerySet


@dataclass(frozen=True)
class PartsByNumber:
    """Parts by primary key: nothing has to be counted or passed over to find one. A part may be empty."""

    pages: PageQuerySet
    size: int

    @property
    def num_pages(self) -> int:
        return (Page.objects.aggregate(last=Max("pk"))["last"] or 0) // self.size + 1

    def page(self, number: int) -> Part:
        if not 1 <= number <= self.num_pages:
            raise EmptyPage
        end = number * self.size
        return Part(self.pages.filter(pk__gte=end - self.size, pk__lt=end).order_by("pk"))


class PagesSitemap(Sitemap):
    """Wagtail's pages but those whose app is not installed any more. Each type of page names its own URLs."""

    limit = 1000

    def items(self) -> PageQuerySet:
        if has_restrictions():
            return installed(super().items())
        # Wagtail would ask for restrictions with their pages, and SQLite look through all pages for that.
        pages = self.get_wagtail_site().root_page.get_descendants(inclusive=True).live()
        return installed(pages.order_by("path").defer_streamfields().specific())

    @property
    def paginator(self) -> PartsByNumber:  # type: ignore[override]  # what the base reads of it
        return PartsByNumber(self.items(), self.limit)


@require_safe
@x_robots_tag
def index(request: HttpRequest, sitemaps: Sitemaps) -> HttpResponse:
    """Name the parts; 404 without a site."""
    site = _site(request)
    parts = [
        SitemapIndexItem(f"{site.root_url}{reverse('sitemap_part', args=[name, number])}")
        for name, kind in sitemaps.items()
        for number in range(1, _made(kind, request).paginator.num_pages + 1)
    ]
    return _xml(request, "sitemap_index.xml", sitemaps=parts)


@require_safe
@x_robots_tag
def part(request: HttpRequest, sitemaps: Sitemaps, name: str, number: int) -> HttpResponse:
    """Return one part."""
    if name not in sitemaps or request.path != reverse("sitemap_part", args=[name, number]):
        raise Http404
    _site(request)
    try:
        urls = _made(sitemaps[name], request).get_urls(page=number, site=get_current_site(request))
    except EmptyPage:
        raise Http404 from None
    return _xml(request, "sitemap.xml", urlset=urls)


def _site(request: HttpRequest) -> Site:
    if (site := Site.find_for_request(request)) is None:
        raise Http404
    return site


def _made(kind: type[DjangoSitemap], request: HttpRequest) -> DjangoSitemap:
    return kind(request) if issubclass(kind, Sitemap) else kind()


def _xml(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return TemplateResponse(request, template, context, content_type="application/xml")
