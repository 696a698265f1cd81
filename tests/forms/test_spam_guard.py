"""The spam guard: machines are marked or slowed, people read what to do, nothing is dropped in silence."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from forms.models import FormPage, Submission, form_pages
from home import spam
from tests.forms.building import ANSWERS, form_page, stamp_of
from tests.forms.conftest import Send

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


def message_of(response: HttpResponse) -> str:
    """Return what the refused form says about itself."""
    return " ".join(response.context["form"].non_field_errors())


def shown_stamp(response: HttpResponse) -> str:
    """Return the stamp in the form that is shown."""
    return response.context["form"][spam.STAMP_FIELD].value()


def test_people_do_not_meet_the_trap(client: Client, contact_page: FormPage) -> None:
    html = client.get("/contact/").content.decode()
    assert 'class="field field--text hp" aria-hidden="true"' in html
    trap = html.partition(f'name="{spam.TRAP_FIELD}"')[2].partition(">")[0]
    assert 'autocomplete="off"' in trap
    assert 'tabindex="-1"' in trap


def test_a_submission_with_the_trap_filled_in_is_marked_and_not_mailed(send: Send) -> None:
    response = send(**{spam.TRAP_FIELD: "https://pills.example"})
    assert response.headers["Location"].startswith("/contact/thanks/?message=")
    submission = Submission.objects.get()
    assert submission.status == Submission.Status.SPAM
    assert submission.form_data == ANSWERS
    assert not Email.objects.exists()


@pytest.mark.parametrize("value", ["\x00", "x" * 100_000])
def test_the_trap_takes_anything(send: Send, value: str) -> None:
    assert send(**{spam.TRAP_FIELD: value}).status_code == 303
    assert Submission.objects.get().status == Submission.Status.SPAM


@pytest.mark.parametrize("seconds", [0, 1, -3600])
def test_a_form_sent_quicker_than_people_are_is_asked_again(
    send: Send, contact_page: FormPage, seconds: float
) -> None:
    response = send(stamp=stamp_of(contact_page, seconds=seconds))
    assert response.status_code == 422
    assert "very quickly" in message_of(response)
    assert "Do you sell kettles?" in response.content.decode()
    assert not Submission.objects.exists()


def test_a_form_open_for_more_than_a_day_is_asked_again(send: Send, contact_page: FormPage) -> None:
    response = send(stamp=stamp_of(contact_page, seconds=24 * 3600 + 1))
    assert response.status_code == 422
    assert "more than a day" in message_of(response)
    assert send(stamp=shown_stamp(response)).status_code == 303


def test_almost_a_day_is_not_too_long(send: Send, contact_page: FormPage) -> None:
    assert send(stamp=stamp_of(contact_page, seconds=24 * 3600 - 60)).status_code == 303


def test_a_quick_form_with_a_wrong_field_shows_only_the_field_error(
    send: Send, contact_page: FormPage
) -> None:
    response = send(stamp=stamp_of(contact_page, seconds=0), message="")
    assert list(response.context["form"].errors) == ["message"]


def test_a_quick_person_gets_through_by_sending_again(
    send: Send, client: Client, contact_page: FormPage
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = send(stamp=shown_stamp(client.get("/contact/")))
        assert first.status_code == 422
        clock.shift(timedelta(seconds=2))
        assert send(stamp=shown_stamp(first)).status_code == 303
    assert Submission.objects.count() == 1


@pytest.mark.parametrize("stamp", ["", "forged", "a:b:c", "\x00", "é" * 1000, "x" * 100_000])
def test_a_forged_stamp_is_refused_and_a_true_one_offered(send: Send, stamp: str) -> None:
    response = send(stamp=stamp)
    assert response.status_code == 422
    assert "send it again" in message_of(response)
    assert not Submission.objects.exists()
    assert send(stamp=shown_stamp(response)).status_code == 303


def test_a_changed_stamp_is_forged(send: Send, contact_page: FormPage) -> None:
    content, _, signature = stamp_of(contact_page).rpartition(":")
    other = stamp_of(contact_page, seconds=3600).rpartition(":")[0]
    assert other != content
    assert send(stamp=f"{other}:{signature}").status_code == 422


def test_the_stamp_of_another_form_does_not_count(send: Send, contact_page: FormPage) -> None:
    assert send(stamp=stamp_of(form_page("Feedback"))).status_code == 422


def test_after_ten_messages_in_an_hour_it_asks_to_wait(send: Send) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert {send(message=f"{n}").status_code for n in range(10)} == {303}
        clock.shift(timedelta(minutes=30))
        refused = send(message="One more")
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "1800"
        assert refused.headers["Cache-Control"] == "no-store"
        assert "wait 30 minutes" in message_of(refused)
        assert "One more" in refused.content.decode()
        assert Submission.objects.count() == 10
        clock.shift(timedelta(minutes=30, seconds=1))
        assert send(message="One more").status_code == 303


def test_forms_that_were_refused_do_not_count(send: Send) -> None:
    for _ in range(11):
        send(message="")
    assert send().status_code == 303


def test_another_sender_need_not_wait(client: Client, contact_page: FormPage) -> None:
    def send_from(address: str) -> int:
        data = {**ANSWERS, spam.STAMP_FIELD: stamp_of(contact_page)}
        return client.post("/contact/", data, REMOTE_ADDR=address).status_code

    assert {send_from("2001:db8::1") for _ in range(10)} == {303}
    assert send_from("2001:db8::2") == 429, "a household has many IPv6 addresses"
    assert send_from("2001:db8:0:1::1") == 303
    assert send_from("192.0.2.1") == 303


def test_behind_a_proxy_it_tells_senders_apart(
    client: Client, contact_page: FormPage, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_pages, "LIMIT", replace(form_pages.LIMIT, most=1))
    settings.BEHIND_PROXY = True

    def send_from(forwarded: str) -> int:
        data = {**ANSWERS, spam.STAMP_FIELD: stamp_of(contact_page)}
        return client.post("/contact/", data, headers={"X-Forwarded-For": forwarded}).status_code

    assert send_from("192.0.2.1") == 303
    assert send_from("192.0.2.2") == 303
    assert send_from("198.51.100.7, 192.0.2.1") == 429, "what the sender adds in front is not believed"


def test_without_a_proxy_the_header_is_not_believed(
    client: Client, contact_page: FormPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_pages, "LIMIT", replace(form_pages.LIMIT, most=1))
    statuses = []
    for number in (1, 2):
        data = {**ANSWERS, spam.STAMP_FIELD: stamp_of(contact_page)}
        answer = client.post("/contact/", data, headers={"X-Forwarded-For": f"192.0.2.{number}"})
        statuses.append(answer.status_code)
    assert statuses == [303, 429]
