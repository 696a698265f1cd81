"""A dead mail server loses nothing and slows nobody: real sockets, the real worker, mail that arrives later."""

import io
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from post_office.models import STATUS, Email

from config.management.commands.worker import Command
from forms.models import Submission
from home import mail_queue, smtp, spam
from tests.faults import mail_servers
from tests.forms.building import ANSWERS, form_page, stamp_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def port(settings: object) -> int:
    """Send mail by SMTP to a port on which nobody listens yet."""
    settings.POST_OFFICE = {
        **settings.POST_OFFICE,
        "BACKENDS": {"default": "home.smtp.EmailBackend"},
    }
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = mail_servers.unused_port()
    settings.EMAIL_TIMEOUT = 20
    return settings.EMAIL_PORT


@pytest.fixture
def _signal_handlers() -> Iterator[None]:
    """Give pytest its signal handlers back."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def send_form(client: Client) -> HttpResponse:
    """Write to the shop."""
    page = form_page()
    return client.post("/contact/", {**ANSWERS, spam.STAMP_FIELD: stamp_of(page)})


def work() -> str:
    """Let the worker do each job once; return what it printed."""
    out = io.StringIO()
    call_command("worker", "--once", stdout=out)
    return out.getvalue()


def exit_code_of_worker() -> int:
    """Run the worker until it is cut short."""
    with pytest.raises(SystemExit) as end:
        call_command("worker", stdout=io.StringIO())
    return end.value.code


def test_the_visitor_is_thanked_at_once_and_the_mail_arrives_when_the_server_is_back(
    client: Client, port: int
) -> None:
    assert send_form(client).status_code == 303
    assert Submission.objects.count() == 1
    with time_machine.travel(timezone.now()) as clock:
        assert "0 sent, 1 to be tried again" in work()
        email = Email.objects.get()
        assert email.status == STATUS.requeued
        assert email.logs.get().exception_type == "ConnectionRefusedError"
        with mail_servers.working(port) as received:
            assert "mail:" not in work(), "it is not yet time for the second attempt"
            clock.shift(timedelta(minutes=11))
            assert "1 sent" in work()
            assert "mail:" not in work()
    assert len(received) == 1
    assert "Reply-To: visitor@example.com" in received[0]
    assert "Do you sell kettles?" in received[0]
    email.refresh_from_db()
    assert email.status == STATUS.sent


@pytest.mark.usefixtures("port")
def test_a_form_takes_no_longer_when_the_server_hangs(client: Client, settings: object) -> None:
    with mail_servers.silent() as silent_port:
        settings.EMAIL_PORT = silent_port
        start = time.monotonic()
        assert send_form(client).status_code == 303
        assert time.monotonic() - start < 2
        settings.EMAIL_TIMEOUT = 0.2
        assert "1 to be tried again" in work()
    assert Email.objects.get().logs.get().exception_type == "SMTPServerDisconnected"


@pytest.mark.usefixtures("port", "_signal_handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_ends_within_two_seconds_even_while_the_server_hangs(
    settings: object, number: signal.Signals
) -> None:
    mail_queue.queue(to=["shop@example.com"], subject="x", text="x")
    told = []

    def tell() -> None:
        told.append(time.monotonic())
        os.kill(os.getpid(), number)

    with mail_servers.silent() as silent_port:
        settings.EMAIL_PORT = silent_port
        timer = threading.Timer(1, tell)
        timer.start()
        assert exit_code_of_worker() == 0
        timer.join()
    assert time.monotonic() - told[0] < 2
    email = Email.objects.get()
    assert email.status == STATUS.queued, "nothing is lost"
    assert email.scheduled_time < timezone.now() + timedelta(minutes=16)


@pytest.mark.usefixtures("_signal_handlers")
def test_a_server_that_answers_a_byte_at_a_time_is_left_in_the_end(
    client: Client, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "LONGEST_ANSWER", 0.5)
    send_form(client)
    with mail_servers.trickling(port):
        began = time.monotonic()
        assert mail_queue.send_due() == mail_queue.Sending(postponed=1)
        assert time.monotonic() - began < 5
    with mail_servers.working(port) as received:
        Email.objects.update(scheduled_time=None)
        assert mail_queue.send_due().sent == len(received) == 1


def test_an_address_that_is_refused_holds_up_no_other(port: int) -> None:
    refused, _other = (
        mail_queue.queue(
            to=[f"{name}@example.com"], subject=name, text="Your answer.", reply_to="shop@example.com"
        )
        for name in ("gone", "ann")
    )
    with mail_servers.refusing(port) as received:
        assert mail_queue.send_due() == mail_queue.Sending(sent=1, postponed=1)
        assert "To: ann@example.com" in received[0]
        Email.objects.filter(pk=refused.pk).update(number_of_retries=12, scheduled_time=None)
        assert mail_queue.send_due() == mail_queue.Sending(failed=1), "some time it is given up"
        assert len(received) == 1
    assert {log.exception_type for log in refused.logs.all()} == {"SMTPRecipientsRefused"}
    assert [*mail_queue.stuck()] == [refused], "staff are told"
    mail_queue.queue_again(email=refused)
    with mail_servers.working(port) as received:  # somebody mended the address there
        assert mail_queue.send_due().sent == len(received) == 1


def test_what_a_server_took_and_lost_is_sent_again(port: int) -> None:
    email = mail_queue.queue(to=["ann@example.com"], subject="x", text="Your answer.")
    with mail_servers.losing(port) as lost:
        assert mail_queue.send_due() == mail_queue.Sending(postponed=1)
        assert "Your answer." in lost[0]
    assert email.logs.get().exception_type == "SMTPServerDisconnected"
    Email.objects.update(scheduled_time=None)
    with mail_servers.working(port) as received:
        assert mail_queue.send_due().sent == len(received) == 1
    assert "Your answer." in received[0]


def test_an_idle_worker_ends_at_once() -> None:
    out = io.StringIO()
    timer = threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGTERM))
    timer.start()
    start = time.monotonic()
    call_command("worker", stdout=out)
    timer.join()
    assert time.monotonic() - start < 3
    assert out.getvalue().splitlines()[-1] == "The worker has ended."
    time.sleep(1)  # no alarm goes off later


@pytest.mark.both_databases
def test_a_database_hiccup_stops_no_other_job(
    monkeypatch: pytest.MonkeyPatch, mailoutbox: list, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_options: object) -> None:
        message = "server closed the connection unexpectedly"
        raise OperationalError(message)

    mail_queue.queue(to=["shop@example.com"], subject="x", text="x")
    monkeypatch.setattr(mail_queue, "send_due", fail)
    assert "mail.queue: 0 removed" in work()
    assert "mail failed; it is tried again in 3 seconds" in caplog.text
    monkeypatch.undo()
    work()
    assert len(mailoutbox) == 1


def test_housekeeping_that_fails_does_not_end_the_worker(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise OSError

    monkeypatch.setattr("config.management.commands.worker.call_command", fail)
    command = Command(stdout=io.StringIO())
    command.handle(once=True)
    assert "housekeeping failed" in caplog.text
