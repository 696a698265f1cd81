"""Signing in to the admin: guessed passwords are counted, and soon stopped."""

import pytest
from django.conf import settings
from django.test import Client

from home.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

PASSWORD = "a-long-password"


def sign_in(client: Client, email: str, password: str = PASSWORD, *, address: str = "192.0.2.1") -> int:
    """Try to sign in from an IP address, and return the answer's status: 302 when it succeeds."""
    credentials = {"username": email, "password": password}
    return client.post("/admin/login/", credentials, REMOTE_ADDR=address).status_code


def guess(client: Client, email: str = "owner@example.com") -> None:
    """Type wrong passwords until the account is locked."""
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert sign_in(client, email, "wrong") == 200
    assert sign_in(client, email, "wrong") == 429


@pytest.fixture
def owner(db: None) -> User:
    """Make an account."""
    return User.objects.create_superuser("owner@example.com", PASSWORD)


def test_guessing_a_password_is_stopped_after_a_few_tries(client: Client) -> None:
    guess(client)


def test_not_even_the_right_password_opens_a_locked_account(client: Client, owner: User) -> None:
    guess(client)
    assert sign_in(client, owner.email) == 429
    assert "sessionid" not in client.cookies


def test_other_accounts_at_the_same_address_stay_open(client: Client, owner: User) -> None:
    User.objects.create_superuser("second@example.com", PASSWORD)
    guess(client)
    assert sign_in(client, "second@example.com", "wrong") == 200
    assert sign_in(client, "second@example.com") == 302


def test_the_owner_can_sign_in_from_elsewhere(client: Client, owner: User) -> None:
    guess(client)
    assert sign_in(client, owner.email, address="198.51.100.7") == 302


def test_ways_to_write_the_same_address_are_counted_together(client: Client, owner: User) -> None:
    ways = ["owner@example.com", "OWNER@example.com", " Owner@Example.com ", "owner@EXAMPLE.COM"]
    for number in range(settings.AXES_FAILURE_LIMIT - 1):
        assert sign_in(client, ways[number % len(ways)], "wrong") == 200
    assert sign_in(client, "OwNeR@example.com", "wrong") == 429
    assert sign_in(client, owner.email) == 429


def test_signing_in_forgets_the_mistakes_before_it(client: Client, owner: User) -> None:
    for _ in range(3):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            assert sign_in(client, "Owner@example.com", "wrong") == 200
        assert sign_in(client, owner.email) == 302
        client.logout()


@pytest.mark.parametrize("form", [{}, {"username": ""}, {"username": "\x00", "password": "\x00"}])
def test_a_form_without_an_address_does_no_harm(client: Client, form: dict[str, str]) -> None:
    assert client.post("/admin/login/", form).status_code == 200
