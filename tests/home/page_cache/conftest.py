"""A page at /about/, whose answer a test may change, and a cache that remembers nothing."""

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config.wsgi import application
from home.caching import breaker
from home.models import ContentPage, HomePage
from home.page_cache import tokens
from home.page_cache.pages import Pages
from tests.home.page_cache.asking import get


@pytest.fixture(autouse=True)
def _empty_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test know the parameters that pages of another one read."""
    monkeypatch.setattr(application, "pages", Pages(settings.PAGE_CACHE_BYTES))


@pytest.fixture(autouse=True)
def _cache_that_is_there() -> None:
    """Let no test know of an outage in another one."""
    breaker.close()


@pytest.fixture
def about() -> ContentPage:
    """Publish a content page at /about/."""
    home = HomePage.objects.get()
    page = ContentPage(title="About", slug="about", intro="First words")
    home.add_child(instance=page)
    get("/")  # makes the rows of the settings
    tokens.reset()  # what a test changes never commits, so that nothing would be kept
    return page


@pytest.fixture
def changing_answers(monkeypatch: pytest.MonkeyPatch) -> list:
    """Let a test change what the page answers."""
    original, changes = ContentPage.serve, []

    def serve(self: ContentPage, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = original(self, request, *args, **kwargs)
        for change in changes:
            change(response, request)
        return response

    monkeypatch.setattr(ContentPage, "serve", serve)
    return changes
