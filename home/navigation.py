"""The menus. The editor decides on the header's by "Show in menus"; apps put their links into the footer's."""

from dataclasses import dataclass

from wagtail.models import Page

from home.hooks import collect
from home.missing_app_pages import installed
from home.routing import default_site
from home.snapshot import shared


@dataclass(frozen=True)
class Link:
    title: str
    url: str
    path: str = ""  # of the page in the tree
    takes_messages: bool = False


@shared
def main_menu() -> list[Link]:
    """Return the live pages directly below home that the editor shows in menus, in tree order."""
    site = default_site()
    if site is None:
        return []
    pages = installed(site.root_page.get_children()).live().in_menu().specific(defer=True)
    return [
        Link(page.menu_title, page.url or "", page.path, getattr(page, "takes_messages", False))
        for page in pages
    ]


def contact_page() -> Link | None:
    """Return the first page of the header's menu on which visitors can write to us."""
    return next((link for link in main_menu() if link.takes_messages), None)


def section_of(page: Page | None, entries: list[Link]) -> str:
    """Return the URL of the menu's entry that is the page, or above it; empty if there is none."""
    path = page.path if page is not None else ""
    return next((entry.url for entry in entries if path.startswith(entry.path)), "")


@shared
def footer_menu() -> list[Link]:
    """Return the links that apps contribute to the footer."""
    return collect("register_footer_links", key=lambda link: link.url)
