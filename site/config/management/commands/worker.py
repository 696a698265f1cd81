"""The process beside the web server: sends queued mail, publishes what is due, does the housekeeping.

Its work is in the database, so it may be stopped or killed at any time, and several may run at once. A job that fails
is logged and tried again at its next turn; the worker itself ends only when told.
"""

import logging
import signal
import time
from operator import attrgetter
from types import FrameType
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, connections

from config.backup import in_use
from home import mail_queue
from home.hooks import collect
from home.jobs import Job
from home.models import WorkerHeartbeat
from home.page_cache import tokens

logger = logging.getLogger(__name__)

TICK = 0.25  # seconds between two checks of the clock
GRACE = 0.8  # seconds that a job may still take after the signal


def contributed_jobs() -> list[Job]:
    """Return the jobs that apps contribute."""
    return collect("register_worker_jobs", key=attrgetter("name"))


class Command(BaseCommand):
    """`manage.py worker`."""

    help = "Send queued mail, publish what is due, do the housekeeping; until told to stop."
    stopping = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="Do each job once, then end (for a scheduler)."
        )

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        """Work until told to stop."""
        in_use.keep()
        jobs = [
            Job("heartbeat", 10, WorkerHeartbeat.beat),
            Job("page cache", 5, tokens.retry),
            Job("mail", 3, self.send_mail),
            *contributed_jobs(),
            Job("scheduled pages", 60, lambda: call_command("publish_scheduled")),
            Job("housekeeping", 3600, lambda: call_command("housekeeping", stdout=self.stdout)),
        ]
        if once:
            for job in jobs:
                self.run_job(job)
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        signal.signal(signal.SIGALRM, _leave)
        self.say("The worker is ready.")
        while not self.stopping:
            for job in jobs:
                if not self.stopping and job.due <= time.monotonic():
                    self.run_job(job)
                    job.due = time.monotonic() + job.every
            time.sleep(TICK)
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.say("The worker has ended.")

    def run_job(self, job: Job) -> None:
        """Do one job; log what goes wrong."""
        _drop_old_connections()
        try:
            job.run()
        except OperationalError as error:  # in one line: every few seconds while the database is away
            logger.error("%s failed; it is tried again in %s seconds: %r", job.name, job.every, error)  # noqa: TRY400 - as the comment says
        except Exception:
            logger.exception("%s failed; it is tried again in %s seconds.", job.name, job.every)
        finally:
            _drop_old_connections()

    def send_mail(self) -> None:
        """Send what is due."""
        done = mail_queue.send_due(should_stop=lambda: self.stopping)
        if done.sent or done.postponed or done.failed:
            self.say(
                f"mail: {done.sent} sent, {done.postponed} to be tried again, {done.failed} failed for good"
            )

    def say(self, line: str) -> None:
        """Print a line at once, also into a pipe."""
        self.stdout.write(line)
        self.stdout.flush()

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """End after the current mail, or after GRACE seconds: a mail server may hang for longer."""
        self.stopping = True
        signal.setitimer(signal.ITIMER_REAL, GRACE)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _drop_old_connections() -> None:
    """Close connections that the database closed meanwhile, or that broke in the job before."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:  # a caller's transaction, as in tests, is the caller's
            connection.close_if_unusable_or_obsolete()
