"""Sending a form: what was written is stored and queued as one, the visitor is thanked once, nothing is cached."""

import pytest
from django.http import HttpResponse
from django.test import Client
from post_office.models import STATUS, Email

from forms import emails
from forms.models import FormPage, Submission
from home import spam
from tests.forms.building import ANSWERS, add_field, stamp_of
from tests.forms.conftest import Send

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.also_without_shop]


def test_the_page_shows_the_form(client: Client, contact_page: FormPage) -> None:
    response = client.get("/contact/")
    html = response.content.decode()
    assert response.status_code == 200
    assert "Ask us anything." in html
    for name in ANSWERS:
        assert f'name="{name}"' in html


def test_a_sent_form_is_stored_with_its_answers(send: Send, contact_page: FormPage) -> None:
    send()
    submission = Submission.objects.get()
    assert submission.form_data == ANSWERS
    assert submission.page_id == contact_page.pk
    assert submission.status == Submission.Status.NEW


def test_a_sent_form_redirects_to_the_thanks_page(send: Send, client: Client) -> None:
    response = send()
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/contact/thanks/?message=")
    assert "We have it." in client.get(response.headers["Location"]).content.decode()


def test_reloading_the_thanks_sends_nothing(send: Send, client: Client) -> None:
    client.get(send().headers["Location"])
    client.get("/contact/thanks/")
    assert Submission.objects.count() == 1
    assert Email.objects.count() == 1


def test_a_mail_to_the_shop_waits_in_the_queue(send: Send, mailoutbox: list) -> None:
    send()
    email = Email.objects.get()
    assert email.status == STATUS.queued
    assert email.to == ["shop@example.com", "boss@example.com"]
    assert email.subject == "Contact: a new message"
    assert email.headers["Reply-To"] == "visitor@example.com"
    assert "YOUR NAME\nA visitor\n" in email.message
    assert "Do you sell kettles?" in email.message
    assert "/contact/\n" in email.message
    assert mailoutbox == []


def test_the_mail_has_the_subject_that_the_editor_chose(send: Send, contact_page: FormPage) -> None:
    FormPage.objects.update(subject="Post!", from_address="robot@example.com")
    send()
    email = Email.objects.get()
    assert (email.subject, email.from_email) == ("Post!", "robot@example.com")


def test_without_an_address_it_only_stores(send: Send, contact_page: FormPage) -> None:
    FormPage.objects.update(to_address="")
    assert send().status_code == 303
    assert Submission.objects.count() == 1
    assert not Email.objects.exists()


@pytest.mark.parametrize(
    "words", ["{% now 'Y' %}", "{{ settings }}", "{% nonsense", "Tom & <b>Jerry</b> {# x #}"]
)
def test_template_syntax_in_an_answer_is_mailed_as_typed(send: Send, words: str) -> None:
    assert send(message=words, your_name=words).status_code == 303
    assert Email.objects.get().message.count(words) == 2


def test_when_the_mail_cannot_be_queued_nothing_is_stored(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(emails.mail_queue, "queue", fail)
    with pytest.raises(RuntimeError):
        send()
    assert not Submission.objects.exists()


def test_the_same_form_sent_twice_is_stored_once(send: Send, contact_page: FormPage) -> None:
    stamp = stamp_of(contact_page)
    assert [send(stamp=stamp).status_code for _ in range(2)] == [303, 303]
    assert Submission.objects.count() == 1
    assert Email.objects.count() == 1


def test_changed_words_in_the_same_form_are_a_new_message(send: Send, contact_page: FormPage) -> None:
    stamp = stamp_of(contact_page)
    send(stamp=stamp)
    send(stamp=stamp, message="And pans?")
    assert [row.form_data["message"] for row in Submission.objects.order_by("pk")] == [
        ANSWERS["message"],
        "And pans?",
    ]


def test_every_type_of_field_can_be_filled_in(send: Send, contact_page: FormPage) -> None:
    options = {"required": True, "choices": "Red\nGreen"}
    answers = {
        add_field(contact_page, "Site", "url"): "example.com",
        add_field(contact_page, "Number", "number"): "2.50",
        add_field(contact_page, "Day", "date"): "2026-01-31",
        add_field(contact_page, "Hour", "datetime"): "2026-01-31T10:30",
        add_field(contact_page, "Agree", "checkbox"): "on",
        add_field(contact_page, "Colour", "dropdown", **options): "Red",
        add_field(contact_page, "Other colour", "radio", **options): "Green",
        add_field(contact_page, "Colours", "checkboxes", **options): ["Red", "Green"],
        add_field(contact_page, "More colours", "multiselect", **options): ["Red"],
        add_field(contact_page, "Campaign", "hidden"): "spring",
    }
    assert send(**answers).status_code == 303
    stored = Submission.objects.get().form_data
    assert stored["site"] == "https://example.com"
    assert (stored["number"], stored["day"], stored["agree"]) == ("2.50", "2026-01-31", True)
    assert stored["colours"] == ["Red", "Green"]
    assert "COLOURS\nRed, Green" in Email.objects.get().message


@pytest.mark.parametrize("path", ["/contact/", "/contact/thanks/"])
def test_no_answer_may_be_kept_by_a_cache(client: Client, contact_page: FormPage, path: str) -> None:
    response = client.get(path)
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies


def test_answers_to_a_post_may_not_be_kept_either(send: Send) -> None:
    assert send().headers["Cache-Control"] == "no-store"
    assert send(message="").headers["Cache-Control"] == "no-store"


def test_two_visitors_never_get_the_same_stamp(client: Client, contact_page: FormPage) -> None:
    def stamp(response: HttpResponse) -> str:
        return response.context["form"][spam.STAMP_FIELD].value()

    assert stamp(client.get("/contact/")) != stamp(client.get("/contact/"))


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_the_form_page_refuses_other_methods(client: Client, contact_page: FormPage, method: str) -> None:
    assert getattr(client, method)("/contact/").status_code == 405


def test_the_form_page_answers_head_and_options(client: Client, contact_page: FormPage) -> None:
    assert client.head("/contact/").status_code == 200
    assert client.options("/contact/").headers["Allow"] == "GET, HEAD, POST, OPTIONS"


def test_the_thanks_page_refuses_a_post(client: Client, contact_page: FormPage) -> None:
    assert client.post("/contact/thanks/", ANSWERS).status_code == 405
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "path", ["/contact/thank/", "/contact/thanks/more/", "/contact/1/", "/contact/feed.xml"]
)
def test_other_addresses_below_the_page_do_not_exist(
    client: Client, contact_page: FormPage, path: str
) -> None:
    assert client.get(path).status_code == 404


def test_a_post_from_another_site_is_refused(contact_page: FormPage) -> None:
    strict = Client(enforce_csrf_checks=True)
    data = {**ANSWERS, spam.STAMP_FIELD: stamp_of(contact_page)}
    assert strict.post("/contact/", data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert not Submission.objects.exists()
    assert strict.post("/contact/", data, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
