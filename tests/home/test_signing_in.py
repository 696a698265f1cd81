"""Signing in: guessed passwords are counted, and soon stopped, but no stranger keeps an owner out."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from config import sign_in as limits
from home.models import User

pytestmark = pytest.mark.django_db

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


def test_a_dotless_i_makes_no_other_account(client: Client) -> None:
    """PostgreSQL finds billing@ by it: its upper case is I."""
    User.objects.create_superuser("billing@example.com", PASSWORD)
    for number in range(settings.AXES_FAILURE_LIMIT - 1):
        assert sign_in(client, ("bıllıng@example.com", "bıLLiNg@example.com")[number % 2], "wrong") == 200
    assert sign_in(client, "billıng@example.com", "wrong") == 429
    assert sign_in(client, "billing@example.com") == 429


@pytest.mark.both_databases
def test_all_that_the_database_takes_for_one_address_is_counted_as_one(db: None) -> None:
    letters = [chr(code) for code in range(ord(" "), 0x20000) if not 0xD800 <= code <= 0xDFFF]
    with connection.cursor() as cursor:
        cursor.execute("SELECT UPPER(%s)", ["\n".join(letters)])
        upper = cursor.fetchone()[0].split("\n")
    one_for = {"İ": {limits.one_form("i")}}  # as a Turkish database has it
    for letter, form in zip(letters, upper, strict=True):
        one_for.setdefault(form, set()).add(limits.one_form(letter))
    assert not [names for names in one_for.values() if len(names) > 1]


def test_a_client_over_its_limit_takes_no_more_places(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise made-up accounts would fill the cache of the counts, which then forgets those of others."""
    monkeypatch.setattr(limits, "CLIENT", replace(limits.CLIENT, most=1))
    assert sign_in(client, "a@example.com", "wrong") == 200
    assert sign_in(client, "b@example.com", "wrong") == 429
    assert limits.PAIR._taken("192.0.2.1 a@example.com")
    assert not limits.PAIR._taken("192.0.2.1 b@example.com")


def test_signing_in_forgets_the_mistakes_before_it(client: Client, owner: User) -> None:
    for _ in range(3):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            assert sign_in(client, "Owner@example.com", "wrong") == 200
        assert sign_in(client, owner.email) == 302
        client.logout()


@pytest.mark.parametrize("form", [{}, {"username": ""}, {"username": "\x00", "password": "\x00"}])
def test_a_form_without_an_address_does_no_harm(client: Client, form: dict[str, str]) -> None:
    assert client.post("/admin/login/", form).status_code == 200


# --- Whoever asks, and from wherever -------------------------------------------------------------------------
@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_a_network_of_ipv6_is_one_client(client: Client, owner: User) -> None:
    for number in range(settings.AXES_FAILURE_LIMIT - 1):
        assert sign_in(client, owner.email, "wrong", address=f"2001:db8::{number}") == 200
    assert sign_in(client, owner.email, "wrong", address="2001:db8::ffff") == 429
    assert sign_in(client, owner.email, address="2001:db8::fffe") == 429
    assert sign_in(client, owner.email, address="2001:db8:0:1::1") == 302


def test_guesses_at_the_same_moment_are_counted_before_one_of_them_has_failed(
    client: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AxesDatabaseHandler, "get_failures", lambda *_arguments: 0)
    statuses = [sign_in(client, owner.email, "wrong") for _ in range(40)]
    assert statuses == [200] * settings.AXES_FAILURE_LIMIT + [429] * (40 - settings.AXES_FAILURE_LIMIT)


