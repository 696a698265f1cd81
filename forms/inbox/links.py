"""The link “Answer here” in a reply: signed, so that nobody can guess or make one."""

import re

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from forms.models import Submission, ThreadEntry

_SALT = "forms.answer"
_PATH = re.compile(r"(/messages/answer/)[^\s\"'<>]+")


def url_of(reply: ThreadEntry) -> str:
    return f"{settings.SITE_URL}{reverse('forms:answer', args=[signing.dumps(reply.pk, salt=_SALT)])}"


def without_links(text: str) -> str:
    """Return an e-mail's text for staff: whoever has the link answers as the customer."""
    return _PATH.sub(r"\1…", text)


def reply_of(token: str) -> ThreadEntry | None:
    """Return the reply whose link this is; None if it is forged, or its message is gone, over or spam."""
    try:
        pk = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    replies = ThreadEntry.objects.filter(pk=pk, kind=ThreadEntry.Kind.REPLY)
    kept = replies.filter(submission__expires_at__gt=timezone.now())
    open_to_answers = kept.exclude(submission__status=Submission.Status.SPAM)
    return open_to_answers.select_related("submission__page__formpage", "answer").first()
