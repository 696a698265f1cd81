"""Staff read what visitors sent: everything stays in sight, whatever somebody wrote, and ratings on their chart."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from forms.models import Submission
from home.models import User
from tests.forms.building import add_field, form_page, sent

PASSWORD = "a-long-password"


@pytest.fixture
def desk(page: Page, live_server: LiveServer) -> Page:
    """The admin, as somebody of Customer service sees it."""
    user = User.objects.create_user("staff@example.com", PASSWORD)
    user.groups.add(Group.objects.get(name="Customer service"))
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{live_server.url}/admin/")
    page.locator("#id_username").fill(user.email)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    return page


def test_one_long_word_pushes_no_column_of_messages_out_of_sight(desk: Page, live_server: LiveServer) -> None:
    page, message = desk, sent(form_page(), name="Maximilian" * 25)
    page.goto(f"{live_server.url}/admin/messages/")
    for words in ("MaximilianMaximilian", "Do you sell kettles?", message.page.title):
        expect(page.locator("#listing-results").get_by_text(words).first).to_be_in_viewport(ratio=1)


def test_ratings_of_some_months_stand_on_their_chart_with_the_figures(
    desk: Page, live_server: LiveServer
) -> None:
    feedback = form_page("Feedback")
    add_field(feedback, "Stars", "rating")
    for months, stars in ((2, 2), (1, 3), (1, 5), (0, 5)):
        message = sent(feedback, rating=stars)
        then = timezone.now() - timedelta(days=30.5 * months)
        Submission.objects.filter(pk=message.pk).update(submit_time=then)
    desk.goto(f"{live_server.url}/admin/")
    desk.get_by_role("button", name="Messages").click()
    desk.get_by_role("link", name="Ratings").click()
    expect(desk.get_by_text("3.8 of 5")).to_be_visible()
    chart = desk.get_by_role("img", name="Number of ratings by month")
    expect(chart).to_be_visible()
    drawn = chart.locator("rect")
    assert {drawn.nth(at).bounding_box()["height"] > 0 for at in range(drawn.count())} == {True}
    assert drawn.count() == 4, "one for each number of stars of each month"
    row = desk.get_by_role("row").nth(2)  # last month
    expect(row).to_contain_text("4.0")
    for width in (1280, 390):
        desk.set_viewport_size({"width": width, "height": 900})
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
