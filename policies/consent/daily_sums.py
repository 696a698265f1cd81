"""The sums of choices of the days that are over, which the report reads instead of their records.

A sum is written once, when no record of its day can come any more, and goes with the first record of its day: what has
no sum is counted from the records, so the report is right whether the worker runs or not.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDay
from django.utils import timezone

from policies.models import ConsentRecord
from policies.models.consents import ConsentDay, time_of_keeping

# After the end of a day: longer than a request takes, and than the clocks of two servers differ.
SETTLED = timedelta(hours=1)
Counted = tuple[date, str, Any, int]  # day, way of choosing, choices, how many chose so


def count(*, since: datetime, until: datetime) -> Iterator[Counted]:
    """Yield how many chose what in which way on each day, for records made after `since` and until then."""
    sums = ConsentDay.objects.filter(start__gt=since, end__lte=until).order_by("start")
    days = []
    for start, end, counts in sums.values_list("start", "end", "counts"):
        day = timezone.localdate(start)
        if (start, end) == _ends(day):  # otherwise the site's time zone was another
            days.append((start, end))
            for method, chosen, number in counts:
                yield day, method, chosen, number
    records = ConsentRecord.objects.filter(created_at__gt=since, created_at__lte=until)
    yield from _grouped(records.filter(_beside(days)))


def sum_finished_days(now: datetime) -> None:
    """Write the sum of each day that is over and has none; of none whose records are about to go."""
    first = ConsentRecord.objects.order_by("created_at").values_list("created_at", flat=True).first()
    if first is None:
        return
    day = timezone.localdate(max(first, now - time_of_keeping() + timedelta(days=2)))
    known = set(ConsentDay.objects.values_list("start", "end"))
    while (ends := _ends(day))[1] + SETTLED <= now:
        if ends not in known:
            records = ConsentRecord.objects.filter(created_at__gte=ends[0], created_at__lt=ends[1])
            counts = [rest for _day, *rest in _grouped(records)]
            # There may be one of another time zone, or of a worker beside this one.
            values = {"end": ends[1], "counts": counts}
            ConsentDay.objects.update_or_create(start=ends[0], defaults=values)
        day += timedelta(days=1)


def forget(*, before: datetime) -> None:
    """Remove the sums of days of which a record goes."""
    ConsentDay.objects.filter(start__lt=before).delete()


def _grouped(records: Any) -> Iterator[Counted]:
    rows = records.annotate(day=TruncDay("created_at")).order_by().values_list("day", "method", "choices")
    for day, *rest, number in rows.annotate(number=Count("pk")):
        yield (day.date(), *rest, number)


def _beside(days: Iterable[tuple[datetime, datetime]]) -> Q:
    """Leave out what days cover; days that follow each other are one condition."""
    left, begin, last = Q(), None, None
    for start, end in days:
        if start != last:
            left &= _outside(begin, last)
            begin = start
        last = end
    return left & _outside(begin, last)


def _outside(start: datetime | None, end: datetime | None) -> Q:
    return Q() if start is None else Q(created_at__lt=start) | Q(created_at__gte=end)


def _ends(day: date) -> tuple[datetime, datetime]:
    zone = timezone.get_default_timezone()
    return datetime.combine(day, time.min, zone), datetime.combine(day + timedelta(days=1), time.min, zone)
