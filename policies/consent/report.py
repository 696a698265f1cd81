"""The staff's report on choices about cookies: counts by day or week, by way of choosing and by category.

It counts records, which name nobody, and reads the sums of days that are over. Visits without a choice are not
recorded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from policies.consent import daily_sums, notices
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
    """Count the choices of the last `days` days, in four queries at most."""
    since = now - timedelta(days=days)
    step = "day" if days <= LONGEST_BY_DAY else "week"
    notice = notices.current(now)
    categories = notice.optional if notice else ()
    rows = _rows(since, now, step, [category.varname for category in categories])
    return Report(rows, [_share(category, rows) for category in categories], step)


def _share(category: notices.Category, rows: list[Row]) -> Share:
    allowed = sum(row.allowed[category.varname] for row in rows)
    asked = sum(row.asked[category.varname] for row in rows)
    return Share(category.name, allowed, asked, category.varname)


def _rows(since: datetime, now: datetime, step: str, varnames: list[str]) -> list[Row]:
    counters = (ConsentRecord.Method.values, varnames, varnames)
    starts = _starts(step, since, now)
    found = {start: Row(start, *(dict.fromkeys(names, 0) for names in counters)) for start in starts}
    for day, method, chosen, number in daily_sums.count(since=since, until=now):
        row = found[day - timedelta(days=day.weekday()) if step == "week" else day]
        row.counts[method] += number
        named = chosen if isinstance(chosen, dict) else {}  # a damaged record is counted, too
        for varname in named.keys() & row.asked.keys():
            row.asked[varname] += number
            row.allowed[varname] += number if named[varname] is True else 0
    return list(found.values())


def _starts(step: str, since: datetime, now: datetime) -> Iterator[date]:
    """Return every day, or the Monday of every week, of a period in the site's time."""
    day, last = timezone.localtime(since).date(), timezone.localtime(now).date()
    if step == "week":
        day -= timedelta(days=day.weekday())
    while day <= last:
        yield day
        day += timedelta(days=1 if step == "day" else 7)
