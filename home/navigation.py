"""The menus. The editor decides on the header's by "Show in menus"; apps put their links into the footer's."""

from dataclasses import dataclass

from django.http import HttpRequest
from wagtail.models import Page, Site

from home.hooks import collect
from home.missing_app_pages import installed


@dataclass(frozen=True)
class Link:
    title: str
    url: str
    is_current: bool = False


def main_menu(request: HttpRequest, *, current: Page | None = None) -> list[Link]:
    """Return the live pages directly below home that the editor shows in menus, in tree order."""
    site = Site.find_for_request(request)
    if site is None:
        return []
    path = current.path if current is not None else ""
    pages = installed(site.root_page.get_children()).live().in_menu().specific(defer=True)
    return [
        Link(page.menu_title, page.get_url(request) or "", is_current=path.startswith(page.path))
        for page in pages
    ]


def footer_menu(request: HttpRequest) -> list[Link]:
    """Return the links that apps contribute to the footer."""
    links: list[Link] = collect("register_footer_links", key=lambda link: link.url)
    return [Link(link.title, link.url, is_current=request.path == link.url) for link in links]
