"""The days on which products come, on which pages of the shop change by themselves."""

from datetime import datetime, time

from django.db.models import Min
from django.utils import timezone

from store.models import ProductPage
from store.models.availability import Availability


def next_arrival(now: datetime) -> datetime | None:
    """Return when the next day begins on which a product comes."""
    today = timezone.localdate(now)
    coming = ProductPage.objects.filter(availability=Availability.COMING, available_on__gt=today)
    day = coming.aggregate(day=Min("available_on"))["day"]
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None
