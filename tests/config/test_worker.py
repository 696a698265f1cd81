"""The worker's rounds, each done once."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from home.models import ContentPage, WorkerHeartbeat
from tests.factories import home_page

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def work() -> None:
    call_command("worker", once=True, stdout=io.StringIO())


def test_pages_whose_hour_has_come_are_published() -> None:
    page = ContentPage(title="Coming", slug="coming", live=False)
    home_page().add_child(instance=page)
    page.go_live_at = timezone.now() + timedelta(hours=1)
    page.save_revision().publish()
    work()
    assert not ContentPage.objects.get().live
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        work()
    assert ContentPage.objects.get().live


def test_a_database_that_is_away_is_a_line_in_the_log_and_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> None:
        raise OperationalError("no route to host")

    monkeypatch.setattr(WorkerHeartbeat, "beat", away)
    work()
    [record] = [record for record in caplog.records if "heartbeat" in record.getMessage()]
    assert "no route to host" in record.getMessage()
    assert record.exc_info is None


def test_a_worker_is_heard() -> None:
    assert not WorkerHeartbeat.is_heard()
    work()
    assert WorkerHeartbeat.is_heard()
