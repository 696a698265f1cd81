"""Every mail that the forms send. They are queued; the worker sends them."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from post_office.models import Email

from home import mail_queue

if TYPE_CHECKING:
    from forms.fields import VisitorForm
    from forms.models import FormPage, Submission


def queue_submission(*, page: "FormPage", submission: "Submission", form: "VisitorForm") -> Email:
    """Tell the shop what a visitor wrote; an answer to the mail goes to the visitor."""
    submissions = reverse("wagtailforms:list_submissions", args=[page.pk])
    text = render_to_string(
        "emails/form_submission.txt",
        {
            "page": page,
            "address": page.get_full_url(),
            "answers": form.described(),
            "submit_time": timezone.localtime(submission.submit_time),
            "policy_version": submission.policy_version,
            "reply_to": form.reply_to,
            "submissions_address": f"{settings.SITE_URL}{submissions}",
        },
    )
    return mail_queue.queue(
        to=page.recipients,
        subject=page.subject or _("%(page)s: a new message") % {"page": page.title},
        text=text.strip() + "\n",
        sender=page.from_address,
        reply_to=form.reply_to,
    )
