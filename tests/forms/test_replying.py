"""The page of a message: what staff read there, and a reply that is sent once, to whom nobody else has replied."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.test import Client
from post_office.models import STATUS, Email
from wagtail.models import ModelLogEntry

from forms.inbox import threads
from forms.models import Attachment, FormPage, SavedReply, Submission, ThreadEntry
from home import mail_queue
from home.models import User
from tests.forms.building import add_field, privacy_policy, publish, sent
from tests.queries import warm

pytestmark = pytest.mark.django_db
Status, Kind = Submission.Status, ThreadEntry.Kind


@pytest.fixture(scope="module")
def _message_of_module(contact_page_of_module: int) -> int:
    page = FormPage.objects.get(pk=contact_page_of_module)
    colleague = User.objects.create_user("ada@example.com", "a-long-password", first_name="Ada")
    colleague.groups.add(Group.objects.get(name="Customer service"))
    return sent(page).pk


@pytest.fixture
def message(_message_of_module: int, db: None) -> Submission:
    return Submission.objects.get(pk=_message_of_module)


@pytest.fixture
def ada(message: Submission) -> User:
    return User.objects.get(email="ada@example.com")


@pytest.fixture
def staff(client: Client, message: Submission) -> Client:
    """Sign in as somebody of Customer service."""
    user = User.objects.create_user("staff@example.com", "a-long-password", first_name="Bob")
    user.groups.add(Group.objects.get(name="Customer service"))
    client.force_login(user)
    return client


def url_of(message: Submission) -> str:
    return f"/admin/messages/inspect/{message.pk}/"


def press(client: Client, message: Submission, do: str, **fields: Any) -> HttpResponse:
    """Press a button on the page of a message, as it is now unless `seen` or `token` say otherwise."""
    values = {"token": str(uuid4()), "seen": threads.newest_entry(message), "do": do, **fields}
    return client.post(url_of(message), {name.replace("__", "-"): value for name, value in values.items()})


# --- Replying --------------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_a_reply_waits_in_the_queue_with_a_link_to_answer_it(staff: Client, message: Submission) -> None:
    assert press(staff, message, "reply", reply__text="We do.\r\nThree sizes.").status_code == 302
    email, entry = Email.objects.get(), message.thread.get()
    assert (email.to, email.status) == (["visitor@example.com"], STATUS.queued)
    assert email.subject == f"Re: Contact ({message.reference})"
    assert email.headers["Reply-To"] == "shop@example.com"
    assert email.message.startswith("We do.\nThree sizes.\n")
    assert "/messages/answer/" in email.message
    assert (entry.kind, entry.text, entry.by) == (Kind.REPLY, "We do.\nThree sizes.", "Bob")
    assert entry.email == email
    message.refresh_from_db()
    assert message.status == Status.ANSWERED
    assert "E-mail: on its way" in staff.get(url_of(message)).content.decode()


@pytest.mark.both_databases
def test_a_double_click_sends_one_reply(staff: Client, message: Submission) -> None:
    twice = {"token": str(uuid4()), "seen": 0, "reply__text": "We do."}
    assert [press(staff, message, "reply", **twice).status_code for _ in range(2)] == [302, 302]
    assert message.thread.count() == Email.objects.count() == 1


@pytest.mark.both_databases
def test_what_is_sent_with_a_page_that_has_stored_something_else_is_not_taken_for_it(
    staff: Client, message: Submission
) -> None:
    page = {"token": str(uuid4()), "seen": 0}
    assert press(staff, message, "note", note__text="Ask Bea.", **page).status_code == 302
    for do, fields in (
        ("reply", {"reply__text": "We do."}),
        ("note", {"note__text": "Ask Ada."}),
        ("status", {"status__to": "done"}),
    ):
        again = press(staff, message, do, **page, **fields)
        assert again.status_code == 422
        assert all(words in again.content.decode() for words in fields.values() if do != "status")
    assert message.thread.get().text == "Ask Bea."
    assert press(staff, message, "note", note__text="Ask Bea.", **page).status_code == 302


def test_whoever_is_slower_than_a_colleague_is_told_and_keeps_the_words(
    staff: Client, message: Submission, ada: User
) -> None:
    threads.reply(message_id=message.pk, text="We do.", by=ada, token=uuid4(), seen=0)
    for do, field in (("reply", "reply__text"), ("status", "status__to"), ("assign", "assign__to")):
        value = {"reply": "Yes, three sizes.", "status": "done", "assign": str(ada.pk)}[do]
        response = press(staff, message, do, seen=0, **{field: value})
        assert response.status_code == 422
        assert "somebody has done something here meanwhile" in response.content.decode()
        assert do != "reply" or "Yes, three sizes." in response.content.decode()
    assert message.thread.count() == Email.objects.count() == 1
    seen = response.context["seen"]
    assert press(staff, message, "reply", seen=seen, reply__text="Three sizes.").status_code == 302


def test_a_saved_reply_is_inserted_without_javascript(staff: Client, message: Submission) -> None:
    saved = SavedReply.objects.create(title="Thanks", text="Hello {name},\nthank you.")
    response = press(staff, message, "insert", reply__text="Good day!", reply__saved=saved.pk)
    assert response.context["reply_form"]["text"].value() == "Good day!\n\nHello A visitor,\nthank you."
    assert not message.thread.exists()
    html = staff.get(url_of(message)).content.decode()
    assert 'data-text="Hello A visitor,\nthank you."' in html
    Submission.objects.update(name="")
    SavedReply.objects.update(text="Hello {name},\n{name}, thank you.\nBye {name}!")
    nameless = press(staff, message, "insert", reply__saved=saved.pk)
    assert nameless.context["reply_form"]["text"].value() == "Hello,\nthank you.\nBye!"


@pytest.mark.parametrize("text", ["", "  ", "\x00", "x" * 100_000])
def test_a_reply_without_words_or_with_too_many_is_refused(
    staff: Client, message: Submission, text: str
) -> None:
    response = press(staff, message, "reply", reply__text=text)
    assert response.status_code == 422
    assert response.context["reply_form"].errors["text"]
    assert "autofocus" in response.content.decode()
    assert not message.thread.exists()


def test_characters_that_cannot_be_printed_are_left_out(staff: Client, message: Submission) -> None:
    press(staff, message, "reply", reply__text="We\x00 do\u202e.\x0b{{ x }}")
    assert message.thread.get().text == "We do.{{ x }}"
    assert Email.objects.get().message.startswith("We do.{{ x }}\n")


@pytest.mark.parametrize(
    "values",
    [
        {"token": ""},
        {"token": "x"},
        {"seen": ""},
        {"seen": "-1"},
        {"seen": "9" * 5000},
        {"seen": str(2**63)},
        {"do": "status", "status-to": "nonsense"},
        {"do": "status", "status-to": "answered"},
        {"do": "assign", "assign-to": "999"},
        {"do": "assign", "assign-to": "\x00"},
    ],
)
def test_a_page_that_nobody_was_shown_does_nothing(
    staff: Client, message: Submission, values: dict[str, str]
) -> None:
    good = {"token": str(uuid4()), "seen": "0", "do": "reply", "reply-text": "We do."}
    assert staff.post(url_of(message), {**good, **values}).status_code == 422
    assert not message.thread.exists()
    assert not Email.objects.exists()


def test_a_message_without_an_address_cannot_be_replied_to(staff: Client, message: Submission) -> None:
    Submission.objects.update(email="")
    html = staff.get(url_of(message)).content.decode()
    assert "no e-mail address" in html
    assert 'name="reply-text"' not in html
    assert press(staff, message, "reply", reply__text="We do.").status_code == 302
    assert press(staff, message, "nonsense").status_code == 302
    assert not message.thread.exists()


def test_those_who_only_read_see_no_form_and_change_nothing(
    client: Client, message: Submission, ada: User
) -> None:
    reader = User.objects.create_user("reader@example.com", "a-long-password")
    rights = Permission.objects.filter(codename__in=["access_admin", "view_submission"])
    reader.user_permissions.set(rights)
    client.force_login(reader)
    html = client.get(url_of(message)).content.decode()
    assert "Do you sell kettles?" in html
    assert 'name="do"' not in html
    assert press(client, message, "status", status__to="done").status_code == 302
    message.refresh_from_db()
    assert message.status == Status.NEW
    assert client.get("/admin/saved-replies/").status_code == 302


# --- What else is done -----------------------------------------------------------------------------------
def test_a_pasted_answer_has_the_message_wait_again(staff: Client, message: Submission) -> None:
    Submission.objects.update(status=Status.DONE)
    press(staff, message, "paste", paste__text="Which sizes?")
    assert [*message.thread.values_list("kind", "text", "by")] == [("pasted", "Which sizes?", "Bob")]
    message.refresh_from_db()
    assert message.status == Status.NEW


def test_notes_assignments_and_statuses_stand_in_the_thread(
    staff: Client, message: Submission, ada: User
) -> None:
    press(staff, message, "note", note__text="Ask the potter.")
    press(staff, message, "assign", assign__to=ada.pk)
    press(staff, message, "assign", assign__to=ada.pk)
    press(staff, message, "assign", assign__to="")
    press(staff, message, "status", status__to="spam")
    press(staff, message, "status", status__to="new")
    told = [*message.thread.values_list("kind", "text")]
    assert told == [
        ("note", "Ask the potter."),
        *(("event", f"Assigned to {name}.") for name in ("Ada", "nobody")),
        *(("event", f"Status: {status}.") for status in ("Spam", "To answer")),
    ]
    assert not Email.objects.exists()


def test_a_page_about_a_message_that_is_gone_is_not_found(staff: Client, message: Submission) -> None:
    Submission.objects.all().delete()
    assert staff.get(url_of(message)).status_code == 404
    assert press(staff, message, "reply", reply__text="We do.").status_code == 404


# --- What the page shows ---------------------------------------------------------------------------------
@pytest.mark.also_without_shop
def test_the_page_has_the_answers_by_label_and_what_staff_need_to_know(
    staff: Client, message: Submission
) -> None:
    version = publish(privacy_policy(), "Now.", days_ago=1)
    page = FormPage.objects.get(pk=message.page_id)
    add_field(page, "How was it?", "rating")
    answers = {"how_was_it": "4", "gone_field": ["Red", "Green"], "message": "<script>alert(1)</script>"}
    answers |= {"subject": "Kettles", "your_name": "Ann", "e_mail": "Visitor@example.com", "empty": ""}
    other = sent(page, message="An earlier question", status=Status.DONE)
    Submission.objects.filter(pk=message.pk).update(
        form_data=answers, policy_version=version, rating=4, name="Ann"
    )
    html = staff.get(url_of(message)).content.decode()
    for words in ("4 of 5 stars", "Gone field", "Red, Green", message.reference, "Kept until"):
        assert words in html
    assert "<title>Kettles – Ann" in " ".join(html.split()).replace("<title> ", "<title>")
    assert not {"How was it?", "Your name", "Subject", "Message", "Empty"} & set(
        re.findall("<dt>(.*?)</dt>", html)
    )
    assert "Privacy policy, version 1" in html
    assert f"/admin/messages/inspect/{other.pk}/" in html
    assert "An earlier question" in html
    assert "shop@example.com: paste them in" in html
    assert "<script>alert" not in html


def test_a_file_is_only_ever_downloaded(staff: Client, message: Submission) -> None:
    file = Attachment.objects.create(
        submission=message,
        field="photo",
        name="Täßchen.svg",
        content_type="image/svg+xml",
        size=4,
        file=ContentFile(b"<svg", "x"),
    )
    Submission.objects.filter(pk=message.pk).update(form_data={"photo": "Täßchen.svg"})
    url = f"/admin/messages/{message.pk}/files/{file.pk}/"
    assert f'href="{url}"' in staff.get(url_of(message)).content.decode()
    response = staff.get(url)
    assert response.getvalue() == b"<svg"
    assert response["Content-Disposition"].startswith("attachment;")
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == (
        "application/octet-stream",
        "nosniff",
    )
    assert staff.get(f"/admin/messages/{sent(message.page).pk}/files/{file.pk}/").status_code == 404
    assert staff.get(f"/admin/messages/{10**24}/files/1/").status_code == 404
    file.file.delete(save=False)
    assert staff.get(url).status_code == 404


@pytest.mark.both_databases
def test_the_page_asks_as_much_for_a_long_thread(staff: Client, message: Submission, ada: User) -> None:
    asked = warm(staff, url_of(message))
    for number in range(3):
        seen = threads.newest_entry(message)
        threads.reply(message_id=message.pk, text=str(number), by=ada, token=uuid4(), seen=seen)
        sent(message.page, message=str(number))
        SavedReply.objects.create(title=str(number), text="Hello")
    assert warm(staff, url_of(message)) == asked


def test_staff_who_answer_save_replies(staff: Client) -> None:
    assert "There is no saved reply yet." in staff.get("/admin/saved-replies/").content.decode()
    staff.post("/admin/saved-replies/new/", {"title": "Thanks", "text": "Hello {name}"})
    assert SavedReply.objects.get().text == "Hello {name}"
    wrong = staff.post("/admin/saved-replies/new/", {"title": "Typo", "text": "Hello {nmae}"})
    assert "“{nmae}” cannot be filled in." in wrong.content.decode()


def test_nobody_reads_in_the_queue_how_to_answer_for_the_customer(owner: Client, message: Submission) -> None:
    press(owner, message, "reply", reply__text="We do.")
    email = Email.objects.get()
    token = re.search(r"/messages/answer/([^/\s]+)", email.message)[1]
    page = owner.get(f"/admin/mails/inspect/{email.pk}/").content.decode()
    assert "We do." in page
    assert token not in page


def test_deleting_a_message_is_logged_and_takes_its_e_mails_along(owner: Client, message: Submission) -> None:
    press(owner, message, "reply", reply__text="We do.")
    other = mail_queue.queue(to=["ann@example.com"], subject="x", text="x")
    owner.post(f"/admin/messages/delete/?selected={message.pk}")
    assert not Submission.objects.exists()
    assert Email.objects.get() == other
    logged = ModelLogEntry.objects.get(action="wagtail.delete")
    assert (logged.label, logged.user.email) == (message.reference, "owner@example.com")
