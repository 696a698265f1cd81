"""Walks through the admin's menu as somebody sees it."""

from collections.abc import Iterator

from django.test import RequestFactory
from django.urls import reverse
from wagtail.admin.menu import Menu, SubmenuMenuItem, admin_menu

from home.models import User


def menu_entries(user: User, menu: Menu = admin_menu, above: str = "") -> Iterator[tuple[str, str]]:
    """Yield each entry with what stands above it, and its URL ("#": it opens a menu of its own)."""
    request = RequestFactory().get(reverse("wagtailadmin_home"))
    request.user = user
    for item in sorted(menu.menu_items_for_request(request), key=lambda item: item.order):
        yield f"{above}{item.label}", item.url
        if isinstance(item, SubmenuMenuItem):
            yield from menu_entries(user, item.menu, f"{above}{item.label} → ")
