"""Browsers fetch a page ahead of a click: a public one, and nothing changes by it."""

import mimetypes

import pytest
from django.apps import apps
from django.conf import settings
from playwright.sync_api import Page, Request
from pytest_django.live_server_helper import LiveServer

from home.models import ContentPage
from tests.factories import home_page


@pytest.fixture
def fetched_ahead(page: Page, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths that the browser fetches ahead."""
    for suffix, kind in settings.WHITENOISE_MIMETYPES.items():  # which `live_server` does not know
        monkeypatch.setitem(mimetypes.types_map, suffix, kind)
    found: list[str] = []

    def note(request: Request) -> None:
        if "prefetch" in request.all_headers().get("sec-purpose", ""):
            found.append(request.url.removeprefix(live_server.url))

    page.context.on("request", note)
    return found


def rows() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def test_a_link_under_the_mouse_is_fetched_unless_it_leads_to_ones_own(
    page: Page, live_server: LiveServer, fetched_ahead: list[str]
) -> None:
    home_page().add_child(instance=ContentPage(title="About", slug="about", intro="Us"))
    page.goto(f"{live_server.url}/")  # makes the rows of the settings
    page.goto(f"{live_server.url}/about/")
    page.wait_for_load_state("networkidle")
    before = rows()
    for path in ("/basket/", "/cookies/"):
        page.locator(f"a[href^='{path}']").first.hover()
        page.wait_for_timeout(500)  # browsers wait for 200 ms
    page.locator("a[href='/']").first.hover()
    for _ in range(100):
        page.wait_for_timeout(100)
        if fetched_ahead:
            break
    page.wait_for_timeout(500)  # for what should not come
    assert fetched_ahead == ["/"]
    assert rows() == before
    assert page.context.cookies() == []
