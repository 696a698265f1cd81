"""Takes in what a visitor sent: the row and the mail about it, both or neither. It checks nothing; the form did."""

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from forms import mails

if TYPE_CHECKING:
    from forms.fields import VisitorForm
    from forms.models import FormPage, Submission
    from forms.spam import Stamp


def receive(*, page: "FormPage", form: "VisitorForm") -> "Submission":
    """Store a valid form and queue the mail about it.

    A form sent twice (a double click, a retry on a bad line) is stored once: it carries the token of its first time.
    Changed words under the same token are a new message.
    """
    assert form.stamp is not None, "A valid form has a stamp."
    try:
        return _store(page=page, form=form, stamp=form.stamp)
    except IntegrityError:
        earlier = page.get_submissions().filter(token=form.stamp.token).first()
        if earlier is None:  # something else is wrong
            raise
    if earlier.form_data == form.answers():
        return earlier
    return _store(page=page, form=form, stamp=replace(form.stamp, token=uuid.uuid4().hex))


@transaction.atomic
def _store(*, page: "FormPage", form: "VisitorForm", stamp: "Stamp") -> "Submission":
    submission = page.get_submission_class().objects.create(
        page=page,
        form_data=form.answers(),
        token=uuid.UUID(stamp.token),
        policy_version_id=stamp.version_id,
        is_suspicious=form.is_suspicious,
    )
    if page.recipients and not submission.is_suspicious:
        mails.queue_submission(page=page, submission=submission, form=form)
    return submission
