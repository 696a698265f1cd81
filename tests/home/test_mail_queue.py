"""The mail queue: in with the transaction, out one by one, tried again ever more seldom, never sent twice."""

import smtplib
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail as django_mail
from django.db import transaction
from django.utils import timezone
from post_office.models import STATUS, Email

from config.settings import base
from home import mail_queue

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

LOCMEM = "django.core.mail.backends.locmem.EmailBackend.send_messages"


def queued(to: str = "shop@example.com", text: str = "Hello") -> Email:
    """Queue a mail."""
    return mail_queue.queue(to=[to], subject="Hello", text=text)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception | None], None]:
    """Return a function that makes the transport fail, or work again."""
    original = django_mail.backends.locmem.EmailBackend.send_messages

    def _set(error: Exception | None) -> None:
        def fail(*_args: object) -> None:
            raise error

        monkeypatch.setattr(LOCMEM, original if error is None else fail)

    return _set


def test_a_round_sends_a_queued_mail_and_logs_success(mailoutbox: list) -> None:
    email = queued(text="Kettles & pans\n")
    assert mail_queue.send_due() == mail_queue.Sending(sent=1)
    email.refresh_from_db()
    assert email.status == STATUS.sent
    assert [(m.to, m.subject, m.body) for m in mailoutbox] == [
        (["shop@example.com"], "Hello", "Kettles & pans\n")
    ]
    assert email.logs.get().status == STATUS.sent


def test_a_second_round_sends_no_mail_again(mailoutbox: list) -> None:
    queued()
    mail_queue.send_due()
    assert mail_queue.send_due() == mail_queue.Sending()
    assert len(mailoutbox) == 1


def test_text_and_html_are_sent_together_and_neither_is_run_as_a_template(mailoutbox: list) -> None:
    words = "{{ request }} {% nonsense %} & <b>"
    mail_queue.queue(to=["shop@example.com"], subject="Hello", text=words, html=f"<p>{words}</p>")
    mail_queue.send_due()
    (sent,) = mailoutbox
    assert (sent.body, [tuple(one) for one in sent.alternatives]) == (
        words,
        [(f"<p>{words}</p>", "text/html")],
    )


def test_a_file_that_nobody_makes_any_more_holds_no_mail_back(mailoutbox: list) -> None:
    mail_queue.queue(to=["shop@example.com"], subject="Hello", text="Hello", attach=["gone:1", "gone"])
    assert mail_queue.send_due() == mail_queue.Sending(sent=1)
    assert (mailoutbox[0].attachments, "X-Shop-Attachments" in mailoutbox[0].message()) == ([], False)


def test_a_mail_falls_with_its_transaction() -> None:
    with transaction.atomic():
        queued()
        transaction.set_rollback(True)
    assert not Email.objects.exists()


def test_mail_sent_by_django_is_queued_without_being_rendered() -> None:
    words = "A page named {% now 'Y' %} {{ x }} {% endverbatim %}"
    with django_mail.get_connection("home.mail_queue.EmailBackend") as queue_of_django:
        django_mail.send_mail(
            words, words, None, ["a@example.com"], connection=queue_of_django, html_message=f"<p>{words}</p>"
        )
    email = Email.objects.get()
    assert (email.subject, email.message, email.html_message) == (words, words, f"<p>{words}</p>")
    assert email.status == STATUS.queued


@pytest.mark.parametrize("error", [None, smtplib.SMTPRecipientsRefused({"a@example.com": (550, b"no")})])
def test_the_text_of_an_account_mail_is_erased_once_sent_or_failed(
    failing: Callable, monkeypatch: pytest.MonkeyPatch, mailoutbox: list, error: Exception | None
) -> None:
    monkeypatch.setattr(mail_queue, "get_max_retries", lambda: 0)
    failing(error)
    with django_mail.get_connection("home.mail_queue.EmailBackend") as queue_of_django:
        django_mail.send_mail(
            "Reset", "Link", None, ["a@example.com"], connection=queue_of_django, html_message="<p>Link</p>"
        )
    mail_queue.send_due()
    assert [message.body for message in mailoutbox] == ([] if error else ["Link"])
    email = Email.objects.get()
    assert email.status == (STATUS.failed if error else STATUS.sent)
    assert (email.message, email.html_message) == ("", "")


