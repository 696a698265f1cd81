"""The demo's own link in the footer: its news."""

from wagtail import hooks

from home.models import ContentPage
from home.navigation import Link


@hooks.register("register_footer_links")
def footer_links() -> list[Link]:
    news = ContentPage.objects.live().filter(slug="news", depth=3).first()
    return [Link(news.title, news.url or "")] if news else []
