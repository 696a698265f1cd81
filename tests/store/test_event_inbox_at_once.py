"""One event of Stripe's delivered many times at the same moment: one handles it at a time, until that succeeds."""

import threading
import time
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from home import locks
from store.models import StripeEvent
from store.payments import errors, events
from tests.at_once import at_once
from tests.store.event_inbox import TOLD, Handler, Outcome, deliver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


class SlowHandler(Handler):
    """Takes a while, and remembers how many were at it at the same time."""

    at_work = most = 0
    _lock = threading.Lock()

    def __call__(self, told: StripeEvent) -> bool:
        with self._lock:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
        time.sleep(0.3)
        with self._lock:
            self.at_work -= 1
        return super().__call__(told)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> SlowHandler:
    one = SlowHandler()
    monkeypatch.setitem(events.HANDLERS, TOLD, one)
    return one


def twenty(settings: Any) -> list[int]:
    return at_once(*[lambda: deliver(Client(), settings)] * 20)


def test_of_twenty_deliveries_at_once_one_handles_the_event(settings: Any, slow: SlowHandler) -> None:
    assert twenty(settings) == [200] * 20
    record = StripeEvent.objects.get()
    assert (record.deliveries, record.outcome) == (20, Outcome.HANDLED)
    assert len(slow.seen) == 1


def test_when_the_first_of_twenty_fails_another_of_them_handles_it(settings: Any, slow: SlowHandler) -> None:
    slow.answers = [errors.UnreachableError("No answer.")]
    assert sorted(twenty(settings)) == [200] * 19 + [503]
    assert (len(slow.seen), slow.most) == (2, 1)


def test_without_the_lock_many_would_handle_it_at_once(
    settings: Any, slow: SlowHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def unlocked(*_args: Any, **_kwargs: Any) -> Any:
        yield

    monkeypatch.setattr(locks, "alone", unlocked)
    twenty(settings)
    assert slow.most > 1


def test_a_lock_ends_with_the_connection_that_held_it() -> None:
    def die() -> None:
        with locks.alone("something", seconds=0):
            connections["default"].close()

    at_once(die)
    with locks.alone("something", seconds=1):
        assert isinstance(at_once(take)[0], TimeoutError)
    assert at_once(take) == [None]


def take() -> None:
    with locks.alone("something", seconds=0):
        pass
