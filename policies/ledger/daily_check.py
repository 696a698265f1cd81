"""The check that the worker makes every day. It keeps what it finds for the dashboard, and mails damage to owners."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from home import mail_queue
from home.hooks import collect
from home.models import User
from policies.ledger import encoding, heads, schedule, verification, witness
from policies.ledger.verification import Finding, Level
from policies.models import LedgerCheck

# What an app checks beside the ledger: takes now, and what to call for each record that it has read.
RecordCheck = Callable[[datetime, Callable[[], object]], Iterable[Finding]]
logger = logging.getLogger(__name__)
EVERY = timedelta(days=1)
REMIND_EVERY = timedelta(days=7)  # while the same damage lasts
MAX_KEPT = 50  # findings that are kept and mailed: the first ones tell where to look


def record_checks() -> list[RecordCheck]:
    """Return what apps check of their own records."""
    return collect("register_record_checks")


def findings(*, now: datetime, on_read: Callable[[], object] = lambda: None) -> list[Finding]:
    """Return all that is wrong: with what apps check of their own records, and with the ledger.

    What is written while one reads can look like damage, so what a check finds it looks for once more.
    """
    own: list[RecordCheck] = [
        lambda now, on_read: verification.findings(now=now, on_read=on_read),
        lambda _now, _on_read: witness.findings(),
        lambda now, _on_read: heads.restores(now=now),
    ]
    return [found for check in record_checks() + own for found in _confirmed(check, now, on_read)]


def _confirmed(check: RecordCheck, now: datetime, on_read: Callable[[], object]) -> list[Finding]:
    found = set(_findings(check, now, on_read))
    return [again for again in _findings(check, now, lambda: None) if again in found] if found else []


def _findings(check: RecordCheck, now: datetime, on_read: Callable[[], object]) -> Iterator[Finding]:
    try:
        yield from check(now, on_read)
    except Exception as error:  # rows that only SQL can have written must not silence the other checks
        logger.exception("A check of the record could not be made.")
        words = _("a check could not be made (%(error)s)")
        yield verification.about_ledger(words % {"error": f"{type(error).__name__}: {error}"})


def run_if_due(*, now: datetime) -> None:
    """Check everything once a day, however often the worker starts."""
    last = last_check()
    if last is None or schedule.is_due(last.finished_at, every=EVERY, now=now):
        run(now=now)


def run(*, now: datetime) -> list[Finding]:
    """Check everything and keep what was found; return the damage. Mail it if it is new, and again each week."""
    damage = [found for found in findings(now=now) if found.level is Level.DAMAGE or found.is_mailed]
    marks = {found: _mark(found) for found in damage}
    with transaction.atomic():
        list(LedgerCheck.objects.select_for_update().filter(pk=1).values("pk"))
        last = last_check() or LedgerCheck()
        damage.sort(key=lambda found: marks[found] in last.told)  # what is new comes first, and is kept
        mailed_at = last.mailed_at if last.told == sorted(marks.values()) else None
        if damage and schedule.is_due(mailed_at, every=REMIND_EVERY, now=now):
            with translation.override(settings.LANGUAGE_CODE):
                mailed_at = now if _mail(damage) else None
        kept = [[found.about, found.words] for found in damage[:MAX_KEPT]]
        told = sorted(marks.values()) if mailed_at else []
        LedgerCheck(pk=1, finished_at=now, findings=kept, told=told, mailed_at=mailed_at).save()
    return damage


def last_check() -> LedgerCheck | None:
    """Return what the last check found, or None where there was none or its row is not as one was written."""
    with suppress(*verification.UNREADABLE, DatabaseError):
        if check := LedgerCheck.objects.filter(pk=1).first():
            texts = [text for about, words in check.findings for text in (about, words)]
            "".join([*texts, *check.told, check.finished_at.astimezone().ctime()]).encode()
            return check
    return None


def _mark(found: Finding) -> str:
    """Name a finding so that nobody who has only the database can say that the owners were told of it."""
    return salted_hmac(__name__, encoding.encode({found.about: found.words})).hexdigest()


def _mail(damage: list[Finding]) -> bool:
    """Mail the owners; return whether there are any."""
    context = {"findings": damage[:MAX_KEPT], "more": max(0, len(damage) - MAX_KEPT)}
    context["dashboard"] = f"{settings.SITE_URL}{reverse('wagtailadmin_home')}"
    text = render_to_string("emails/ledger_damage.txt", context)
    if to := User.objects.owner_emails():
        mail_queue.queue(to=to, subject=_("The record of policies and consents was changed"), text=text)
    return bool(to)
