"""The mail queue in the admin: everything can be read, nothing changed, and a mail can be sent again."""

import pytest
from django.contrib.auth.models import Group
from django.core import mail as django_mail
from django.test import Client
from django.urls import NoReverseMatch, reverse
from post_office.models import STATUS, Email
from pytest_django import Settings

from home import mail_queue
from home.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case]


@pytest.fixture
def email(db: None) -> Email:
    """Make a mail that failed for good."""
    made = mail_queue.queue(
        to=["shop@example.com"], subject="A question", text="<b>Kettles?</b>", reply_to="visitor@example.com"
    )
    Email.objects.update(status=STATUS.failed, number_of_retries=12)
    made.logs.create(status=STATUS.failed, exception_type="TimeoutError", message="no answer")
    return made


def signed_in(client: Client, *groups: str, **fields: bool) -> Client:
    """Sign in as somebody of these groups."""
    user = User.objects.create_user("staff@example.com", "a-long-password", **fields)
    user.groups.set(Group.objects.filter(name__in=groups))
    client.force_login(user)
    return client


def test_the_list_says_what_became_of_each(client: Client, email: Email) -> None:
    html = signed_in(client, is_superuser=True).get("/admin/mails/").content.decode()
    for words in ("A question", "shop@example.com", "failed", "13"):
        assert words in html
    assert f'href="/admin/mails/inspect/{email.pk}/"' in html


@pytest.mark.also_without_shop
@pytest.mark.parametrize(
    ("query", "is_found"),
    [("q=question", True), ("q=shop@", True), ("q=nothing", False), ("status=1", True), ("status=0", False)],
)
def test_the_list_can_be_searched_and_filtered(
    client: Client, email: Email, query: str, is_found: bool
) -> None:
    html = signed_in(client, is_superuser=True).get(f"/admin/mails/results/?{query}").content.decode()
    assert ("A question" in html) == is_found


def test_a_mail_is_shown_with_its_log(client: Client, email: Email) -> None:
    html = signed_in(client, is_superuser=True).get(f"/admin/mails/inspect/{email.pk}/").content.decode()
    assert "&lt;b&gt;Kettles?&lt;/b&gt;" in html
    assert "visitor@example.com" in html
    assert "TimeoutError no answer" in html


def test_html_is_shown_where_nothing_in_it_can_run(client: Client, db: None) -> None:
    html = '<p onclick="alert(1)">Kettles {% debug %}</p><script>alert(1)</script>'
    made = mail_queue.queue(to=["shop@example.com"], subject="A question", text="Kettles", html=html)
    page = signed_in(client, is_superuser=True).get(f"/admin/mails/inspect/{made.pk}/").content.decode()
    assert (
        '<iframe sandbox srcdoc="&lt;p onclick=&quot;alert(1)&quot;&gt;Kettles {% debug %}&lt;/p&gt;' in page
    )
    assert "<script>alert(1)" not in page


@pytest.mark.also_without_shop
def test_customer_service_can_send_a_mail_again(client: Client, email: Email, mailoutbox: list) -> None:
    signed_in(client, "Customer service")
    assert "Send again" in client.get(f"/admin/mails/inspect/{email.pk}/").content.decode()
    response = client.post(f"/admin/mails/{email.pk}/send-again/")
    assert response.headers["Location"] == f"/admin/mails/inspect/{email.pk}/"
    assert mailoutbox == [], "the worker sends it, not the request"
    mail_queue.send_due()
    assert len(mailoutbox) == 1


@pytest.mark.also_without_shop
def test_looking_at_the_address_sends_nothing(client: Client, email: Email) -> None:
    signed_in(client, is_superuser=True)
    assert client.get(f"/admin/mails/{email.pk}/send-again/").status_code == 405
    email.refresh_from_db()
    assert email.status == STATUS.failed


def test_an_unknown_mail_is_not_found(client: Client) -> None:
    signed_in(client, is_superuser=True)
    assert client.get("/admin/mails/inspect/999/").status_code == 404
    assert client.post("/admin/mails/999/send-again/").status_code == 404


@pytest.fixture
def account_mail(db: None) -> Email:
    """Queue a mail as Django itself does: a link with which anybody can set a new password."""
    with django_mail.get_connection("home.mail_queue.EmailBackend") as queue_of_django:
        django_mail.send_mail(
            "Password reset", "The secret link", None, ["owner@example.com"], connection=queue_of_django
        )
    return Email.objects.get(subject="Password reset")


def test_an_administrator_cannot_see_or_resend_mails_about_accounts(
    client: Client, email: Email, account_mail: Email
) -> None:
    signed_in(client, is_superuser=True)
    listed = client.get("/admin/mails/").content.decode()
    assert "A question" in listed
    assert "Password reset" not in listed
    for query in ("q=reset", "q=owner@", "q=secret", "status=2"):
        assert "Password reset" not in client.get(f"/admin/mails/results/?{query}").content.decode()
    assert client.get(f"/admin/mails/inspect/{account_mail.pk}/").status_code == 404
    assert client.post(f"/admin/mails/{account_mail.pk}/send-again/").status_code == 404


@pytest.mark.also_without_shop
def test_a_real_password_reset_is_not_for_staff_to_read(client: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "home.mail_queue.EmailBackend"
    User.objects.create_superuser("owner@example.com", "a-long-password")
    Client().post("/admin/password_reset/", {"email": "owner@example.com"})
    reset = Email.objects.get()
    assert "/admin/password_reset/confirm/" in reset.message
    signed_in(client, "Customer service")
    assert client.get(f"/admin/mails/inspect/{reset.pk}/").status_code == 404
    assert "owner@example.com" not in client.get("/admin/mails/").content.decode()


def test_editors_neither_read_nor_send(client: Client, email: Email) -> None:
    signed_in(client, "Editors")
    assert client.get("/admin/mails/").status_code == 302
    assert client.get(f"/admin/mails/inspect/{email.pk}/").status_code == 302
    client.post(f"/admin/mails/{email.pk}/send-again/")
    email.refresh_from_db()
    assert email.status == STATUS.failed
    assert "/admin/mails/" not in client.get("/admin/").content.decode()


@pytest.mark.also_without_shop
@pytest.mark.parametrize("path", ["new/", "edit/{pk}/", "delete/{pk}/", "copy/{pk}/", "history/{pk}/"])
def test_not_even_an_administrator_can_change_one(client: Client, email: Email, path: str) -> None:
    signed_in(client, is_superuser=True)
    assert client.post(f"/admin/mails/{path.format(pk=email.pk)}").status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("mails:delete", args=[email.pk])
