"""Template filter for the machine-readable side of a `time` element."""

from datetime import datetime

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def iso(moment: datetime) -> str:
    """Return the moment as HTML's `datetime` attribute takes it: local time with its offset, to the second."""
    return timezone.localtime(moment).isoformat(timespec="seconds")
