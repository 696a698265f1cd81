"""At once: two of the staff, two clicks, two windows of a customer. One of each pair is done, the other one told."""

from functools import partial
from uuid import uuid4

import pytest
from post_office.models import Email

from forms.inbox import threads
from forms.models import Submission, ThreadEntry
from home.models import User
from tests.forms.building import form_page, sent
from tests.store.at_once import at_once

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


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
