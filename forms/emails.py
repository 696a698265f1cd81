"""The e-mails that forms send. Each is queued, never sent here."""

import re
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from post_office.models import Email
from wagtail.contrib.forms.models import AbstractEmailForm

from forms.fields import VisitorForm
from forms.models.messages import Submission, ThreadEntry
from home import mail_queue

# What mail programs make links of: the dots of names, and what stands before //.
_LINKED = re.compile("(?<=\\S)[.\u2024\u3002\uff0e](?=[^\\W\\d_])|:(?=//)")


def queue_submission(*, submission: Submission, form: VisitorForm) -> Email | None:
    """Queue an e-mail to the shop with what a visitor wrote, if the page names anybody; replies go to the visitor."""
    page = form.page
    context = {
        "page": page,
        "submission": submission,
        "answers": _answers(form),
        "reply_to": form.reply_to,
        "message_url": _screen_of(submission),
    }
    subject = page.subject or _("%(page)s: a new message") % {"page": page.title}
    return _tell_shop(page, subject, _rendered("form_submission", context), reply_to=form.reply_to)


def queue_copy(*, submission: Submission, form: VisitorForm) -> Email:
    """Queue a copy of a message to whoever sent it.

    Anybody can type somebody else's address. So it says only in our own words whose it is, web addresses in what was
    typed are taken apart, and few go to one address (`forms.models.form_pages`).
    """
    answers = [(label, _LINKED.sub(r"\g<0> ", answer)) for label, answer in _answers(form)]
    context = {"page": form.page, "submission": submission, "answers": answers}
    return mail_queue.queue(
        to=[form.reply_to],
        subject=_("Copy of your message %(reference)s") % {"reference": submission.reference},
        text=_rendered("form_copy", context),
        sender=form.page.from_address,
        reply_to=mailbox_of(form.page),
    )


def queue_reply(*, reply: ThreadEntry, url: str) -> Email:
    """Queue a reply to whoever wrote; `url` leads to the page on which they can answer."""
    message = reply.submission
    page: AbstractEmailForm = message.page.formpage  # type: ignore[attr-defined]  # each has one
    named = {"page": page.title, "reference": message.reference}
    return mail_queue.queue(
        to=[message.email],
        subject=_("Re: %(page)s (%(reference)s)") % named,
        text=_rendered("message_reply", {"reply": reply, "message": message, "page": page, "url": url}),
        sender=page.from_address,
        reply_to=mailbox_of(page),
    )


def queue_answer(*, answer: ThreadEntry) -> Email | None:
    """Queue an e-mail to the shop about an answer that came by the link, if the page names anybody."""
    message = answer.submission
    page: AbstractEmailForm = message.page.formpage  # type: ignore[attr-defined]  # each has one
    subject = _("%(page)s: an answer (%(reference)s)")
    text = _rendered("message_answer", {"answer": answer, "url": _screen_of(message)})
    named = {"page": page.title, "reference": message.reference}
    return _tell_shop(page, subject % named, text, reply_to=message.email)


def mailbox_of(page: AbstractEmailForm) -> str:
    """Return where answers by e-mail go: to the first address that the page names, or else where mail comes from."""
    return next(iter(_addresses(page)), settings.DEFAULT_FROM_EMAIL)


def queue_spam_digest(*, page: AbstractEmailForm, count: int) -> Email | None:
    """Queue an e-mail to the shop about suspected messages, without their words."""
    url = f"{settings.SITE_URL}{reverse('inbox:index')}?status={Submission.Status.SPAM}&page={page.pk}"
    subject = ngettext(
        "%(page)s: %(count)s suspected message", "%(page)s: %(count)s suspected messages", count
    )
    text = _rendered("spam_digest", {"page": page, "count": count, "url": url})
    return _tell_shop(page, subject % {"page": page.title, "count": count}, text)


def _tell_shop(page: AbstractEmailForm, subject: str, text: str, *, reply_to: str = "") -> Email | None:
    if not (to := _addresses(page)):
        return None
    return mail_queue.queue(to=to, subject=subject, text=text, sender=page.from_address, reply_to=reply_to)


def _addresses(page: AbstractEmailForm) -> list[str]:
    return [address.strip() for address in page.to_address.split(",") if address.strip()]


def _screen_of(message: Submission) -> str:
    return f"{settings.SITE_URL}{reverse('inbox:inspect', args=[message.pk])}"


def _rendered(name: str, context: dict[str, Any]) -> str:
    return render_to_string(f"emails/{name}.txt", context).strip() + "\n"


def _answers(form: VisitorForm) -> list[tuple[str, str]]:
    """Return label and answer of each field, for people to read."""
    return [
        (str(form.fields[name].label), in_words(form.cleaned_data.get(name))) for name in form.visitor_fields
    ]


def in_words(value: Any) -> str:
    """Return an answer for people to read."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(value)
    if hasattr(value, "hour"):
        return date_format(value, "DATETIME_FORMAT")
    if hasattr(value, "year"):
        return date_format(value, "DATE_FORMAT")
    return "" if value is None else str(value)
