"""The moments at which public pages change by themselves: a policy takes effect, a page expires.

Apps contribute functions that return their next such moment; no stored page outlives it.
"""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Min
from wagtail.models import Page, Revision

from home.hooks import collect

NextChange = Callable[[datetime], datetime | None]


def seconds_to_next_change(now: datetime, *, most: int) -> int:
    """Return the whole seconds until the next known change (0: less than one), but no more than `most`."""
    changes: list[NextChange] = collect("register_known_changes")
    moments = [moment for change in changes if (moment := change(now)) is not None and moment > now]
    return min([most, *(int((moment - now).total_seconds()) for moment in moments)])


def next_scheduled_page(now: datetime) -> datetime | None:
    """Return the next moment at which a page goes live or leaves the site by its own dates."""
    expires = Page.objects.filter(live=True, expire_at__gt=now).aggregate(at=Min("expire_at"))["at"]
    revisions = Revision.objects.filter(approved_go_live_at__gt=now)
    appears = revisions.aggregate(at=Min("approved_go_live_at"))["at"]
    return min((moment for moment in (expires, appears) if moment), default=None)
