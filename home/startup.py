"""What the home app does when the site starts: what changes pages meets their cache, outside services are named."""

from collections.abc import Iterator
from datetime import datetime

from django.db import DatabaseError
from django.db.models import Min
from wagtail.models import Page, Revision

from home.csp import Provider, register_providers
from home.models import ServiceSettings
from home.page_cache import invalidation, schedule


def register() -> None:
    invalidation.connect()
    schedule.register(next_scheduled_page)
    register_providers(outside_services)


def next_scheduled_page(now: datetime) -> datetime | None:
    """Name the next moment at which a page goes live or leaves the site by its own dates."""
    expires = Page.objects.filter(live=True, expire_at__gt=now).aggregate(at=Min("expire_at"))["at"]
    appears = Revision.objects.filter(approved_go_live_at__gt=now).aggregate(at=Min("approved_go_live_at"))[
        "at"
    ]
    return min((moment for moment in (expires, appears) if moment), default=None)


def outside_services() -> Iterator[Provider]:
    """Name the services that are switched on in the settings."""
    try:
        services = ServiceSettings.current()
    except DatabaseError:  # the page that says so needs none of them
        return
    yield from services.providers()
