"""Template filters for times: the machine-readable side of a `time` element, and periods in words."""

from datetime import datetime
from math import ceil, floor

from django import template
from django.utils import timezone
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def iso(moment: datetime) -> str:
    """Return the moment as HTML's `datetime` attribute takes it: local time with its offset, to the second."""
    return timezone.localtime(moment).isoformat(timespec="seconds")


@register.filter
def period(days: int) -> str:
    """Return so many days in words: in years where they are whole ones."""
    years = round(days / 365.25)
    if years and days in {365 * years, floor(365.25 * years), ceil(365.25 * years)}:
        return ngettext("%(years)s year", "%(years)s years", years) % {"years": years}
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
