"""Takes a message in: stores it once, with its files, and queues the e-mails about it.

All of it is one transaction: a dead mail server loses nothing, and nothing is stored by half.
"""

import uuid
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from forms import emails, uploads
from forms.fields import VisitorForm
from forms.models.messages import Submission
from home.email_addresses import folded
from policies.ledger import entries


def earlier(form: VisitorForm) -> Submission | None:
    """Return what a valid form has stored already: a double click, or a second try on a bad line.

    Both carry the token of the form's stamp. With other words or files under it, it is another message.
    """
    assert form.stamp is not None, "A valid form has a stamp."
    found = Submission.objects.filter(page=form.page, token=uuid.UUID(form.stamp.token)).first()
    if found is None or found.form_data != form.answers():
        return None
    stored, sent = {one.field: one for one in found.attachments.all()}, form.files_sent()
    is_same = stored.keys() == sent.keys() and all(uploads.is_same(stored[name], sent[name]) for name in sent)
    return found if is_same else None


def receive(form: VisitorForm, *, with_copy: bool) -> Submission:
    """Store what a valid form says, queue the e-mails about it, and return what is stored: once, however often."""
    submission = _submission(form)
    try:
        return _store(form, submission, with_copy=with_copy)
    except IntegrityError:
        if same := earlier(form):
            return same
        if not Submission.objects.filter(token=submission.token).exists():  # something else is wrong
            raise
    submission.pk, submission.token = None, uuid.uuid4()
    return _store(form, submission, with_copy=with_copy)


def _submission(form: VisitorForm) -> Submission:
    assert form.stamp is not None, "A valid form has a stamp."
    return Submission(
        page=form.page,
        form_data=form.answers(),
        token=uuid.UUID(form.stamp.token),
        policy_version_id=form.stamp.version_id,
        status=Submission.Status.SPAM if form.is_suspicious else Submission.Status.NEW,
        email=folded(form.reply_to),
        name=form.name,
        rating=form.rating,
        subject_kind=form.about.kind,
        subject_key=form.about.key,
        subject_name=form.about.name,
        expires_at=timezone.now() + timedelta(days=form.page.keep_days),
    )


@transaction.atomic
def _store(form: VisitorForm, submission: Submission, *, with_copy: bool) -> Submission:
    entries.enter(submission, at=timezone.now())
    submission.save()
    if submission.status != Submission.Status.SPAM:
        queued = [emails.queue_submission(submission=submission, form=form)]
        if with_copy:
            queued.append(emails.queue_copy(submission=submission, form=form))
        submission.emails.add(*filter(None, queued))
    uploads.store(submission, form.files_sent())  # last: a file stays where what follows fails
    return submission
