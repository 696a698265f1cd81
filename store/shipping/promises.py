"""When an order leaves and arrives: by the cut-off hour, the weekdays of dispatch, and the days on which none leaves.

Nothing here reads the database. Days are those of one time zone, and moments are compared in UTC, since an hour may
come twice. Days on the way are Monday to Friday.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

DAY = timedelta(days=1)
LOOKED_AHEAD = 400  # days; whoever is closed for longer promises nothing
SATURDAY = 5


def today() -> date:
    """Return the day in the shop's time zone, whoever asks."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


@dataclass(frozen=True, kw_only=True)
class Rules:
    """When orders leave."""

    zone: tzinfo
    weekdays: Collection[int]  # 0 is Monday
    cut_off: time | None = None  # None: nothing is promised
    closed: tuple[tuple[date, date], ...] = ()  # the first and the last day of each

    def moment(self, day: date, at: time = time.min) -> datetime:
        """Return an hour of a day; of one that comes twice, the first, and of one that is skipped, what follows it."""
        return datetime.combine(day, at, self.zone).astimezone(UTC)

    def is_closed(self, day: date) -> bool:
        return any(begin <= day <= end for begin, end in self.closed)

    def dispatch_day(self, now: datetime) -> date | None:
        """Return the day on which an order leaves that is placed now."""
        if self.cut_off is None:
            return None
        day = now.astimezone(self.zone).date()
        return self.next_dispatch(day if now < self.moment(day, self.cut_off) else day + DAY)

    def next_dispatch(self, day: date) -> date | None:
        """Return the first day, from this one on, on which orders leave."""
        ahead = (day + DAY * days for days in range(LOOKED_AHEAD))
        return next(
            (one for one in ahead if one.weekday() in self.weekdays and not self.is_closed(one)), None
        )

    def made(self, day: date, days: int) -> date | None:
        """Return the day on which is ready what takes so many working days to make; None if that is too far away."""
        last = day + DAY * (LOOKED_AHEAD + 2 * days)
        while days and day < last:
            day += DAY
            days -= day.weekday() < SATURDAY and not self.is_closed(day)
        return None if days else day

    def next_change(self, now: datetime) -> datetime | None:
        """Return when what is promised changes next; None if it never does."""
        if self.cut_off is None and not self.closed:
            return None
        today = now.astimezone(self.zone).date()
        moments = [self.moment(today + DAY), *([self.moment(today, self.cut_off)] if self.cut_off else [])]
        return min(one for one in moments if one > now)


@dataclass(frozen=True)
class Promise:
    """By when an order leaves and arrives that is placed until a moment."""

    until: datetime
    leaves: date
    first: date
    last: date

    @property
    def arrives(self) -> str:
        """The days on which it may arrive, in words."""
        return in_words(self.first, self.last)

    @property
    def order_by(self) -> str:
        """Until when to order, in words."""
        day = self.until.date()
        values = {"time": date_format(self.until, "TIME_FORMAT"), "day": day_in_words(day)}
        is_today = day == timezone.localdate(timezone=self.until.tzinfo)
        return (_("%(time)s today") if is_today else _("%(time)s on %(day)s")) % values


def promise(rules: Rules, *, least: int, most: int, now: datetime, make: int = 0) -> Promise | None:
    """Return what is promised if delivery takes so many working days, after those to make it; None if nothing is."""
    day = rules.dispatch_day(now)
    ready = rules.made(day, make) if day else None
    leaves = rules.next_dispatch(ready) if ready else None
    if day is None or leaves is None or rules.cut_off is None or most > LOOKED_AHEAD:
        return None
    until = rules.moment(day, rules.cut_off).astimezone(rules.zone)
    return Promise(until, leaves, working_days_after(leaves, least), working_days_after(leaves, most))


def working_days_after(day: date, days: int) -> date:
    """Return the day that is so many working days later."""
    while days:
        day += DAY
        days -= day.weekday() < SATURDAY
    return day


def working_days_between(day: date, later: date) -> int:
    """Return after how many working days a later day comes."""
    return sum((day + DAY * days).weekday() < SATURDAY for days in range(1, (later - day).days + 1))


def day_in_words(day: date) -> str:
    """Return a day with its weekday, without the year."""
    return date_format(day, pgettext("date format", "D j F"))


def in_words(first: date, last: date) -> str:
    """Return the days from one to another."""
    if first == last:
        return day_in_words(last)
    is_one_month = (first.year, first.month) == (last.year, last.month)
    begin = date_format(first, pgettext("date format", "D j")) if is_one_month else day_in_words(first)
    return _("%(first)s to %(last)s") % {"first": begin, "last": day_in_words(last)}