def test_a_mail_for_staff_to_read_keeps_its_words_when_it_is_sent(mailoutbox: list) -> None:
    queued()
    mail_queue.send_due()
    assert [email.message for email in mail_queue.readable()] == ["Hello"]


def test_a_mail_about_an_account_cannot_say_it_is_for_staff() -> None:
    with django_mail.get_connection("home.mail_queue.EmailBackend") as queue_of_django:
        message = django_mail.EmailMessage("Reset", "Link", None, ["a@example.com"])
        message.extra_headers = {mail_queue.READABLE: "yes"}
        queue_of_django.send_messages([message])
    assert not mail_queue.readable().exists()


def test_the_site_queues_whatever_it_sends() -> None:
    assert base.EMAIL_BACKEND == "home.mail_queue.EmailBackend"


def test_a_subject_has_one_line() -> None:
    email = mail_queue.queue(to=["shop@example.com"], subject=f"One\r\nBcc: two {'x' * 999}", text="")
    assert email.subject.startswith("One Bcc: two x")
    assert len(email.subject) == 200


def test_two_workers_do_not_send_the_same_mail(mailoutbox: list, monkeypatch: pytest.MonkeyPatch) -> None:
    queued()
    seen_by_both = list(mail_queue.mail.get_queued())
    mail_queue.send_due()
    Email.objects.update(status=STATUS.queued)  # as the slower worker still believes
    monkeypatch.setattr(mail_queue.mail, "get_queued", lambda: seen_by_both)
    assert mail_queue.send_due() == mail_queue.Sending()
    assert len(mailoutbox) == 1


def test_a_mail_that_a_dying_worker_had_in_hand_is_sent_later(mailoutbox: list) -> None:
    queued()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert mail_queue._claim(mail_queue.mail.get_queued()[0])
        assert mail_queue.send_due().sent == 0
        clock.shift(mail_queue.CLAIM + timedelta(seconds=1))
        assert mail_queue.send_due().sent == 1


def test_a_failing_mail_is_retried_at_growing_intervals_then_marked_failed(
    failing: Callable, mailoutbox: list
) -> None:
    email = queued()
    failing(ConnectionRefusedError("nobody listens"))
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while (round_ := mail_queue.send_due()).postponed:
            email.refresh_from_db()
            assert email.status == STATUS.requeued
            waits.append(email.scheduled_time - timezone.now())
            clock.shift(waits[-1] + timedelta(seconds=1))
    assert round_ == mail_queue.Sending(failed=1)
    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (10, 20, 40, 80)]
    assert len(waits) == 12
    assert max(waits) == timedelta(hours=6)
    assert sum(waits, timedelta()) > timedelta(hours=40), "a server may be down for a night and a day"
    email.refresh_from_db()
    assert email.status == STATUS.failed
    assert email.logs.count() == 13
    assert email.logs.first().message == "nobody listens"
    assert mailoutbox == []


def test_a_failed_mail_can_be_sent_again(failing: Callable, mailoutbox: list) -> None:
    email = queued()
    Email.objects.update(status=STATUS.failed, number_of_retries=12)
    mail_queue.queue_again(email=email)
    assert mail_queue.send_due().sent == 1
    assert len(mailoutbox) == 1


def test_a_server_that_is_down_is_asked_once_a_round(failing: Callable) -> None:
    for _ in range(3):
        queued()
    failing(TimeoutError("no answer"))
    assert mail_queue.send_due() == mail_queue.Sending(postponed=1)
    assert Email.objects.filter(status=STATUS.queued).count() == 2


def test_one_refused_address_holds_up_nobody_else(mailoutbox: list, failing: Callable) -> None:
    for _ in range(3):
        queued()
    failing(smtplib.SMTPRecipientsRefused({"shop@example.com": (550, b"unknown")}))
    assert mail_queue.send_due() == mail_queue.Sending(postponed=3)
    failing(None)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert mail_queue.send_due().sent == 3


def test_a_round_stops_between_two_mails_when_told(mailoutbox: list) -> None:
    for _ in range(3):
        queued()
    answers = iter([False, True])
    assert mail_queue.send_due(should_stop=lambda: next(answers)).sent == 1
    assert Email.objects.filter(status=STATUS.queued, scheduled_time=None).count() == 2


def test_a_mail_that_was_erased_while_it_was_sent_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    queued()
    monkeypatch.setattr(LOCMEM, lambda *_args: Email.objects.all().delete())
    assert mail_queue.send_due().sent == 1
    assert not Email.objects.exists()
