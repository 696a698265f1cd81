"""Listings: what a page can show of the site's own content, such as products or news, newest or first.

The block “List” of page bodies shows one. Apps contribute theirs by hook, so that a page can list what an app above
has. They are asked for at each rendering; what they show drops the page from the cache as it does elsewhere.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from wagtail.models import Page

from home.hooks import collect


@dataclass(frozen=True)
class Listing:
    """One kind: its template gets `items`, at most so many, of a page if the editor chose one."""

    key: str
    label: Any  # text, perhaps to be translated
    template: str
    items: Callable[[Page | None, int], Iterable[Any]]


def listings() -> list[Listing]:
    """Return what apps have to list."""
    return collect("register_listings", key=lambda listing: listing.key)


def find(key: str) -> Listing | None:
    """Return the listing of a key; None where its app is not installed any more."""
    return next((listing for listing in listings() if listing.key == key), None)


def choices() -> list[tuple[str, Any]]:
    """Return the choices of the block: migrations name this function, not what it returns."""
    return [(listing.key, listing.label) for listing in listings()]
