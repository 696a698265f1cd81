"""Tells the recipients of a form once a day how many messages were taken for spam: nobody is told of each.

The e-mail holds nothing that was written. What staff have had in hand is not counted, whatever they made of it.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import translation

from forms import emails
from forms.models import FormPage, SpamDigest, Submission

EVERY = timedelta(days=1)
LOOKED_EVERY = 900  # seconds
_UNDER_WAY = timedelta(minutes=1)  # until a message that has its time is there to be counted


def send(*, now: datetime) -> int:
    """Queue the e-mails that are due; return of how many forms."""
    suspected = Submission.objects.filter(page=OuterRef("pk"), status=Submission.Status.SPAM)
    pages = FormPage.objects.filter(Exists(suspected)).exclude(to_address="")
    return sum(_send_of(page, now) for page in pages)


@transaction.atomic
def _send_of(page: FormPage, now: datetime) -> bool:
    last, _is_new = SpamDigest.objects.get_or_create(page=page)
    found = Submission.objects.filter(page=page, status=Submission.Status.SPAM, thread=None)
    found = found.filter(submit_time__lte=now - _UNDER_WAY)
    if last.sent_at:
        found = found.filter(submit_time__gt=last.sent_at - _UNDER_WAY)
    count = found.count()
    if not count or not page.to_address.strip(", "):
        return False
    # Of two workers only one changes the row, so only one tells.
    is_due = Q(sent_at=None) | Q(sent_at__lte=now - EVERY)
    if not SpamDigest.objects.filter(is_due, pk=last.pk).update(sent_at=now):
        return False
    with translation.override(settings.LANGUAGE_CODE):
        emails.queue_spam_digest(page=page, count=count)
    return True
