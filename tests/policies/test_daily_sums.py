"""The sums of choices by day: the report says the same with them as without, whatever came, went or changed."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from policies.consent import choices, daily_sums, notices, personal_data
from policies.consent.report import Report, count_choices
from policies.models import ConsentDay, ConsentRecord
from tests.factories import cookie_policy, declare_cookies

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = datetime(2027, 4, 15, 12, tzinfo=UTC)  # two weeks and a half after the clocks went forward in Berlin
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def declared(database_of_module: None) -> None:
    declare_cookies("analytics")
    declare_cookies("media")
    cookie_policy()


@pytest.fixture
def notice(declared: None, db: None) -> notices.Notice:
    return notices.current(timezone.now())


def choose(notice: notices.Notice, method: str = "all", *categories: str, at: datetime = NOW) -> None:
    choices.save_choice(notice=notice, method=method, categories=categories, now=at)


def some_choices(notice: notices.Notice, days: int = 100) -> None:
    dice = random.Random(1)  # noqa: S311 - the same each time, not a secret
    for _ in range(120):
        method = dice.choice(["all", "none", "chosen"])
        categories = dice.choice([(), ("media",), ("media", "analytics")]) if method == "chosen" else ()
        choose(notice, method, *categories, at=NOW - dice.random() * days * DAY)


def reports(now: datetime = NOW) -> list[Report]:
    return [count_choices(days, now=now) for days in (30, 90, 365)]


def test_the_report_says_the_same_with_sums_as_without(notice: notices.Notice) -> None:
    some_choices(notice)
    for hour in (0, 22, 23):  # the ends of two days that have 23 and 24 hours
        choose(notice, at=datetime(2027, 3, 27, hour, tzinfo=UTC))
        choose(notice, at=datetime(2027, 3, 28, hour, tzinfo=UTC))
    before = reports()
    assert before[-1].total == 126
    daily_sums.sum_finished_days(NOW)
    assert ConsentDay.objects.count() >= 95
    assert reports() == before


def test_the_report_reads_the_sums_and_not_the_records(notice: notices.Notice) -> None:
    choose(notice, at=NOW - 3 * DAY)
    daily_sums.sum_finished_days(NOW)
    ConsentDay.objects.filter(start__lt=NOW - 2.5 * DAY).update(counts=[["none", {"media": False}, 7]])
    report = count_choices(30, now=NOW)
    assert report.rows[-4].counts == {"all": 0, "none": 7, "chosen": 0}
    assert report.rows[-4].asked == {"analytics": 0, "media": 7}


def test_a_day_is_summed_once_no_record_of_it_can_come_any_more(notice: notices.Notice) -> None:
    midnight = datetime(2027, 4, 14, 22, tzinfo=UTC)
    choose(notice, at=midnight - timedelta(hours=3))
    daily_sums.sum_finished_days(midnight + daily_sums.SETTLED - timedelta(seconds=1))
    assert not ConsentDay.objects.exists()
    choose(notice, at=midnight - timedelta(seconds=1))
    daily_sums.sum_finished_days(midnight + daily_sums.SETTLED)
    assert [day.counts[0][2] for day in ConsentDay.objects.all()] == [2]


def test_a_day_without_a_choice_has_a_sum_too(notice: notices.Notice) -> None:
    choose(notice, at=NOW - 5 * DAY)
    daily_sums.sum_finished_days(NOW)
    assert [len(day.counts) for day in ConsentDay.objects.order_by("start")] == [1, 0, 0, 0, 0]


def test_without_a_record_there_is_nothing_to_sum(notice: notices.Notice) -> None:
    daily_sums.sum_finished_days(NOW)
    assert not ConsentDay.objects.exists()


def test_what_retention_removes_the_report_does_not_count(notice: notices.Notice, settings: Settings) -> None:
    some_choices(notice)
    daily_sums.sum_finished_days(NOW)
    settings.CONSENT_RECORD_DAYS = 20
    assert personal_data.expire(NOW) > 0
    with_sums = reports()
    daily_sums.sum_finished_days(NOW)  # not of the day that is being removed
    assert reports() == with_sums
    ConsentDay.objects.all().delete()
    assert reports() == with_sums
    assert with_sums[-1].total == ConsentRecord.objects.count()


def test_sums_of_another_time_zone_are_not_read_and_made_anew(
    notice: notices.Notice, settings: Settings
) -> None:
    some_choices(notice, days=20)
    daily_sums.sum_finished_days(NOW)
    settings.TIME_ZONE = "America/New_York"
    timezone.get_default_timezone.cache_clear()
    try:
        with_old_sums = reports()
        daily_sums.sum_finished_days(NOW)
        assert reports() == with_old_sums
        ConsentDay.objects.all().delete()
        assert reports() == with_old_sums
    finally:
        settings.TIME_ZONE = "Europe/Berlin"
        timezone.get_default_timezone.cache_clear()


def test_a_damaged_record_is_counted_and_stops_nothing(notice: notices.Notice) -> None:
    choose(notice, at=NOW - 3 * DAY)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policies_consentrecord SET choices = '[1]'")
    daily_sums.sum_finished_days(NOW)
    row = count_choices(30, now=NOW).rows[-4]
    assert (row.total, row.asked) == (1, {"analytics": 0, "media": 0})


def test_the_report_asks_as_little_for_a_year_as_for_a_month(notice: notices.Notice) -> None:
    some_choices(notice)
    daily_sums.sum_finished_days(NOW)
    for days in (30, 365):
        with CaptureQueriesContext(connection) as asked:
            count_choices(days, now=NOW)
        assert len(asked) <= 4


def test_summing_again_writes_nothing(notice: notices.Notice) -> None:
    some_choices(notice)
    daily_sums.sum_finished_days(NOW)
    with CaptureQueriesContext(connection) as asked:
        daily_sums.sum_finished_days(NOW)
    assert len(asked) == 2
