"""The staff's report on choices about cookies: counts by day or week, by way of choosing and by category.

It counts records, which name nobody. Visits without a choice are not recorded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDay, TruncWeek
from django.utils import timezone

from policies.consent import notices
from policies.models import ConsentRecord

PERIODS = (30, 90, 365)  # days that staff may choose
LONGEST_BY_DAY = 45  # days; longer periods are counted by week


@dataclass(frozen=True)
class Row:
    """The choices of one day or week: `counts` by way of choosing; of a category, who was `asked` and `allowed` it."""

    start: date
    counts: dict[str, int]  # in the order of `ConsentRecord.Method`
    asked: dict[str, int]
    allowed: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Share:
    """A share: choices of one kind out of all, or choices that allow a category out of those that name it."""

    name: str
    number: int
    out_of: int
    varname: str = ""

    @property
    def percent(self) -> int:
        return round(100 * self.number / self.out_of) if self.out_of else 0

    @property
    def rest(self) -> "Share":
        return Share(self.name, self.out_of - self.number, self.out_of, self.varname)


@dataclass(frozen=True)
class Report:
    """The choices of a period. Rows have no gaps; `step` is "day" or "week"."""

    rows: list[Row]
    categories: list[Share]
    step: str

    @property
    def total(self) -> int:
        return sum(row.total for row in self.rows)

    @property
    def shares(self) -> list[Share]:
        """Each way of choosing with its share of all choices."""
        return [
            Share(str(label), sum(row.counts[method] for row in self.rows), self.total)
            for method, label in ConsentRecord.Method.choices
        ]


def count_choices(days: int, *, now: datetime) -> Report:
    """Count the choices of the last `days` days, in three queries at most."""
    records = ConsentRecord.objects.filter(created_at__gt=now - timedelta(days=days), created_at__lte=now)
    step = "day" if days <= LONGEST_BY_DAY else "week"
    notice = notices.current(now)
    categories = notice.optional if notice else ()
    starts = _starts(step, now - timedelta(days=days), now)
    rows = _rows(records, step, starts, [category.varname for category in categories])
    return Report(rows, [_share(category, rows) for category in categories], step)


def _share(category: notices.Category, rows: list[Row]) -> Share:
    allowed = sum(row.allowed[category.varname] for row in rows)
    asked = sum(row.asked[category.varname] for row in rows)
    return Share(category.name, allowed, asked, category.varname)


def _rows(
    records: QuerySet[ConsentRecord], step: str, starts: Iterable[date], varnames: list[str]
) -> list[Row]:
    truncate = TruncDay if step == "day" else TruncWeek
    asked = {f"asked_{name}": Count("pk", filter=Q(choices__has_key=name)) for name in varnames}
    allowed = {f"on_{name}": Count("pk", filter=Q(**{f"choices__{name}": True})) for name in varnames}
    counted = (
        records.annotate(start=truncate("created_at"))
        .order_by("start")
        .values_list("start", "method")
        .annotate(number=Count("pk"), **asked, **allowed)
    )
    counters = (ConsentRecord.Method.values, varnames, varnames)
    found = {start: Row(start, *(dict.fromkeys(names, 0) for names in counters)) for start in starts}
    for start, method, number, *numbers in counted:
        row = found[start.date()]
        row.counts[method] = number
        for place, varname in enumerate(varnames):
            row.asked[varname] += numbers[place]
            row.allowed[varname] += numbers[len(varnames) + place]
    return list(found.values())


def _starts(step: str, since: datetime, now: datetime) -> Iterator[date]:
    """Return every day, or the Monday of every week, of a period in the site's time."""
    day, last = timezone.localtime(since).date(), timezone.localtime(now).date()
    if step == "week":
        day -= timedelta(days=day.weekday())
    while day <= last:
        yield day
        day += timedelta(days=1 if step == "day" else 7)
