"""What the home app does when the site starts: it connects what changes public pages to the page cache."""

from datetime import datetime

from django.db.models import Min
from wagtail.models import Page, Revision

from home import signals
from home.page_cache import schedule


def register() -> None:
    signals.connect()
    schedule.register(next_scheduled_page)


def next_scheduled_page(now: datetime) -> datetime | None:
    """Name the next moment at which a page goes live or leaves the site by its own dates."""
    expires = Page.objects.filter(live=True, expire_at__gt=now).aggregate(at=Min("expire_at"))["at"]
    appears = Revision.objects.filter(approved_go_live_at__gt=now).aggregate(at=Min("approved_go_live_at"))[
        "at"
    ]
    return min((moment for moment in (expires, appears) if moment), default=None)
