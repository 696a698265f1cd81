"""A month of life in the demo: cookie choices and messages with their threads, spread over the last 30 days."""

import random
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from wagtail.models import Page

from demo import texts
from demo.frozen_time import frozen_time
from forms import subjects
from forms.models import FormPage, SavedReply, Submission, ThreadEntry
from policies.consent import notices
from policies.consent.choices import save_choice
from policies.ledger import entries
from policies.models import ConsentRecord, LedgerStatement, Policy

Type = LedgerStatement.Type

DAYS = 30
CHOICES_A_DAY = (2, 9)
# Of ten visitors: four accept, four reject, two choose. Invented, like the rest of the demo.
METHODS = ("all",) * 4 + ("none",) * 4 + ("chosen",) * 2
A_DAY = timedelta(days=1)
STAFF = "Customer service"  # who replies, by the name of the demo's account
REPLIED_AFTER, ANSWERED_AFTER = timedelta(hours=5), timedelta(hours=26)


def create() -> None:
    """Create choices and submissions of the last 30 days, and saved replies, where there are none."""
    now = timezone.now()
    if not ConsentRecord.objects.exists():
        _choices(now)
        entries.state(Type.TAKEN_IN, {"kinds": [ConsentRecord.ledger_kind]}, at=now)
    if not Submission.objects.exists():
        _messages(now)
        entries.state(Type.TAKEN_IN, {"kinds": [Submission.ledger_kind]}, at=now)
    if not SavedReply.objects.exists():
        SavedReply.objects.bulk_create(SavedReply(**reply) for reply in texts.records("saved_replies.txt"))


def _choices(now: datetime) -> None:
    notice = notices.current(now)
    if notice is None:
        return
    dice = random.Random(1)  # noqa: S311 - the same month each time, not a secret
    for day in range(DAYS, 0, -1):
        for _ in range(dice.randint(*CHOICES_A_DAY)):
            moment = now - timedelta(days=day) + dice.random() * A_DAY
            method = dice.choice(METHODS)
            is_chosen = method == ConsentRecord.Method.CHOSEN
            categories = dice.choice([notice.varnames, ()]) if is_chosen else ()
            save_choice(notice=notice, method=method, categories=categories, now=moment)


def _messages(now: datetime) -> None:
    pages = {page.slug: page for page in FormPage.objects.all()}
    for number, message in enumerate(texts.records("submissions.txt")):
        moment = now - timedelta(days=int(message["days_ago"]), minutes=37 * number)
        page = pages[message["form"]]
        subject = _subject(message.get("about", ""))
        submission = Submission(
            page=page,
            form_data=_answers(page, message),
            policy_version=Policy.objects.in_force_of(Policy.Kind.PRIVACY, moment),
            status=message.get("status", Submission.Status.NEW),
            email=message["email"].lower(),
            name=message["name"],
            rating=int(message["rating"]) if "rating" in message else None,
            subject_kind=subject.kind,
            subject_key=subject.key,
            subject_name=subject.name,
            expires_at=moment + timedelta(days=page.keep_days),
        )
        entries.enter(submission, at=moment)
        with frozen_time(moment):  # the row's own time is that of its creation
            submission.save()
        _thread(submission, message)


def _subject(slug: str) -> subjects.Subject:
    """Return the product with this slug, if the site has a shop."""
    product = Page.objects.live().filter(slug=slug).first()
    return subjects.find(f"product:{product.pk if product else ''}")


def _answers(page: FormPage, message: dict[str, str]) -> dict[str, Any]:
    by_label = {
        "Your name": message["name"],
        "Your e-mail address": message["email"],
        "Subject": message.get("subject", ""),
        "Message": message["message"],
        "What should we know?": message["message"],
        "How was it?": message.get("rating", ""),
        "I have read the privacy policy": True,
    }
    return {field.clean_name: by_label.get(field.label) for field in page.get_form_fields()}


def _thread(submission: Submission, message: dict[str, str]) -> None:
    """Create what staff replied, and what the customer answered to that."""
    reply, begin = None, submission.submit_time
    if text := message.get("reply"):
        reply = ThreadEntry.objects.create(
            submission=submission, kind="reply", text=text, at=begin + REPLIED_AFTER, by=STAFF
        )
    if text := message.get("answer"):
        ThreadEntry.objects.create(
            submission=submission, kind="answer", text=text, at=begin + ANSWERED_AFTER, answers=reply
        )
