"""A month of life in the demo: cookie choices and messages, spread over the last 30 days."""

import random
from datetime import datetime, timedelta

from django.utils import timezone

from demo import texts
from demo.frozen_time import frozen_time
from forms.models import FormPage, Submission
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


def create() -> None:
    """Create choices and submissions of the last 30 days where there are none."""
    now = timezone.now()
    if not ConsentRecord.objects.exists():
        _choices(now)
        entries.state(Type.TAKEN_IN, {"kinds": [ConsentRecord.ledger_kind]}, at=now)
    if not Submission.objects.exists():
        _messages(now)
        entries.state(Type.TAKEN_IN, {"kinds": [Submission.ledger_kind]}, at=now)


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
        submission = Submission(
            page=page,
            form_data=_answers(page, message),
            policy_version=Policy.objects.in_force_of(Policy.Kind.PRIVACY, moment),
        )
        entries.enter(submission, at=moment)
        with frozen_time(moment):  # the row's own time is that of its creation
            submission.save()


def _answers(page: FormPage, message: dict[str, str]) -> dict[str, str]:
    by_label = {
        "Your name": message["name"],
        "Your e-mail address": message["email"],
        "Subject": message.get("subject", ""),
        "Message": message["message"],
        "What should we know?": message["message"],
    }
    return {
        field.clean_name: by_label.get(field.label, _rating(message, field.choices))
        for field in page.get_form_fields()
    }


def _rating(message: dict[str, str], choices: str) -> str:
    return next((line for line in choices.splitlines() if line.startswith(message.get("rating", "-"))), "")
