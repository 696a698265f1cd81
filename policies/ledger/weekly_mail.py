"""Mails the newest head to the owners once a week: whoever keeps the mail can show later what the ledger was then."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from home import mail_queue
from home.models import User
from policies.ledger import daily_check, heads, witness
from policies.models.ledger import LedgerHead, LedgerWitness

EVERY = timedelta(days=7)


@transaction.atomic
def send(*, now: datetime) -> LedgerHead | None:
    """Queue the mail if it is due and something was sealed since the last one; return the head that it names."""
    LedgerHead.objects.select_for_update().get(number=0)  # of two workers only one sends it
    head = witness.unwitnessed(LedgerWitness.objects.filter(authority=""), every=EVERY, now=now)
    to = User.objects.owner_emails()
    if head is None or not to:
        return None
    LedgerWitness(head=head, time=now).save()
    with translation.override(settings.LANGUAGE_CODE):
        context = {"head": head, "document": heads.encode([head]), "site": settings.SITE_URL}
        context["check"] = daily_check.last_check()
        text = render_to_string("emails/ledger_head.txt", context)
        subject = _("Please keep: the record of policies and consents, head %(number)s")
        mail_queue.queue(to=to, subject=subject % {"number": head.number}, text=text)
    return head
