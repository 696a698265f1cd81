"""Housekeeping: removes what the register says, no more and no less, step by step, as often as anybody likes."""

import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.utils import timezone
from post_office.models import STATUS, Email
from wagtail import hooks

from config.management.commands.housekeeping import LOCK
from home import mail_queue
from policies.consent import choices, notices
from policies.models import ConsentRecord
from policies.personal_data import register
from tests.factories import cookie_policy, declare_cookies
from tests.project import ROOT

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def run() -> str:
    """Run it and return what it printed."""
    out = io.StringIO()
    call_command("housekeeping", stdout=out)
    return out.getvalue()


def aged(row: models.Model, column: str, days: float) -> models.Model:
    """Make a row that old."""
    type(row).objects.filter(pk=row.pk).update(**{column: timezone.now() - timedelta(days=days)})
    return row


def email(status: int, *, days_ago: float) -> Email:
    """Make a mail of that status and age."""
    made = mail_queue.queue(to=["a@example.com"], subject="x", text="x")
    Email.objects.filter(pk=made.pk).update(status=status)
    return aged(made, "created", days_ago)


def test_housekeeping_prints_one_line_for_each_register_entry() -> None:
    lines = run().splitlines()
    expiring = [entry.key for entry in register.registered() if entry.expire]
    assert [line.partition(":")[0] for line in lines] == expiring
    assert "mail.queue: 0 removed (kept for 90 days)" in lines


def test_each_period_that_the_policy_prints_is_enforced() -> None:
    enforced = dict(re.findall(r"(?m)^(\S+): \d+ removed \(kept for (\d+) days\)$", run()))
    assert enforced == {row["key"]: str(row["days"]) for row in register.as_fact() if row["days"] is not None}


def test_mail_is_kept_as_long_as_the_policy_prints() -> None:
    days = next(row["days"] for row in register.as_fact() if row["key"] == "mail.queue")
    kept = [email(STATUS.sent, days_ago=days - 0.1), email(STATUS.failed, days_ago=days - 0.1)]
    email(STATUS.sent, days_ago=days + 0.1)
    email(STATUS.failed, days_ago=days + 0.1)
    assert "mail.queue: 2 removed" in run()
    assert set(Email.objects.all()) == set(kept)


def test_mail_that_still_waits_is_never_lost() -> None:
    waiting = {email(STATUS.queued, days_ago=1000), email(STATUS.requeued, days_ago=1000)}
    run()
    assert set(Email.objects.all()) == waiting


@pytest.mark.parametrize("table", [AccessAttempt, AccessFailureLog, AccessLog])
def test_sign_ins_are_kept_as_long_as_the_policy_prints(table: type[models.Model]) -> None:
    days = next(row["days"] for row in register.as_fact() if row["key"] == "sign-in.attempts")
    extra = {"failures_since_start": 1} if table is AccessAttempt else {}
    rows = [table.objects.create(username="a@example.com", user_agent=str(n), **extra) for n in range(2)]
    aged(rows[0], "attempt_time", days - 0.1)
    aged(rows[1], "attempt_time", days + 0.1)
    assert "sign-in.attempts: 1 removed" in run()
    assert table.objects.get() == rows[0]


def test_cookie_choices_are_kept_as_long_as_the_policy_prints() -> None:
    days = next(row["days"] for row in register.as_fact() if row["key"] == "policies.consent")
    declare_cookies()
    cookie_policy()
    now = timezone.now()
    notice = notices.current(now)
    kept, _gone = (
        choices.save_choice(notice=notice, method="all", now=now - timedelta(days=age))
        for age in (days - 0.1, days + 0.1)
    )
    assert "policies.consent: 1 removed" in run()
    assert ConsentRecord.objects.get() == kept


def test_sessions_that_ended_go() -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for _ in range(2):
        store().create()
    ended, running = Session.objects.all()
    aged(ended, "expire_date", 0.01)
    assert "sign-in.sessions: 1 removed" in run()
    assert Session.objects.get() == running


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return how another process finds the database; that of SQLite looks like one in a file, for locks."""
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "db.sqlite3"))
        monkeypatch.setattr(connection, "is_in_memory_db", lambda: False)
    names = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    return {name: connection.settings_dict[name] for name in names}


HOLD = """
import json, sys, time
from django.conf import settings
settings.configure(DATABASES={"default": json.loads(sys.argv[1])})
from home import locks
with locks.alone(sys.argv[2], seconds=0, file=sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_of_two_at_once_one_does_it_and_after_a_kill_the_next(database: dict[str, Any]) -> None:
    email(STATUS.sent, days_ago=1000)
    command = [sys.executable, "-c", HOLD, json.dumps(database), LOCK]
    path = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "site")])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=path) as other:
        try:
            assert other.stdout
            assert other.stdout.readline() == "held\n"
            assert run() == "Another process is doing it: nothing was done here.\n"
            assert Email.objects.exists()
        finally:
            other.kill()
    end = time.monotonic() + 30
    while "Another process" in (said := run()):  # until PostgreSQL notices
        assert time.monotonic() < end
    assert "mail.queue: 1 removed" in said


def test_a_second_run_finds_nothing_to_do() -> None:
    email(STATUS.sent, days_ago=1000)
    assert "mail.queue: 1 removed" in run()
    assert "mail.queue: 0 removed" in run()


@pytest.fixture
def _a_step_that_fails() -> Iterator[None]:
    def fail(_before: object) -> int:
        Email.objects.all().delete()
        raise ZeroDivisionError

    entry = register.PersonalData(
        key="a.first", label="", what="", purpose="", keep=lambda: timedelta(days=1), expire=fail
    )
    with hooks.register_temporarily("register_personal_data", lambda: [entry]):
        yield


@pytest.mark.usefixtures("_a_step_that_fails")
def test_a_step_that_fails_stops_no_other_and_is_reported() -> None:
    email(STATUS.sent, days_ago=1000)
    kept = email(STATUS.sent, days_ago=1)
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"not complete: a\.first"):
        call_command("housekeeping", stdout=out)
    assert "a.first: FAILED (ZeroDivisionError" in out.getvalue()
    assert "mail.queue: 1 removed" in out.getvalue()
    assert Email.objects.get() == kept, "what the failing step did is undone"
