"""Two workers have a head witnessed at the same moment: one mail, one timestamp, no error."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import IntegrityError, connection
from django.db.models import QuerySet
from django.utils import timezone
from post_office.models import Email
from pytest_django import Settings

from home.models import User
from home.models.users import UserManager
from policies.ledger import sealing, weekly_mail, witness
from policies.models import LedgerHead, LedgerWitness
from tests.factories import policy, version
from tests.faults.timestamp_authorities import Authority, serving

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("django_db_serialized_rollback"),
]
LONG_ENOUGH = 20  # seconds, for what comes
IN_VAIN = 0.5  # for what a lock keeps from coming


@pytest.fixture(autouse=True)
def _sealed() -> None:
    User.objects.create_superuser(email="owner@example.com", password="x")
    version(policy(), html="<p>One.</p>")
    assert sealing.seal(now=timezone.now())


def twice(action: Callable[[], object]) -> list[object]:
    """Do it twice at the same moment; what fails gives its exception."""

    def run(_number: int) -> object:
        try:
            return action()
        except IntegrityError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(run, range(2)))


def mail_twice(monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> list[object]:
    """Have two workers meet between reading and writing, or wait for each other so long."""
    barrier, owner_emails = threading.Barrier(2), UserManager.owner_emails

    def met(manager: UserManager) -> list[str]:
        with suppress(threading.BrokenBarrierError):
            barrier.wait(seconds)
        return owner_emails(manager)

    monkeypatch.setattr(UserManager, "owner_emails", met)
    return twice(lambda: weekly_mail.send(now=timezone.now()))


def test_without_the_lock_one_of_two_mails_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self: self)
    results = mail_twice(monkeypatch, seconds=LONG_ENOUGH)
    assert [type(result) for result in results].count(IntegrityError) == 1


def test_one_mail_is_sent_by_two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    results = mail_twice(monkeypatch, seconds=IN_VAIN)
    assert {type(result) for result in results} == {LedgerHead, type(None)}
    assert Email.objects.count() == LedgerWitness.objects.count() == 1


def test_one_timestamp_is_kept_of_two(settings: Settings, tmp_path: Path) -> None:
    authority, barrier, one_by_one = Authority(tmp_path), threading.Barrier(2), threading.Lock()

    def reply_to_both(question: bytes) -> bytes:
        barrier.wait(LONG_ENOUGH)
        with one_by_one:
            return authority.reply(question)

    with serving(reply_to_both) as server:
        settings.TIMESTAMP_URL = server.url
        results = twice(lambda: witness.timestamp(now=timezone.now()))
        assert len(server.questions) == 2
    assert results == [LedgerWitness.objects.get()] * 2
    assert list(witness.findings()) == []
