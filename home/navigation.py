"""The menus. The editor decides on the header's by "Show in menus"; apps put their links into the footer's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from wagtail.models import Page, Site


@dataclass(frozen=True)
class Link:
    title: str
    url: str
    is_current: bool = False


FooterSource = Callable[[], Iterator[Link]]

_footer_sources: list[FooterSource] = []


def register_footer_links(source: FooterSource) -> FooterSource:
    """Register a function that yields links for the footer. Usable as a decorator."""
    if source not in _footer_sources:
        _footer_sources.append(source)
    return source


def main_menu(request: HttpRequest, *, current: Page | None = None) -> list[Link]:
    """List the live pages directly below home that the editor shows in menus, in tree order."""
    site = Site.find_for_request(request)
    if site is None:
        return []
    path = current.path if current is not None else ""
    pages = site.root_page.get_children().live().in_menu().specific(defer=True)
    return [
        Link(page.title, page.get_url(request) or "", is_current=path.startswith(page.path)) for page in pages
    ]


def footer_menu(request: HttpRequest) -> list[Link]:
    """List the links that apps registered for the footer."""
    links = [link for source in _footer_sources for link in source()]
    return [Link(link.title, link.url, is_current=request.path == link.url) for link in links]
