"""At once: two of the staff, two clicks, two windows of a customer. One of each pair is done, the other one told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from post_office.models import Email

from forms.inbox import threads
from forms.models import Submission, ThreadEntry
from home.models import User
from tests.at_once import at_once
from tests.forms.building import form_page, sent

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_without_the_lock_two_of_the_staff_would_both_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def unlocked(message_id: int) -> Iterator[Submission]:
        with transaction.atomic():
            yield Submission.objects.get(pk=message_id)

    def check_together(*given: Any) -> None:
        check_unchanged(*given)
        both_have_looked.wait(5)

    check_unchanged, both_have_looked = threads._check_unchanged, threading.Barrier(2)
    message, by = sent(form_page()), User.objects.create_user("ada@example.com")
    monkeypatch.setattr(threads, "_held", unlocked)
    monkeypatch.setattr(threads, "_check_unchanged", check_together)
    replies = [
        partial(threads.reply, message_id=message.pk, text=text, by=by, token=uuid4(), seen=0)
        for text in ("We do.", "We do not.")
    ]
    assert at_once(*replies) == [None, None]
    assert Email.objects.count() == 2


def test_of_several_at_once_one_is_done() -> None:
    message, by, seen = sent(form_page()), User.objects.create_user("ada@example.com"), 0
    clicks = partial(threads.reply, message_id=message.pk, text="We do.", by=by, token=uuid4(), seen=0)
    assert at_once(clicks, clicks) == [None, None]
    reply = ThreadEntry.objects.get()
    assert Email.objects.count() == 1

    seen = reply.pk
    staff = partial(threads.change_status, message_id=message.pk, to="done", by=by, seen=seen)
    results = at_once(*(partial(staff, token=uuid4()) for _ in range(2)))
    assert sorted(type(result).__name__ for result in results) == ["ChangedError", "NoneType"]
    assert Submission.objects.get().status == "done"

    windows = [partial(threads.answer, reply=reply, text=text) for text in ("Which sizes?", "And pans?")]
    results = at_once(*windows)
    assert sorted(type(result).__name__ for result in results) == ["AnsweredError", "NoneType"]
    assert ThreadEntry.objects.filter(answers=reply).count() == 1
    assert Submission.objects.get().status == "new"
