"""Has an authority outside timestamp the newest head once a day, and checks who outside has seen which head.

The site needs none: an authority that is gone, slow or lying is logged and asked again, and a bad answer is not kept.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.client import HTTPException

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from policies.ledger import heads, schedule
from policies.ledger.verification import Finding, about_ledger, in_words
from policies.models.ledger import LedgerHead, LedgerWitness

logger = logging.getLogger(__name__)

EVERY = timedelta(days=1)
_IS_AUTHORITY = Q(authority__gt="")


def unwitnessed(witnesses: QuerySet[LedgerWitness], *, every: timedelta, now: datetime) -> LedgerHead | None:
    """Return the newest head if none of these witnesses has it, and the last one came long enough ago."""
    head, last = heads.newest(), witnesses.order_by("pk").last()
    is_enough = last and (last.head_id == head.pk or not schedule.is_due(last.time, every=every, now=now))
    return None if head.number == 0 or is_enough else head


def timestamp(*, now: datetime) -> LedgerWitness | None:
    """Have the newest head timestamped if that is due; return None if not, or if the authority gave no timestamp."""
    url = settings.TIMESTAMP_URL
    head = unwitnessed(LedgerWitness.objects.filter(_IS_AUTHORITY), every=EVERY, now=now) if url else None
    if head is None:
        return None
    from policies.ledger import timestamps  # noqa: PLC0415 - large, and many sites ask no authority

    try:
        token, time = timestamps.ask(head, now)
    except (HTTPException, OSError, ValueError) as error:
        words = str(error)[:300] or type(error).__name__
        logger.warning("No timestamp from %s, which is asked again: %r", url, words)
        return None
    values = {"token": token, "time": time}
    return LedgerWitness.objects.get_or_create(head=head, authority=url, defaults=values)[0]


def findings() -> Iterator[Finding]:
    """Yield timestamps that are not of their head, and heads that are known outside and gone here."""
    for one in LedgerWitness.objects.exclude(head__in=LedgerHead.objects.all()).order_by("pk"):
        words = _("the head that %(who)s had on %(time)s is missing")
        yield about_ledger(words % {"who": one.authority or _("a mail"), "time": in_words(one.time)})
    kept = LedgerWitness.objects.filter(_IS_AUTHORITY).select_related("head").order_by("pk")
    if settings.TIMESTAMP_CA_FILE or kept.exists():
        from policies.ledger import timestamps  # noqa: PLC0415 - large, and needed only where there are some

        yield from timestamps.findings(kept.iterator(chunk_size=500))
