"""Staff read what visitors sent: everything stays in sight, whatever somebody wrote."""

from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from forms.models import Submission
from home.models import User
from tests.forms.building import form_page

PASSWORD = "a-long-password"


def test_one_long_word_pushes_no_column_of_messages_out_of_sight(page: Page, live_server: LiveServer) -> None:
    user = User.objects.create_user("staff@example.com", PASSWORD)
    user.groups.add(Group.objects.get(name="Customer service"))
    contact = form_page()
    written = {"your_name": "Maximilian" * 30, "e_mail": "max@example.com", "message": "Do you sell kettles?"}
    message = Submission.objects.create(page=contact, form_data=written)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{live_server.url}/admin/")
    page.locator("#id_username").fill(user.email)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{live_server.url}/admin/messages/")
    for words in ("MaximilianMaximilian", "Do you sell kettles?", message.page.title):
        expect(page.locator("#listing-results").get_by_text(words).first).to_be_in_viewport(ratio=1)
