"""A choice that is saved while its day is summed is counted, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.db import connections, transaction
from django.utils import timezone

from policies.consent import choices, daily_sums, notices
from policies.consent.report import count_choices
from tests.factories import cookie_policy, declare_cookies

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
MIDNIGHT = datetime(2027, 4, 14, 22, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("settled", "counted"), [(timedelta(0), 1), (daily_sums.SETTLED, 2)])
def test_a_choice_of_the_last_second_is_lost_only_if_nobody_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, settled: timedelta, counted: int
) -> None:
    monkeypatch.setattr(daily_sums, "SETTLED", settled)
    declare_cookies("analytics")
    cookie_policy()
    notice = notices.current(timezone.now())
    choices.save_choice(notice=notice, method="all", now=MIDNIGHT - timedelta(hours=1))
    written, summed = Event(), Event()

    def choose_slowly() -> None:
        try:
            with transaction.atomic():
                choices.save_choice(notice=notice, method="all", now=MIDNIGHT - SECOND)
                written.set()
                assert summed.wait(30)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(choose_slowly)
        assert written.wait(30)
        daily_sums.sum_finished_days(MIDNIGHT + SECOND)
        summed.set()
        slow.result()
    daily_sums.sum_finished_days(MIDNIGHT + 2 * daily_sums.SETTLED)
    assert count_choices(30, now=MIDNIGHT + timedelta(hours=3)).total == counted
