"""Pages with videos and maps of other services."""

from typing import Any

from home.models import ContentPage
from tests.factories import home_page

MAP = "https://www.openstreetmap.org/#map=15/51.5074/-0.1278"
VIDEO = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


def page_with_embeds(*urls: str, slug: str = "about", **values: Any) -> ContentPage:
    """Publish a content page with a video or map from each URL; by default one map."""
    blocks = [
        ("embed", {"address": url, "title": f"Where we are {number}", "caption": "", **values})
        for number, url in enumerate(urls or (MAP,), start=1)
    ]
    page = home_page().add_child(instance=ContentPage(title="About", slug=slug, body=blocks, live=False))
    page.save_revision().publish()
    return page
