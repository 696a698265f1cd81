"""The moments at which public pages change by themselves: a policy takes effect, a page expires.

Apps contribute functions that return their next such moment; no stored page outlives it.
"""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Min
from wagtail.models import Page, Revision

from home.hooks import collect

NextChange = Callable[[datetime], datetime | None]


def next_change(now: datetime) -> datetime | None:
    """Return the next known moment after `now` at which pages change by themselves."""
    changes: list[NextChange] = collect("register_known_changes")
    moments = (change(now) for change in changes)
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def next_scheduled_page(now: datetime) -> datetime | None:
    """Return the next moment at which a page goes live or leaves the site by its own dates."""
    expires = Page.objects.filter(live=True, expire_at__gt=now).aggregate(at=Min("expire_at"))["at"]
    revisions = Revision.objects.filter(approved_go_live_at__gt=now)
    appears = revisions.aggregate(at=Min("approved_go_live_at"))["at"]
    return min((moment for moment in (expires, appears) if moment), default=None)
