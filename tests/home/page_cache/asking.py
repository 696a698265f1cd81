"""Asks for pages as a server does, and looks whether they are kept.

The requests go through `config.wsgi.application`; Django's test client would not meet the layer.
"""

from config.wsgi import application
from home.models import ContentPage
from home.page_cache import middleware
from tests.wsgi_client import Answer, ask


def get(url: str, **options: str) -> Answer:
    """Ask for a page and look at what no answer may carry."""
    answer = ask(application, url, **options)
    assert middleware.MARK not in answer.headers
    return answer


def change_unseen(page: ContentPage) -> None:
    """Change a page so that nothing is told of it: who then shows the old words shows what was kept."""
    ContentPage.objects.filter(pk=page.pk).update(intro="Changed behind the cache")


def is_kept(url: str, page: ContentPage, **options: str) -> bool:
    get(url, **options)
    change_unseen(page)
    return b"Changed behind the cache" not in get(url, **options).body
