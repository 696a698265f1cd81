"""Pages and documents behind a shared password: guessing is stopped, and those who know it get in."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from wagtail.models import Collection, CollectionViewRestriction, PageViewRestriction

from config import shared_passwords
from home.models import ContentPage, SiteDocument
from home.throttling import Limit
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "open sesame"
GUESSES = shared_passwords.GUESSES


class Protected:
    """Something behind a password: its URL, and where the password is sent."""

    def __init__(self, url: str, form: str) -> None:
        self.url, self.form = url, form

    def send(self, password: str, *, address: str = "192.0.2.1", target: str | None = None) -> Any:
        """Send a password from an IP address, in a browser without a past."""
        fields = {"password": password, "return_url": target or self.url}
        return Client().post(self.form, fields, REMOTE_ADDR=address)

    def guess_until_locked(self) -> Any:
        for _ in range(shared_passwords.GUESSES.most):
            assert self.send("wrong").status_code == 200
        return self.send("wrong")


def page() -> Protected:
    made = factories.home_page().add_child(
        instance=ContentPage(title="Wholesale", slug="wholesale", intro="Half price")
    )
    made.save_revision().publish()
    restriction = PageViewRestriction.objects.create(
        page=made, restriction_type=PageViewRestriction.PASSWORD, password=PASSWORD
    )
    return Protected("/wholesale/", f"/_util/authenticate_with_password/{restriction.pk}/{made.pk}/")


def document() -> Protected:
    collection = Collection.get_first_root_node().add_child(name="Wholesale")
    made = SiteDocument(title="Prices", collection=collection)
    made.file.save("prices.txt", ContentFile(b"12,75"))
    made.save()
    restriction = CollectionViewRestriction.objects.create(
        collection=collection, restriction_type=CollectionViewRestriction.PASSWORD, password=PASSWORD
    )
    return Protected(made.url, f"/documents/authenticate_with_password/{restriction.pk}/")


@pytest.fixture(autouse=True)
def _few_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lock after two guesses, as each is answered by a whole page."""
    monkeypatch.setattr(shared_passwords, "GUESSES", replace(GUESSES, most=2))


@pytest.fixture(params=[page, document])
def protected(request: pytest.FixtureRequest) -> Protected:
    return request.param()


def test_guessing_a_password_is_stopped_after_a_few_tries(
    protected: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_passwords, "GUESSES", GUESSES)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        refused = protected.guess_until_locked()
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
        assert "Wait 15 minutes, then try again." in refused.content.decode()
        clock.shift(timedelta(minutes=15, seconds=1))
        assert protected.send(PASSWORD).status_code == 302


def test_not_even_the_right_password_opens_what_is_locked(protected: Protected) -> None:
    protected.guess_until_locked()
    refused = protected.send(PASSWORD)
    assert refused.status_code == 429
    assert "sessionid" not in refused.cookies


def test_one_network_of_ipv6_is_one_client_and_others_stay_free(protected: Protected) -> None:
    for number in range(shared_passwords.GUESSES.most):
        assert protected.send("wrong", address=f"2001:db8::{number}").status_code == 200
    assert protected.send("wrong", address="2001:db8::ffff").status_code == 429
    assert protected.send(PASSWORD, address="2001:db8:0:1::1").status_code == 302


def test_a_password_is_guessed_only_so_often_from_everywhere(
    protected: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_passwords, "GUESSES_OF_ALL", replace(shared_passwords.GUESSES_OF_ALL, most=3))
    for number in range(3):
        assert protected.send("wrong", address=f"192.0.2.{number}").status_code == 200
    assert protected.send("wrong", address="198.51.100.7").status_code == 429


def test_an_office_that_knows_the_password_is_never_stopped(
    protected: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_passwords, "GUESSES_OF_ALL", replace(shared_passwords.GUESSES_OF_ALL, most=10))
    for _ in range(shared_passwords.GUESSES.most + 5):
        assert protected.send("wrong").status_code == 200
        assert protected.send(PASSWORD).status_code == 302


def test_guesses_at_one_password_do_not_lock_another() -> None:
    locked, open_ = page(), document()
    locked.guess_until_locked()
    assert open_.send(PASSWORD).status_code == 302


@pytest.mark.both_databases
def test_a_client_guesses_only_so_often_at_all_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = page(), document()
    fewer = replace(shared_passwords.GUESSES_OF_CLIENT, most=3)
    monkeypatch.setattr(shared_passwords, "GUESSES_OF_CLIENT", fewer)
    assert [one.send("wrong").status_code for one in (first, second, first, second)] == [200, 200, 200, 429]
    assert second.send("wrong", address="198.51.100.7").status_code == 200


def test_one_password_of_several_pages_is_counted_once() -> None:
    first = page()
    below = ContentPage.objects.get(slug="wholesale").add_child(
        instance=ContentPage(title="Prices", slug="prices")
    )
    first.guess_until_locked()
    second = Protected("/wholesale/prices/", re.sub(r"\d+/$", f"{below.pk}/", first.form))
    assert second.send(PASSWORD).status_code == 429


@pytest.mark.parametrize(
    "form", ["/_util/authenticate_with_password/987654/1/", "/documents/authenticate_with_password/987654/"]
)
def test_a_password_that_does_not_exist_is_not_counted(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    monkeypatch.setattr(Limit, "take", lambda _limit, client: counted.append(client) or 0)
    assert Client().post(form, {"password": "wrong", "return_url": "/"}).status_code == 404
    assert counted == []


def test_the_form_is_shown_while_guessing_is_stopped(protected: Protected) -> None:
    protected.guess_until_locked()
    shown = Client().get(protected.url, REMOTE_ADDR="192.0.2.1")
    assert shown.status_code == 200
    words = shown.content.decode()
    assert 'name="password"' in words
    assert not any(secret in words for secret in ("Wholesale", "Half price"))


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\x00"])
def test_the_way_back_leads_to_this_site(protected: Protected, target: str) -> None:
    protected.guess_until_locked()
    refused = protected.send("wrong", target=target)
    assert refused.status_code in {429, 400}
    assert "evil" not in refused.content.decode()
    assert "javascript" not in refused.content.decode()
