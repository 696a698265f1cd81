"""The personal data that forms hold, for the register of personal data.

Each page has its own period; the register's is the longest of them, and the description names every one. What is
printed is read from the pages, so a form that asks for more, or keeps it longer, changes the policy's facts.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.text import get_text_list
from django.utils.translation import gettext, gettext_lazy, ngettext
from post_office.models import Email
from wagtail.models import Revision

from forms import uploads
from forms.models import Attachment, FormField, FormPage, Submission, ThreadEntry
from home import mail_queue
from home.email_addresses import is_same_address
from home.storage import private_storage
from policies.ledger import entries
from policies.personal_data.register import People, PersonalData

_BATCH = 500  # messages


def personal_data() -> list[PersonalData]:
    return [
        PersonalData(
            key="forms.submissions",
            label=gettext_lazy("Messages sent with a form"),
            what=lazy(describe, str)(),
            purpose=gettext_lazy("To read what you write to us and to answer you"),
            keep=longest_period,
            export=export,
            erase=erase,
            expire=expire,
            people=(People.WRITERS,),
            replace=replace,
            note=gettext_lazy(
                "Found by the e-mail address in an e-mail field. To limit how many are sent, a fingerprint of the"
                " client’s IP address stays in memory for one hour, and one of an e-mail address that gets a copy for"
                " one day."
            ),
        )
    ]


def longest_period() -> timedelta:
    """Return the longest time that any form keeps submissions."""
    longest = FormPage.objects.aggregate(days=Max("keep_days"))["days"]
    return timedelta(days=longest or FormPage._meta.get_field("keep_days").default)


def describe() -> str:
    """Return what each form on the site asks for and how long it keeps that."""
    pages = FormPage.objects.live().order_by().prefetch_related("form_fields")
    in_order = sorted(pages, key=attrgetter("path"))  # SQLite would walk all pages
    return " ".join(map(_in_words, in_order)) or gettext("Nothing: the site has no form.")


def _in_words(page: FormPage) -> str:
    # Not the tick below the policy itself.
    fields = [_asked_for(one) for one in page.form_fields.all() if one.field_type != "policy"]
    asked = get_text_list(fields or [gettext("nothing")], gettext("and"))
    days = ngettext("%s day", "%s days", page.keep_days) % page.keep_days
    words = gettext("With “%(page)s” we ask for %(fields)s; kept for %(days)s.")
    return words % {"page": page.title, "fields": asked, "days": days}


def _asked_for(field: FormField) -> str:
    """Return what a field asks for, as in a sentence; files as what they are."""
    label = gettext("files that you attach") if field.field_type == "file" else field.label
    if label.endswith("?"):
        return f"“{label}”"
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def export(email: str) -> Iterator[dict[str, Any]]:
    """Yield what was sent with an e-mail address."""
    for submission in _of(email):
        yield {
            "page": submission.page.title,
            "sent": submission.submit_time.isoformat(),
            "answers": submission.form_data,
            "about": submission.subject_name,
            "thread": [
                {"time": entry.at.isoformat(), "kind": entry.kind, "by": entry.by, "text": entry.text}
                for entry in submission.thread.all()
            ],
            "files": [attachment.name for attachment in submission.attachments.all()],
            "policy_shown": str(submission.policy_version or ""),
        }


def erase(email: str) -> int:
    """Delete what was sent with an e-mail address, with its thread and files."""
    found = Submission.objects.filter(pk__in=[submission.pk for submission in _of(email)])
    return found.delete()[1].get("forms.Submission", 0)


def expire(now: datetime) -> int:
    """Delete what each page has kept long enough."""
    uploads.sweep(now)
    return sum(_expire(page, now) for page in FormPage.objects.only("pk", "keep_days"))


@transaction.atomic
def _expire(page: FormPage, now: datetime) -> int:
    # The shorter of what was promised when the message came and of what is printed now.
    printed = Q(submit_time__lt=now - timedelta(days=page.keep_days))
    old = Submission.objects.filter(printed | Q(expires_at__lt=now), page=page).order_by("pk")
    count, newest = 0, None
    while batch := [*old.select_for_update().values_list("pk", "submit_time")[:_BATCH]]:
        _remove([pk for pk, _time in batch])
        count += len(batch)
        newest = max(filter(None, (newest, *(time for _pk, time in batch))))
    if newest:
        before = newest + timedelta(microseconds=1)
        entries.cut_off(kind=Submission.ledger_kind, before=before, count=count, at=now)
    return count


def _remove(keys: list[int]) -> None:
    """Delete messages with all that belongs to them, past the signal that enters each: these are entered together."""
    files, links = Attachment.objects.filter(submission__in=keys), Submission.emails.through.objects
    for name in files.values_list("file", flat=True):
        transaction.on_commit(partial(private_storage().delete, name))
    mails = [*links.filter(submission__in=keys).values_list("email", flat=True)]
    children = (files, ThreadEntry.objects.filter(submission__in=keys), links.filter(submission__in=keys))
    for rows in (*children, Submission.objects.filter(pk__in=keys)):
        rows._raw_delete(rows.db)
    mail_queue.delete(Email.objects.filter(pk__in=mails))


def replace() -> None:
    """Write invented answers into all messages, and an invented e-mail address into all forms and their drafts."""
    for submission in Submission.objects.only("form_data").iterator():
        answers = {name: _invented(value) for name, value in submission.form_data.items()}
        Submission.objects.filter(pk=submission.pk).update(form_data=answers)
    Submission.objects.exclude(email="").update(email="visitor@example.com")
    Submission.objects.exclude(name="").update(name="A visitor")
    Submission.objects.exclude(subject_name="").update(subject_name="Invented name")
    ThreadEntry.objects.update(text="Invented words", by="Staff")
    Attachment.objects.all().delete()
    addresses = {"to_address": "shop@example.com", "from_address": "shop@example.com"}
    FormPage.objects.update(**addresses)
    drafts = Revision.objects.filter(content_type__app_label="forms", content_type__model="formpage")
    for draft in drafts.iterator():
        Revision.objects.filter(pk=draft.pk).update(content={**draft.content, **addresses})


def _invented(value: Any) -> Any:
    if isinstance(value, str) and value:
        return "visitor@example.com" if "@" in value else "Invented words"
    return value if isinstance(value, bool) else ""


def enter_removal(instance: Submission, **_kwargs: object) -> None:
    """Say in the ledger that staff delete a message, or that somebody asked for it; its e-mails go with it."""
    # Whoever was faster, a colleague or its retention, has said so: this waits for them.
    if Submission.objects.select_for_update().filter(pk=instance.pk).exists():
        entries.removed(instance, at=timezone.now())
        mail_queue.delete(instance.emails.all())


def _of(email: str) -> Iterator[Submission]:
    """Yield submissions with a field that holds exactly this e-mail address: in JSON, so row by row."""
    answers = Submission.objects.order_by("pk").values_list("pk", "form_data")
    keys = [
        pk
        for pk, given in answers.iterator(chunk_size=500)
        if any(isinstance(value, str) and is_same_address(value, email) for value in given.values())
    ]
    rows = Submission.objects.select_related("page", "policy_version__policy").defer("policy_version__record")
    yield from rows.filter(pk__in=keys).prefetch_related("thread", "attachments").order_by("pk")
