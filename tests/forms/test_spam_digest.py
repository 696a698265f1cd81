"""Suspected messages: many links mark one, and the form's recipients are told once a day how many there are."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from forms.inbox import spam_digest
from forms.models import FormPage, SpamDigest, Submission, ThreadEntry
from forms.models.messages import SubmissionQuerySet
from tests.forms.conftest import Send

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.also_without_shop]
SPAM = Submission.Status.SPAM


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ({"message": "See https://www.example.com, HTTP://a.example and www.b.example"}, "new"),
        ({"message": "https://a.example " * 4}, "spam"),
        ({"message": "https://a.example www.b.example", "your_name": "www.c.example www.d.example"}, "spam"),
    ],
)
def test_more_than_three_links_mark_a_message_and_drop_nothing(
    send: Send, answers: dict[str, str], status: str
) -> None:
    assert send(**answers)["Location"].startswith("/contact/thanks/")
    message = Submission.objects.get()
    assert message.status == status
    assert message.form_data["message"] == answers["message"].strip()
    assert Email.objects.exists() == (status == "new")


@pytest.fixture
def suspected(contact_page: FormPage) -> list[Submission]:
    return [message(contact_page) for _ in range(2)]


def message(page: FormPage, **values: Any) -> Submission:
    given = {"form_data": {"message": "Cheap pills"}, "status": SPAM, **values}
    return Submission.objects.create(page=page.page_ptr, **given)


def send_digests(*, days: float = 0) -> int:
    """Look for them so many days, and the minute for which a message may be under way, from now."""
    return spam_digest.send(now=timezone.now() + timedelta(days=days, minutes=2))


def test_the_digest_says_how_many_and_leads_to_them_without_their_words(
    owner: Client, contact_page: FormPage, suspected: list[Submission]
) -> None:
    message(contact_page, status="new", form_data={"message": "Kettles?"})
    assert send_digests() == 1
    mail = Email.objects.get()
    assert mail.to == ["shop@example.com", "boss@example.com"]
    assert mail.subject == "Contact: 2 suspected messages"
    assert "2 messages sent with the form “Contact” look like spam." in mail.message
    assert "deleted after 90 days" in mail.message
    assert "pills" not in mail.message + mail.html_message
    path = next(word for word in mail.message.split() if "status=spam" in word)
    page = owner.get("/" + path.partition("://")[2].partition("/")[2]).content.decode()
    assert page.count("Cheap pills") == 2
    assert "Kettles?" not in page


def test_it_comes_once_a_day_and_only_if_there_are_new_ones(
    contact_page: FormPage, suspected: list[Submission]
) -> None:
    assert [send_digests(), send_digests(), send_digests(days=1.1)] == [1, 0, 0]
    later = timezone.now() + timedelta(hours=1)
    Submission.objects.filter(pk=message(contact_page).pk).update(submit_time=later)
    assert [send_digests(days=0.5), send_digests(days=1.1), send_digests(days=1.2)] == [0, 1, 0]
    assert Email.objects.latest("pk").subject == "Contact: 1 suspected message"


def test_what_staff_had_in_hand_and_forms_without_recipients_are_left_out(
    contact_page: FormPage, suspected: list[Submission]
) -> None:
    for one in suspected:
        ThreadEntry.objects.create(submission=one, kind=ThreadEntry.Kind.EVENT, text="Spam", by="Ann")
    assert send_digests() == 0
    message(contact_page)
    FormPage.objects.update(to_address=" , ")
    assert send_digests() == 0
    FormPage.objects.update(to_address="shop@example.com")
    assert send_digests() == 1


def test_of_two_workers_only_one_tells(suspected: list[Submission], monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(_rows: object) -> int:
        SpamDigest.objects.update(sent_at=timezone.now())  # by the other worker, which has counted them, too
        return 2

    monkeypatch.setattr(SubmissionQuerySet, "count", overtaken)
    assert send_digests() == 0
    assert not Email.objects.exists()
