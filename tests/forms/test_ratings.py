"""The chart of ratings: what it counts, in the site's months, its figures beside it, and who may see it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from forms.inbox import ratings
from forms.models import FormPage, Submission
from home.models import User
from tests.forms.building import add_field, form_page
from tests.queries import warm

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.also_without_shop]
TODAY = date(2026, 7, 15)
URL = "/admin/messages/ratings/"


@pytest.fixture(scope="module")
def feedback_of_module(database_of_module: None) -> int:
    page = form_page("Feedback")
    add_field(page, "Stars", "rating")
    return page.pk


@pytest.fixture
def feedback(feedback_of_module: int, db: None) -> FormPage:
    return FormPage.objects.get(pk=feedback_of_module)


def rate(page: FormPage, *stars: int, at: datetime | None = None, status: str = "new") -> None:
    made = [Submission.objects.create(page=page, form_data={}, rating=one, status=status) for one in stars]
    Submission.objects.filter(pk__in=[one.pk for one in made]).update(submit_time=at or timezone.now())


def test_each_month_is_counted_in_the_time_zone_of_the_site(feedback: FormPage) -> None:
    rate(feedback, 5, at=datetime(2026, 6, 30, 22, 30, tzinfo=UTC))  # half past midnight in Berlin
    rate(feedback, 5, 4, 1, at=datetime(2026, 7, 15, 12, tzinfo=UTC))
    rate(feedback, 2, at=datetime(2025, 7, 31, 22, tzinfo=UTC))  # the first moment of twelve months
    rate(feedback, 3, at=datetime(2025, 7, 31, 21, 59, tzinfo=UTC))
    rate(feedback, 1, at=datetime(2026, 7, 1, tzinfo=UTC), status="spam")
    rate(form_page("Contact"), 1, at=datetime(2026, 7, 1, tzinfo=UTC))
    months = ratings.by_month(feedback.pk, months=12, today=TODAY)
    assert [month.start for month in months[::11]] == [date(2025, 8, 1), date(2026, 7, 1)]
    assert [month.counts for month in months] == [[0, 1, 0, 0, 0], *[[0] * 5] * 10, [1, 0, 0, 1, 2]]
    assert [month.mean for month in months[::11]] == [2, 15 / 4]
    assert months[1].mean is None
    whole = ratings.together(months)
    assert (whole.total, whole.mean) == (5, 17 / 5)
    assert [count for _words, count in whole.shares] == [2, 1, 0, 1, 1]


@pytest.mark.parametrize("query", ["", "form=0&period=6", "form=x&period=-1", "form=9999999&period=24&x=1"])
def test_the_charts_have_their_figures_beside_them(owner: Client, feedback: FormPage, query: str) -> None:
    rate(feedback, 5, 4)
    rate(feedback, 3, 3, at=timezone.now() - timedelta(days=40))
    shown = owner.get(f"{URL}?{query}").content.decode()
    assert "<strong>3.8 of 5</strong> 4 ratings" in shown
    assert shown.count('class="stacked-bars"') == 2
    assert '<span>3 stars</span> <svg class="report__bar" viewBox="0 0 4 1"' in shown
    assert shown.count('data-label="Average">4.5</td>') == 1


def test_months_begin_with_the_first_that_has_a_rating(owner: Client, feedback: FormPage) -> None:
    rate(feedback, 5)
    page = owner.get(URL)
    assert len(page.context["months"]) == 1
    assert f"No ratings before {timezone.localdate():%B %Y}." in page.content.decode()
    assert 'class="stacked-bars"' not in page.content.decode()


def test_no_period_is_longer_than_messages_are_kept(owner: Client, feedback: FormPage) -> None:
    for days, periods in ((7, [6]), (365, [6, 12]), (800, [6, 12, 24])):
        FormPage.objects.update(keep_days=days)
        assert [*owner.get(f"{URL}?period=24").context["periods"]] == periods


def test_a_form_is_chosen_and_more_of_them_cost_no_query(owner: Client, feedback: FormPage) -> None:
    rate(feedback, 5)
    before = warm(owner, URL)
    once = form_page("Contact")  # it has no field for it any more
    for days in range(5):
        rate(once, 1, 2, at=timezone.now() - timedelta(days=40 * days))
    assert warm(owner, URL) == before
    assert "<strong>1.5 of 5</strong> 10 ratings" in owner.get(f"{URL}?form={once.pk}").content.decode()


def test_without_ratings_it_says_how_they_come(owner: Client, feedback: FormPage) -> None:
    assert "Nobody has given a rating" in owner.get(URL).content.decode()
    feedback.form_fields.all().delete()
    FormPage.objects.get(pk=feedback.pk).form_fields.filter(field_type="rating").delete()
    assert "add a field of the type" in owner.get(URL).content.decode()


@pytest.mark.parametrize(("group", "status"), [("Customer service", 200), ("Editors", 302)])
def test_who_may_read_messages_sees_the_reports(client: Client, group: str, status: int) -> None:
    user = User.objects.create_user("clerk@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    for path in ("ratings/", "asked-about/"):
        assert client.get(f"/admin/messages/{path}").status_code == status
    menu = client.get("/admin/").content.decode()
    assert (URL in menu, "/admin/messages/asked-about/" in menu) == (status == 200,) * 2
