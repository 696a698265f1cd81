"""“Answer here”: a customer answers a reply once, without an account, and sees nothing else of the thread."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from forms.inbox import answering, links, threads
from forms.models import FormPage, Submission, ThreadEntry
from home import spam
from home.models import User
from tests.forms.building import sent

pytestmark = pytest.mark.django_db
Status, Kind = Submission.Status, ThreadEntry.Kind
Answer = Callable[..., HttpResponse]


@pytest.fixture(scope="module")
def _reply_of_module(contact_page_of_module: int) -> int:
    message = sent(FormPage.objects.get(pk=contact_page_of_module))
    by = User.objects.create_user("ada@example.com", "a-long-password", first_name="Ada")
    threads.note(message_id=message.pk, text="A difficult customer", by=by, token=uuid4())
    seen = threads.newest_entry(message)
    threads.reply(message_id=message.pk, text="We do.", by=by, token=uuid4(), seen=seen)
    Email.objects.all().delete()
    return message.thread.get(kind=Kind.REPLY).pk


@pytest.fixture
def reply(_reply_of_module: int, db: None) -> ThreadEntry:
    return ThreadEntry.objects.select_related("submission").get(pk=_reply_of_module)


@pytest.fixture
def url(reply: ThreadEntry) -> str:
    return "/" + links.url_of(reply).partition("://")[2].partition("/")[2]


@pytest.fixture
def answer(client: Client, url: str) -> Answer:
    """Return a function that sends the form, as a person would; fields by keyword."""

    def _answer(text: str = "Which sizes?", *, seconds: float = 10, **fields: str) -> HttpResponse:
        stamp = spam.new_stamp(page_id=answering.AnswerForm.PAGE)
        signed = replace(stamp, at=stamp.at - seconds).signed()
        return client.post(url, {"text": text, spam.STAMP_FIELD: signed, **fields})

    return _answer


def status_of(reply: ThreadEntry) -> str:
    return Submission.objects.get(pk=reply.submission_id).status


@pytest.mark.also_without_shop
def test_the_page_shows_the_reply_and_nothing_else_of_the_thread(client: Client, url: str) -> None:
    response = client.get(url)
    html = response.content.decode()
    assert response.status_code == 200
    assert "We do." in html
    for secret in ("difficult", "kettles", "visitor@example.com", "Ada"):
        assert secret not in html
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"
    assert not response.cookies


@pytest.mark.also_without_shop
@pytest.mark.both_databases
def test_an_answer_has_the_message_wait_again_and_tells_the_shop(
    answer: Answer, client: Client, url: str, reply: ThreadEntry
) -> None:
    assert status_of(reply) == Status.ANSWERED
    assert answer("Which\r\nsizes\x00\u202e?").status_code == 303
    entry = reply.submission.thread.get(kind=Kind.ANSWER)
    assert (entry.text, entry.by, entry.answers) == ("Which\nsizes?", "", reply)
    assert status_of(reply) == Status.NEW
    email = Email.objects.get()
    assert email.to == ["shop@example.com", "boss@example.com"]
    assert email.headers["Reply-To"] == "visitor@example.com"
    assert "Which\nsizes?" in email.message
    html = client.get(url).content.decode()
    assert "Your answer has arrived." in html
    assert "<textarea" not in html


@pytest.mark.both_databases
def test_a_link_takes_one_answer(answer: Answer, reply: ThreadEntry) -> None:
    assert [answer().status_code for _ in range(2)] == [303, 303]
    other = answer("And pans?")
    assert other.status_code == 409
    html = other.content.decode()
    assert "You have answered this already." in html
    assert "And pans?" in html
    assert reply.submission.thread.filter(kind=Kind.ANSWER).count() == Email.objects.count() == 1


def _delete(message: Submission) -> None:
    message.delete()


def _end(message: Submission) -> None:
    Submission.objects.filter(pk=message.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def _mark(message: Submission) -> None:
    Submission.objects.filter(pk=message.pk).update(status=Status.SPAM)


@pytest.mark.both_databases
@pytest.mark.parametrize("end", [_delete, _end, _mark])
def test_a_link_whose_message_is_gone_is_like_a_forged_one(
    client: Client, url: str, answer: Answer, reply: ThreadEntry, end: Callable[[Submission], None]
) -> None:
    end(reply.submission)
    gone, forged = client.get(url), client.get(f"{url[:-2]}x/")
    assert gone.status_code == forged.status_code == answer().status_code == 404
    assert "This link is not valid" in gone.content.decode()
    assert gone.content.replace(url.encode(), b"") == forged.content.replace(f"{url[:-2]}x/".encode(), b"")
    assert not ThreadEntry.objects.filter(kind=Kind.ANSWER).exists()


@pytest.mark.parametrize("token", ["x", ":", "é:é:é", "a" * 5000, "%00", "..%2f"])
def test_no_forged_link_is_an_error(client: Client, token: str, reply: ThreadEntry) -> None:
    assert client.get(f"/messages/answer/{token}/").status_code in {400, 404}


def test_only_replies_have_links(client: Client, reply: ThreadEntry) -> None:
    note = reply.submission.thread.get(kind=Kind.NOTE)
    for signed in (signing.dumps(note.pk, salt="forms.answer"), signing.dumps(reply.pk, salt="other")):
        assert client.get(f"/messages/answer/{signed}/").status_code == 404


@pytest.mark.parametrize(
    ("text", "seconds", "fields"),
    [
        ("", 10, {}),
        ("\x00", 10, {}),
        ("x" * 100_000, 10, {}),
        ("Which sizes?", 0, {}),
        ("Which sizes?", 25 * 3600, {}),
        ("Which sizes?", 10, {spam.STAMP_FIELD: "forged"}),
        ("Which sizes?", 10, {spam.TRAP_FIELD: "https://pills.example"}),
    ],
)
def test_an_answer_that_no_person_sends_is_refused_and_its_words_stay(
    answer: Answer, reply: ThreadEntry, text: str, seconds: float, fields: dict[str, str]
) -> None:
    response = answer(text, seconds=seconds, **fields)
    assert response.status_code == 422
    assert text.strip("\x00") in response.content.decode()
    assert not reply.submission.thread.filter(kind=Kind.ANSWER).exists()


def test_one_client_sends_so_many_answers_an_hour(
    answer: Answer, reply: ThreadEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "LIMIT", replace(answering.LIMIT, most=1))
    answer()
    response = answer("And pans?")
    assert response.status_code == 429
    assert "Please wait 60 minutes" in response.content.decode()
    assert "And pans?" in response.content.decode()


def test_an_answer_from_another_site_is_refused(url: str, reply: ThreadEntry) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(url, {"text": "x"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert strict.put(url).status_code == 403
    assert Client().put(url).status_code == 405