def test_a_client_tries_only_so_many_accounts(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CLIENT", replace(limits.CLIENT, most=3))
    assert [sign_in(client, f"a{n}@example.com", "wrong") for n in range(4)] == [200, 200, 200, 429]
    assert sign_in(client, "a@example.com", "wrong", address="198.51.100.7") == 200


def test_those_who_sign_in_from_one_office_are_not_counted(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CLIENT", replace(limits.CLIENT, most=3))
    assert [sign_in(Client(), owner.email) for _ in range(6)] == [302] * 6


@pytest.fixture(autouse=True)
def _few_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STRANGERS", replace(limits.STRANGERS, most=9))


def guess_from_everywhere(account: str) -> None:
    """Try wrong passwords from so many IP addresses that strangers are locked out of the account."""
    for number in range(limits.STRANGERS.most):
        assert sign_in(Client(), account, "wrong", address=f"203.0.113.{number}") == 200
    assert sign_in(Client(), account, "wrong", address="203.0.113.254") == 429


def test_an_account_is_guessed_only_so_often_from_everywhere(owner: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        guess_from_everywhere("OWNER@example.com")
        assert sign_in(Client(), owner.email, address="198.51.100.7") == 429
        clock.shift(timedelta(hours=1, seconds=1))
        assert sign_in(Client(), owner.email, address="198.51.100.7") == 302


def test_where_its_owner_signed_in_before_an_account_stays_open(owner: User) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=7)):
        assert sign_in(Client(), owner.email, address="2001:db8::1") == 302
    guess_from_everywhere(owner.email)
    assert sign_in(Client(), owner.email, address="2001:db8::2") == 302
    assert sign_in(Client(), owner.email, address="2001:db8:0:1::1") == 429


def test_another_account_stays_open_while_one_is_guessed(owner: User) -> None:
    User.objects.create_superuser("second@example.com", PASSWORD)
    guess_from_everywhere(owner.email)
    assert sign_in(Client(), "second@example.com", address="203.0.113.1") == 302


def test_an_account_that_does_not_exist_is_locked_as_one_that_does() -> None:
    guess_from_everywhere("nobody@example.com")


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_a_new_password_opens_a_locked_account_at_once(
    client: Client, owner: User, mailoutbox: list[Any]
) -> None:
    guess_from_everywhere(owner.email)
    mine = {"REMOTE_ADDR": "198.51.100.7"}
    client.post("/admin/password_reset/", {"email": owner.email}, **mine)
    link = re.search(r"http://[^/]+(/\S+)", mailoutbox[0].body)
    assert link
    form = client.get(link[1], **mine)["Location"]
    new = {"new_password1": "another-long-password", "new_password2": "another-long-password"}
    assert client.post(form, new, **mine)["Location"] == "/admin/"
    assert client.get("/admin/", **mine).status_code == 200
    client.logout()
    assert sign_in(client, owner.email, "another-long-password", address="198.51.100.7") == 302
    assert sign_in(Client(), owner.email, "another-long-password", address="203.0.113.254") == 429


# --- What a locked-out person is told ------------------------------------------------------------------------
@pytest.mark.parametrize("form", ["/admin/login/", "/_util/login/"])
def test_a_locked_out_person_reads_what_to_do_and_when(client: Client, owner: User, form: str) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        guess(client)
        clock.shift(timedelta(minutes=5))
        credentials = {"username": owner.email, "password": PASSWORD}
        refused = client.post(form, credentials, REMOTE_ADDR="192.0.2.1")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "600")
        words = refused.content.decode()
        assert (
            "There were too many attempts to sign in. Wait 10 minutes, then try again. To sign in at once"
            in words
        )
        assert 'href="/admin/password_reset/">Forgotten password?</a>' in words
        assert "match" not in words.partition("<form")[0], "nobody has compared the password"


def test_the_failure_that_locks_says_so_too(client: Client) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        refused = client.post("/admin/login/", {"username": "owner@example.com", "password": "wrong"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
    assert "Wait 15 minutes, then try again." in refused.content.decode()


def test_whoever_waits_as_told_gets_in_although_they_tried_meanwhile(client: Client, owner: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        guess(client)
        for _ in range(14):
            clock.shift(timedelta(minutes=1))
            assert sign_in(client, owner.email) == 429
        clock.shift(timedelta(minutes=1, seconds=1))
        assert sign_in(client, owner.email) == 302


def test_of_an_ipv6_address_only_the_network_is_kept(client: Client) -> None:
    sign_in(client, "owner@example.com", "wrong", address="2001:db8::1:2:3")
    assert AccessAttempt.objects.get().ip_address == "2001:db8::"
