"""Asking for a new password: nobody can fill a mailbox with links, or try out addresses without end."""

from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from config import sign_in
from home.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


def ask(client: Client, email: str, *, address: str = "192.0.2.1") -> HttpResponse:
    """Ask for a new password from an IP address."""
    return client.post("/admin/password_reset/", {"email": email}, REMOTE_ADDR=address)


def test_the_form_is_shown(client: Client) -> None:
    response = client.get("/admin/password_reset/")
    assert response.status_code == 200
    assert 'name="email"' in response.content.decode()


def test_a_link_is_sent(client: Client, mailoutbox: list) -> None:
    User.objects.create_superuser("owner@example.com", "a-long-password")
    assert ask(client, "owner@example.com").headers["Location"] == "/admin/password_reset/done/"
    assert "/admin/password_reset/confirm/" in mailoutbox[0].body


def test_one_address_is_sent_a_few_links_an_hour_wherever_they_are_asked_for(
    client: Client, mailoutbox: list
) -> None:
    User.objects.create_superuser("owner@example.com", "a-long-password")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(sign_in.RESETS_OF_ACCOUNT.most):
            assert ask(client, "owner@example.com", address=f"192.0.2.{number}").status_code == 302
        refused = ask(client, " OWNER@example.com", address="198.51.100.7")
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "3600"
        assert "Please wait 60 minutes" in refused.content.decode()
        assert len(mailoutbox) == sign_in.RESETS_OF_ACCOUNT.most
        clock.shift(timedelta(hours=1, seconds=1))
        assert ask(client, "owner@example.com").status_code == 302


def test_one_sender_can_ask_for_a_few_addresses_an_hour(client: Client) -> None:
    for number in range(sign_in.RESETS_OF_CLIENT.most):
        assert ask(client, f"a{number}@example.com").status_code == 302
    assert ask(client, "b@example.com").status_code == 429
    assert ask(client, "b@example.com", address="198.51.100.7").status_code == 302


def test_an_address_without_an_account_is_answered_the_same(client: Client) -> None:
    User.objects.create_superuser("owner@example.com", "a-long-password")
    statuses = {
        email: [
            ask(client, email, address=f"192.0.2.{n}").status_code
            for n in range(sign_in.RESETS_OF_ACCOUNT.most + 1)
        ]
        for email in ("owner@example.com", "nobody@example.com")
    }
    assert statuses["owner@example.com"] == statuses["nobody@example.com"]


@pytest.mark.parametrize("email", ["", "nobody", "a@b\x00.example"])
def test_an_invalid_email_address_is_explained_and_not_counted(client: Client, email: str) -> None:
    for _ in range(sign_in.RESETS_OF_CLIENT.most + 1):
        assert ask(client, email).status_code == 200
