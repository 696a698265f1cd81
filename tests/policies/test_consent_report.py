"""The report on choices: what it counts, in the site's days, and who may see it."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from home.models import User
from policies.consent import choices, notices
from policies.consent.report import count_choices
from tests.factories import cookie_policy, declare_cookies

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case]
NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)  # a Wednesday; summer time in Berlin


@pytest.fixture(scope="module")
def notice(database_of_module: None) -> notices.Notice:
    declare_cookies("analytics")
    declare_cookies("media")
    cookie_policy()
    return notices.current(timezone.now())


def choose(notice: notices.Notice, method: str, *categories: str, at: datetime = NOW) -> None:
    choices.save_choice(notice=notice, method=method, categories=categories, now=at)


def test_it_counts_each_day_without_gaps(notice: notices.Notice) -> None:
    choose(notice, "all", at=NOW - timedelta(days=2))
    choose(notice, "none", at=NOW - timedelta(days=2))
    choose(notice, "all")
    report = count_choices(30, now=NOW)
    assert len(report.rows) == 31
    assert [row.total for row in report.rows[-3:]] == [2, 0, 1]
    assert report.rows[-3].counts == {"all": 1, "none": 1, "chosen": 0}
    assert [(share.number, share.percent) for share in report.shares] == [(2, 67), (1, 33), (0, 0)]


def test_it_counts_who_allows_each_category_over_time(notice: notices.Notice, client: Client) -> None:
    now = timezone.now()
    for method, *categories in (("all",), ("chosen", "media"), ("none",)):
        choose(notice, method, *categories, at=now)
    choose(notice, "chosen", "analytics", at=now - timedelta(days=2))
    rows = count_choices(30, now=now).rows
    assert rows[-1].allowed == {"analytics": 1, "media": 2}
    assert rows[-2].allowed == {"analytics": 0, "media": 0}
    assert rows[-3].allowed == {"analytics": 1, "media": 0}
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    shown = client.get("/admin/policies/consent-report/").content.decode()
    assert "2 of 3 allow it" in shown
    assert "allow Media</th>" in shown


def test_who_was_never_asked_about_a_category_did_not_refuse_it(
    notice: notices.Notice, admin_client: Client
) -> None:
    now = timezone.now()
    choose(notice, "none", at=now)
    declare_cookies("social")
    cookie_policy()
    for method in ("none", "all"):
        choose(notices.current(now := timezone.now()), method, at=now)
    row = count_choices(30, now=now).rows[-1]
    assert row.asked == {"analytics": 3, "media": 3, "social": 2}
    assert row.allowed == {"analytics": 1, "media": 1, "social": 1}
    shown = admin_client.get("/admin/policies/consent-report/").content.decode()
    charts = shown[shown.find("allow it") - 200 :]
    assert (charts.count("1 of 3 allow it"), charts.count("1 of 2 allow it")) == (2, 1)


def test_a_day_is_the_sites_and_not_that_of_utc(notice: notices.Notice) -> None:
    choose(notice, "all", at=datetime(2026, 7, 14, 22, 30, tzinfo=UTC))  # half past midnight in Berlin
    assert count_choices(30, now=NOW).rows[-1].total == 1


def test_longer_periods_are_counted_by_weeks_that_begin_on_monday(notice: notices.Notice) -> None:
    choose(notice, "all", at=NOW - timedelta(days=2))
    choose(notice, "all", at=NOW - timedelta(days=3))
    report = count_choices(90, now=NOW)
    assert report.step == "week"
    assert [(row.start.isoformat(), row.total) for row in report.rows[-2:]] == [
        ("2026-07-06", 1),
        ("2026-07-13", 1),
    ]


def test_it_says_how_many_allow_each_category(notice: notices.Notice) -> None:
    choose(notice, "all", at=timezone.now())
    choose(notice, "chosen", "media", at=timezone.now())
    choose(notice, "none", at=timezone.now())
    shares = {
        share.name: (share.number, share.out_of) for share in count_choices(30, now=timezone.now()).categories
    }
    assert shares == {"Analytics": (1, 3), "Media": (2, 3)}


def test_the_sums_are_the_number_of_records(notice: notices.Notice) -> None:
    dice = random.Random(7)  # noqa: S311 - a fixed seed
    for _ in range(40):
        choose(
            notice, dice.choice(["all", "none", "chosen"]), at=NOW - timedelta(hours=dice.randint(0, 24 * 89))
        )
    assert count_choices(90, now=NOW).total == 40


def test_the_number_of_queries_does_not_grow(
    notice: notices.Notice, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for days in range(10):
        choose(notice, "all", at=timezone.now() - timedelta(days=days))
    with django_assert_num_queries(4):
        count_choices(30, now=timezone.now())


@pytest.mark.parametrize("days", ["", "90", "365", "31", "-1", "x", "%01"])
def test_the_page_shows_a_chart_and_a_table_for_any_period_asked_for(
    client: Client, notice: notices.Notice, days: str
) -> None:
    choose(notice, "all", at=timezone.now())
    user = User.objects.create_user("editor@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Editors"))
    client.force_login(user)
    answer = client.get(f"/admin/policies/consent-report/?days={days}")
    assert answer.status_code == 200
    assert "stacked-bars" in answer.content.decode()
    assert "100 %" in answer.content.decode()


def test_without_choices_it_says_so(admin_client: Client) -> None:
    assert "Nobody has made a choice" in admin_client.get("/admin/policies/consent-report/").content.decode()


def test_staff_without_the_right_do_not_see_it(client: Client) -> None:
    user = User.objects.create_user("service@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Customer service"))
    client.force_login(user)
    assert client.get("/admin/policies/consent-report/").status_code == 302
    assert "consent-report" not in client.get("/admin/").content.decode()
