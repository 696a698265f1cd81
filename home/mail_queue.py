"""The mail queue: `queue` writes a mail in the caller's transaction, `send_due` sends it from the worker.

It never sends inside a request. The tables and their log are django-post-office's; why its sender is not used is in
docs/decisions/0008-mail-queue.md.

Mails of the site's own apps are `readable`: staff with the right see them. What Django and Wagtail send themselves
is not, because whoever reads a link for a new password owns the account; nothing of it remains once it is done with.
"""

import copy
import logging
import re
import smtplib
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import post_office.backends
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.validators import RegexValidator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from post_office import mail
from post_office.connections import connections
from post_office.models import STATUS, Email, Log
from post_office.settings import get_max_retries, get_retry_timedelta
from post_office.utils import cleanup_expired_mails

from home import mail_attachments

logger = logging.getLogger(__name__)

# How long a mail belongs to the worker that claimed it; only a worker that died lets this time pass.
CLAIM = timedelta(minutes=15)
# A mail that waits for longer is stuck: staff should look. One that was given up, they are shown for so long.
PATIENCE, SHOWN_WHEN_FAILED = timedelta(minutes=30), timedelta(days=7)
LONGEST_WAIT = timedelta(hours=6)  # how often, and the first wait: POST_OFFICE in config/settings/base.py
SUBJECT_LENGTH = 200  # characters
# A quoted part before the @ may hold commas and brackets, at which whoever sends mail takes it apart.
_PLAIN = re.compile(r'[^\s"(),:;<>@\[\]\\]+@[^\s"(),;<>@\[\]]+\Z')
PLAIN_ADDRESS = RegexValidator(_PLAIN, _("Enter an e-mail address without quotation marks and commas."))
# The header that marks a mail as one that staff may read. Without it none is.
READABLE = "X-Shop-Mail"


@dataclass
class Sending:
    """What one round of sending did."""

    sent: int = 0
    postponed: int = 0
    failed: int = 0


def is_plain(address: str) -> bool:
    """Return whether mail can be sent to an address; see PLAIN_ADDRESS."""
    return bool(_PLAIN.match(address))


def queue(
    *,
    to: Iterable[str],
    subject: str,
    text: str,
    html: str = "",
    sender: str = "",
    reply_to: str = "",
    attach: Sequence[str] = (),
    wait: timedelta | None = None,
) -> Email:
    """Put a mail into the queue: plain text, and the same as HTML. Without `sender` it comes from DEFAULT_FROM_EMAIL.

    `attach` names files that are made when it is sent (home/mail_attachments.py). With `wait`, at most CLAIM, it leaves
    after that time, and can be taken back until then.
    """
    headers = {"Auto-Submitted": "auto-generated", READABLE: "yes"}
    if attach:
        headers[mail_attachments.HEADER] = " ".join(attach)
    if reply_to:
        headers["Reply-To"] = reply_to
    # post_office renders subject, text and HTML as templates. People's words go in as values, or `{% x %}` would run.
    return mail.send(
        recipients=list(to),
        sender=sender or None,
        subject="{{ subject|safe }}",
        message="{{ text|safe }}",
        html_message="{{ html|safe }}",
        context={"subject": " ".join(subject.split())[:SUBJECT_LENGTH], "text": text, "html": html},
        headers=headers,
        priority="medium",
        scheduled_time=timezone.now() + wait if wait else None,
    )


def waiting(pk: int | None, *, wait: timedelta) -> QuerySet[Email]:
    """Return the mail that was queued with `wait`, if no worker has claimed it: those belong to one for longer."""
    now = timezone.now()
    return Email.objects.filter(
        pk=pk or 0, status=STATUS.queued, scheduled_time__gt=now, scheduled_time__lte=now + wait
    )


@transaction.atomic
def take_back(pk: int | None, *, wait: timedelta) -> bool:
    """Take a mail out of the queue that was queued with `wait`; return whether it had not left."""
    found = [*waiting(pk, wait=wait).select_for_update().values_list("pk", flat=True)]
    return delete(Email.objects.filter(pk__in=found)) > 0


def readable() -> QuerySet[Email]:
    """Return the mails that staff may be shown."""
    return Email.objects.filter(headers__has_key=READABLE)


def is_waiting_long(now: datetime) -> Q:
    """Return the condition of mails that should have left by now."""
    return Q(status__in=(STATUS.queued, STATUS.requeued), created__lt=now - PATIENCE)


def stuck() -> QuerySet[Email]:
    """Return the mails that staff should look at: they wait for long, or were given up lately."""
    now = timezone.now()
    given_up = Q(status=STATUS.failed, last_updated__gt=now - SHOWN_WHEN_FAILED)
    return readable().filter(is_waiting_long(now) | given_up)


class EmailBackend(post_office.backends.EmailBackend):
    """Queues what Django and Wagtail send themselves (a new password, a notice to staff): EMAIL_BACKEND."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue mails as they are, for the same reason as in `queue`."""
        return super().send_messages([_literal(message) for message in email_messages]) or 0


