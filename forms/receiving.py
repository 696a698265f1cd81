"""Takes a message in: stores it once, with its files, and queues the e-mails about it.

All of it is one transaction: a dead mail server loses nothing, and nothing is stored by half.
"""

import uuid

from django.db import IntegrityError, transaction
from django.utils import timezone
from wagtail.contrib.forms.models import AbstractEmailForm

from forms import emails, uploads
from forms.fields import VisitorForm
from forms.models.messages import Submission
from policies.ledger import entries


def receive(*, page: AbstractEmailForm, form: VisitorForm, submission: Submission) -> Submission:
    """Store what a valid form says and queue the e-mails about it; return what is stored.

    A form sent twice (a double click, a retry on a bad line) is stored once: it carries the token of its first
    time. Changed words under the same token are a new message.
    """
    try:
        return _store(page, form, submission)
    except IntegrityError:
        earlier = Submission.objects.filter(page=page, token=submission.token).first()
        if earlier is None:  # something else is wrong
            raise
    if earlier.form_data == submission.form_data:
        return earlier
    submission.pk, submission.token = None, uuid.uuid4()
    return _store(page, form, submission)


@transaction.atomic
def _store(page: AbstractEmailForm, form: VisitorForm, submission: Submission) -> Submission:
    entries.enter(submission, at=timezone.now())
    submission.save()
    if submission.status != Submission.Status.SPAM:
        emails.queue_submission(page=page, submission=submission, form=form)
        if form.wants_copy:
            emails.queue_copy(page=page, submission=submission, form=form)
    uploads.store(submission, form.files_sent())  # last: a file stays where what follows fails
    return submission
