"""What is done with a message: replies, answers, notes, who looks after it, and its status. Each is one transaction.

A form says by its token that it was stored already, and by what its user has `seen` that somebody was faster: then
nothing happens, and whoever was slower is told.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from forms import emails
from forms.inbox import links
from forms.models import Submission, ThreadEntry
from home.models import User

Kind, Status = ThreadEntry.Kind, Submission.Status
# From each status to which, and the words of its button.
STEPS = {
    Status.NEW: {Status.DONE: _("Mark as done"), Status.SPAM: _("Mark as spam")},
    Status.ANSWERED: {Status.DONE: _("Mark as done"), Status.NEW: _("Put back to be answered")},
    Status.DONE: {Status.NEW: _("Put back to be answered")},
    Status.SPAM: {Status.NEW: _("This is no spam")},
}


class ChangedError(Exception):
    """Somebody has done something with the message since it was shown."""


class AnsweredError(Exception):
    """The reply has another answer already."""


def newest_entry(message: Submission) -> int:
    """Return the key of the newest entry in a thread, 0 without one: it says what somebody has seen of it."""
    return message.thread.order_by("-pk").values_list("pk", flat=True).first() or 0


def reply(*, message_id: int, text: str, by: User, token: UUID, seen: int) -> None:
    """Store a reply and queue its e-mail; the message is answered."""
    with _held(message_id) as message:
        if _is_stored(message, Kind.REPLY, text, token):
            return
        _check_unchanged(message, seen)
        entry = _add(message, Kind.REPLY, text, by=by, token=token)
        entry.email = emails.queue_reply(reply=entry, url=links.url_of(entry))
        entry.save(update_fields=["email"])
        message.emails.add(entry.email)
        _set_status(message, Status.ANSWERED)


def answer(*, reply: ThreadEntry, text: str) -> None:
    """Store the customer's answer to a reply once, tell the shop, and have the message wait for an answer again."""
    with _held(reply.submission_id) as message:
        values = {"submission": message, "kind": Kind.ANSWER, "text": text}
        entry, is_new = ThreadEntry.objects.get_or_create(answers=reply, defaults=values)
        if is_new:
            _wait_again(message)
            if email := emails.queue_answer(answer=entry):
                message.emails.add(email)
        elif entry.text != text:
            raise AnsweredError


def paste(*, message_id: int, text: str, by: User, token: UUID) -> None:
    """Add an answer that came by e-mail; the message waits for an answer again."""
    with _held(message_id) as message:
        if not _is_stored(message, Kind.PASTED, text, token):
            _add(message, Kind.PASTED, text, by=by, token=token)
            _wait_again(message)


def note(*, message_id: int, text: str, by: User, token: UUID) -> None:
    """Add what staff note for each other."""
    with _held(message_id) as message:
        if not _is_stored(message, Kind.NOTE, text, token):
            _add(message, Kind.NOTE, text, by=by, token=token)


def assign(*, message_id: int, to: User | None, by: User, token: UUID, seen: int) -> None:
    """Say who looks after a message, or that nobody does."""
    name = name_of(to) if to else gettext("nobody")
    words = gettext("Assigned to %(name)s.") % {"name": name}
    with _held(message_id) as message:
        if _is_stored(message, Kind.EVENT, words, token):
            return
        _check_unchanged(message, seen)
        if message.assigned_to != to:
            Submission.objects.filter(pk=message.pk).update(assigned_to=to)
            _add(message, Kind.EVENT, words, by=by, token=token)


def change_status(*, message_id: int, to: str, by: User, token: UUID, seen: int) -> None:
    """Change the status by one of the steps that staff have."""
    words = gettext("Status: %(status)s.") % {"status": Status(to).label}
    with _held(message_id) as message:
        if _is_stored(message, Kind.EVENT, words, token):
            return
        _check_unchanged(message, seen)
        if to not in STEPS[Status(message.status)]:
            raise ChangedError
        _set_status(message, Status(to))
        _add(message, Kind.EVENT, words, by=by, token=token)


def delete(messages: QuerySet[Submission], *, by: User) -> int:
    """Delete messages for good, with their threads, files and e-mails, and log who did; return how many."""
    with transaction.atomic():
        for message in messages.only("token"):
            log(instance=message, action="wagtail.delete", user=by, title=message.reference)
        return messages.delete()[1].get("forms.Submission", 0)


def name_of(user: User) -> str:
    return user.get_full_name() or str(user)


@contextmanager
def _held(message_id: int) -> Iterator[Submission]:
    """Open a transaction in which nobody else changes the message, and return it as it is now."""
    with transaction.atomic():
        yield Submission.objects.select_for_update().get(pk=message_id)


def _check_unchanged(message: Submission, seen: int) -> None:
    if newest_entry(message) != seen:
        raise ChangedError


def _is_stored(message: Submission, kind: str, text: str, token: UUID) -> bool:
    """Return whether this was stored already; raise ChangedError if the page's form has stored something else."""
    stored = ThreadEntry.objects.filter(token=token).first()
    if stored and (stored.submission_id, stored.kind, stored.text) != (message.pk, kind, text):
        raise ChangedError
    return stored is not None


def _add(message: Submission, kind: str, text: str, *, by: User, token: UUID) -> ThreadEntry:
    longest = ThreadEntry._meta.get_field("by").max_length
    return ThreadEntry.objects.create(
        submission=message, kind=kind, text=text, by=name_of(by)[:longest], token=token
    )


def _wait_again(message: Submission) -> None:
    Submission.objects.filter(pk=message.pk).update(heard_at=timezone.now())
    if message.status in {Status.ANSWERED, Status.DONE}:
        _set_status(message, Status.NEW)


def _set_status(message: Submission, to: str) -> None:
    Submission.objects.filter(pk=message.pk, status=message.status).update(status=to)
