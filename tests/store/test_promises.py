"""By when an order leaves and arrives: cut-off hour, weekdays of dispatch, closed days, and hours that come twice."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.shipping import promises
from store.shipping.promises import Rules

LONDON, LORD_HOWE, SANTIAGO = map(ZoneInfo, ("Europe/London", "Australia/Lord_Howe", "America/Santiago"))
WEEK = frozenset(range(5))
FRIDAY = date(2026, 11, 27)


def rules(zone: ZoneInfo = LONDON, **values: object) -> Rules:
    return Rules(**{"zone": zone, "weekdays": WEEK, "cut_off": time(14), **values})


def at(text: str, zone: ZoneInfo = LONDON) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("now", "closed", "leaves", "arrives"),
    [
        ("2026-11-27T13:59:59", (), "2026-11-27", "Tue 1 to Thu 3 December"),
        ("2026-11-27T14:00", (), "2026-11-30", "Wed 2 to Fri 4 December"),
        ("2026-11-28T00:30", (), "2026-11-30", "Wed 2 to Fri 4 December"),
        ("2026-12-24T15:00", (), "2026-12-25", "Tue 29 to Thu 31 December"),
        ("2026-12-24T15:00", ("2026-12-25", "2027-01-01"), "2027-01-04", "Wed 6 to Fri 8 January"),
        ("2026-12-24T13:00", ("2026-12-25", "2027-01-01"), "2026-12-24", "Mon 28 to Wed 30 December"),
        ("2026-12-28T13:00", ("2026-12-28", "2026-12-28"), "2026-12-29", "Thu 31 December to Mon 4 January"),
    ],
)
def test_an_order_leaves_on_the_next_day_of_dispatch(
    now: str, closed: tuple[str, ...], leaves: str, arrives: str
) -> None:
    days = (tuple(map(date.fromisoformat, closed)),) if closed else ()
    found = promises.promise(rules(closed=days), least=2, most=4, now=at(now))
    assert (str(found.leaves), found.arrives) == (leaves, arrives)


def test_nothing_is_promised_without_a_cut_off_hour_or_a_day_on_which_parcels_leave() -> None:
    for given_rules in (rules(cut_off=None), rules(weekdays=()), rules(closed=((FRIDAY, date(2029, 1, 1)),))):
        assert promises.promise(given_rules, least=2, most=4, now=at("2026-11-27T08:00")) is None
    assert rules(cut_off=None).next_change(at("2026-11-27T08:00")) is None


@pytest.mark.parametrize(("make", "leaves"), [(0, 27), (1, 30), (4, 3)])
def test_what_is_made_to_order_leaves_when_it_is_made(make: int, leaves: int) -> None:
    found = promises.promise(rules(), least=2, most=4, now=at("2026-11-27T08:00"), make=make)
    assert (found.leaves.day, found.until) == (leaves, at("2026-11-27T14:00"))


@pytest.mark.parametrize("most", [4, 10**18])
def test_nothing_is_promised_of_days_that_no_calendar_has(most: int) -> None:
    for_good = ((date(2026, 11, 28), date.max),) if most == 4 else ()
    asked = {"least": 2, "most": most, "now": at("2026-11-27T08:00"), "make": 1}
    assert promises.promise(rules(closed=for_good), **asked) is None


def test_one_day_is_said_as_one() -> None:
    assert promises.in_words(FRIDAY, FRIDAY) == "Fri 27 November"


def test_of_an_hour_that_comes_twice_the_first_is_the_cut_off() -> None:
    night = rules(cut_off=time(1, 30), weekdays=range(7))
    moments = [at("2026-10-25T01:29"), at("2026-10-25T01:31"), at("2026-10-25T01:10").replace(fold=1)]
    assert [night.dispatch_day(one).day for one in moments] == [25, 26, 26]


def test_a_cut_off_in_a_skipped_hour_and_a_midnight_that_is_skipped_come_once() -> None:
    assert rules(cut_off=time(1, 30)).moment(date(2026, 3, 29), time(1, 30)) == at("2026-03-29T01:30", UTC)
    skipped = rules(SANTIAGO).moment(date(2026, 9, 6))
    assert skipped == at("2026-09-06T01:00", SANTIAGO)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from([LONDON, LORD_HOWE, SANTIAGO]),
    weekdays=st.sets(st.integers(0, 6), min_size=1),
    cut_off=st.times(),
    closed=st.tuples(st.dates(date(2026, 1, 1), date(2027, 12, 1)), st.integers(0, 40)),
    days=st.tuples(st.integers(1, 5), st.integers(0, 5)),
)
def test_a_promise_keeps_its_rules_and_holds_until_the_next_change(
    now: datetime,
    zone: ZoneInfo,
    weekdays: set[int],
    cut_off: time,
    closed: tuple[date, int],
    days: tuple[int, int],
) -> None:
    away = (closed[0], closed[0] + timedelta(days=closed[1]))
    given_rules = rules(zone, weekdays=weekdays, cut_off=cut_off, closed=(away,))
    least, most = days[0], sum(days)
    found = promises.promise(given_rules, least=least, most=most, now=now)
    assert found.until > now, "whoever orders now is in time"
    assert found.leaves.weekday() in weekdays
    assert not away[0] <= found.leaves <= away[1]
    assert found.leaves < found.first <= found.last
    assert promises.working_days_between(found.leaves, found.first) == least
    change = given_rules.next_change(now)
    assert now < change <= now + timedelta(hours=26)
    last = max(now, change - timedelta(microseconds=1))
    assert promises.promise(given_rules, least=least, most=most, now=last) == found
