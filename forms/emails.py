"""The e-mails that forms send. Each is queued, never sent here."""

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from post_office.models import Email
from wagtail.contrib.forms.models import AbstractEmailForm, AbstractFormSubmission

from forms.fields import VisitorForm
from home import mail_queue


def queue_submission(
    *, page: AbstractEmailForm, to: list[str], submission: AbstractFormSubmission, form: VisitorForm
) -> Email:
    """Queue a mail to the shop with what a visitor wrote; replies go to the visitor."""
    submissions = reverse("wagtailforms:list_submissions", args=[page.pk])
    text = render_to_string(
        "emails/form_submission.txt",
        {
            "page": page,
            "submission": submission,
            "answers": _answers(form),
            "reply_to": form.reply_to,
            "submissions_url": f"{settings.SITE_URL}{submissions}",
        },
    )
    return mail_queue.queue(
        to=to,
        subject=page.subject or _("%(page)s: a new message") % {"page": page.title},
        text=text.strip() + "\n",
        sender=page.from_address,
        reply_to=form.reply_to,
    )


def _answers(form: VisitorForm) -> list[tuple[str, str]]:
    """Return label and answer of each field, for people to read."""
    return [
        (str(form.fields[name].label), _in_words(form.cleaned_data.get(name))) for name in form.visitor_fields
    ]


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(value)
    if hasattr(value, "hour"):
        return date_format(value, "DATETIME_FORMAT")
    if hasattr(value, "year"):
        return date_format(value, "DATE_FORMAT")
    return "" if value is None else str(value)