def _literal(message: EmailMessage) -> EmailMessage:
    key = uuid.uuid4().hex  # nobody can write the end of a block whose name they do not know

    def quoted(text: str) -> str:
        return f"{{% verbatim {key} %}}{text}{{% endverbatim {key} %}}" if "{" in text else text

    literal = copy.copy(message)
    literal.extra_headers = {k: v for k, v in message.extra_headers.items() if k != READABLE}
    literal.subject, literal.body = quoted(str(message.subject)), quoted(str(message.body))
    if isinstance(literal, EmailMultiAlternatives):
        literal.alternatives = [(quoted(str(text)), kind) for text, kind in literal.alternatives]
    return literal


def redirect(*, old: str, new: str, about: str) -> int:
    """Have mails that wait for one address and say something go to another one; return how many.

    What was refused there is tried again at once. One that a worker is sending at this moment may still leave.
    """
    of_old = Email.objects.filter(to=old, message__contains=about)
    again = {"status": STATUS.queued, "scheduled_time": None, "number_of_retries": 0}
    refused = of_old.filter(status=STATUS.requeued).update(to=[new], last_updated=timezone.now(), **again)
    return refused + of_old.filter(status=STATUS.queued).update(to=[new])


def queue_again(*, email: Email) -> None:
    """Have the worker send a mail in its next round, whatever its status."""
    Email.objects.filter(pk=email.pk).update(
        status=STATUS.queued, scheduled_time=None, number_of_retries=0, last_updated=timezone.now()
    )


def send_due(*, should_stop: Callable[[], bool] = lambda: False) -> Sending:
    """Send what is due; what fails is tried again after longer and longer waits, then marked failed.

    When the server itself does not answer, the rest waits for the next round.
    """
    result = Sending()
    try:
        for email in mail.get_queued():
            if should_stop():
                break
            if _claim(email) and not _deliver(email, result):
                break
    finally:
        connections.close()
    return result


def _claim(email: Email) -> bool:
    """Take the mail by one conditional update: of two workers only one succeeds."""
    as_seen = Email.objects.filter(pk=email.pk, status=email.status, scheduled_time=email.scheduled_time)
    return as_seen.update(scheduled_time=timezone.now() + CLAIM) == 1


def _deliver(email: Email, result: Sending) -> bool:
    """Send one mail and record the result; return False if the server is down, so that no other is tried."""
    try:
        mail_attachments.attach_to(email)
        email.dispatch(commit=False, disconnect_after_delivery=False)
    except Exception as error:  # noqa: BLE001 - every transport raises its own; the mail stays queued whatever it is
        if _postpone(email, error):
            result.postponed += 1
        else:
            result.failed += 1
        return not _is_server_down(error)
    _record(email, STATUS.sent)
    result.sent += 1
    return True


def _postpone(email: Email, error: Exception) -> bool:
    """Plan the next attempt after a failure; return False when it was the last one."""
    logger.warning("Mail %s was not sent: %s: %s", email.pk, type(error).__name__, error)
    tries = (email.number_of_retries or 0) + 1
    if tries > get_max_retries():
        _record(email, STATUS.failed, error)
        return False
    wait = min(get_retry_timedelta() * 2 ** (tries - 1), LONGEST_WAIT)
    _record(email, STATUS.requeued, error, number_of_retries=tries, scheduled_time=timezone.now() + wait)
    return True


@transaction.atomic
def _record(email: Email, status: int, error: Exception | None = None, **columns: object) -> None:
    if status != STATUS.requeued and READABLE not in (email.headers or {}):
        columns |= {"message": "", "html_message": ""}  # it may hold a link for a new password
    changed = Email.objects.filter(pk=email.pk).update(status=status, last_updated=timezone.now(), **columns)
    if changed:  # it may have been erased meanwhile
        Log.objects.create(
            email=email,
            status=STATUS.failed if error else STATUS.sent,
            message=str(error) if error else "",
            exception_type=type(error).__name__ if error else "",
        )


def _is_server_down(error: Exception) -> bool:
    # smtplib's errors are OSErrors too; those about one mail (a refused address) say nothing about the others.
    about_server = (
        smtplib.SMTPServerDisconnected,
        smtplib.SMTPConnectError,
        smtplib.SMTPHeloError,
        smtplib.SMTPAuthenticationError,
    )
    return isinstance(error, about_server) or (
        isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)
    )


def delete_old(*, before: datetime) -> int:
    """Delete the mails that were queued before a time; return how many. One that still waits is never lost."""
    old = Email.objects.filter(created__lt=before)
    return delete(old.exclude(status__in=[STATUS.queued, STATUS.requeued]))


def delete(mails: QuerySet[Email]) -> int:
    """Delete mails with their attachments; return how many."""
    deleted = mails.delete()[1].get("post_office.Email", 0)
    # Attachments of deleted mails, with their files; no mail is that old.
    cleanup_expired_mails(datetime(1970, 1, 1, tzinfo=UTC), delete_attachments=True)
    return deleted
