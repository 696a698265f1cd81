"""A visitor's choice: what follows from it, and its record.

`decide` is the one place that says whether to ask and what may run; static/js/components/consent.js repeats it for
cached pages, and a browser test holds the two together. It never renders anything, and no record holds an IP address
or a name.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from policies.consent.cookies import Choice, parse
from policies.consent.notices import Notice
from policies.ledger import entries
from policies.models import ConsentRecord

LONGEST = timedelta(days=190)  # a cookie that claims to last longer was not written by this site
MAX_CATEGORIES = 12  # this many names of MAX_VARNAME letters fit into the cookie; the admin allows no more


class InvalidChoiceError(Exception):
    """The notice does not offer this choice."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What follows for one request or page view."""

    ask: bool
    granted: frozenset[str] = frozenset()
    gpc_honoured: bool = False


def is_valid(choice: Choice, notice: Notice, now: datetime) -> bool:
    """Return whether a choice still answers what the notice asks."""
    return (
        now.timestamp() < choice.expires < (now + LONGEST).timestamp()
        and choice.version in notice.accepted_versions
        and choice.choices.keys() >= set(notice.varnames)
    )


def decide(cookie: str | None, notice: Notice | None, *, gpc: bool, now: datetime) -> Decision:
    """Return whether to ask, and which categories may run.

    A valid choice wins, but not over a Global Privacy Control signal that was not there when it was made: then, as
    without a choice, the signal means refusal; else ask.
    """
    if notice is None or not notice.optional:
        return Decision(ask=False)
    choice = parse(cookie)
    if choice and is_valid(choice, notice, now) and (choice.gpc or not gpc):
        granted = frozenset(name for name in notice.varnames if choice.choices[name])
        return Decision(ask=False, granted=granted)
    return Decision(ask=not gpc, gpc_honoured=gpc)


def choices_for(*, notice: Notice, method: str, categories: Collection[str]) -> dict[str, bool]:
    """Spell out a choice, every optional category named; refuse what the notice does not offer."""
    if not notice.optional or method not in ConsentRecord.Method.values:
        raise InvalidChoiceError
    if len(categories) != len(set(categories)) or not set(categories) <= set(notice.varnames):
        raise InvalidChoiceError
    if method == ConsentRecord.Method.CHOSEN:
        return {name: name in categories for name in notice.varnames}
    return dict.fromkeys(notice.varnames, method == ConsentRecord.Method.ALL)


def save_choice(
    *, notice: Notice, method: str, categories: Collection[str] = (), gpc: bool = False, now: datetime
) -> ConsentRecord:
    """Write the record of one choice. Raises InvalidChoiceError, and writes nothing, for what is not offered."""
    made_at = now.replace(microsecond=0)  # as exact as the cookie
    record = ConsentRecord(
        created_at=made_at,
        expires_at=made_at + timedelta(days=settings.CONSENT_DAYS),
        notice_version_id=notice.version_id,
        choices=choices_for(notice=notice, method=method, categories=categories),
        method=method,
        gpc=gpc,
    )
    with transaction.atomic():
        entries.enter(record, at=made_at)
        record.save()
    return record


def asked_again(
    *, notice: Notice | None, varnames: Iterable[str], is_material: bool, now: datetime
) -> tuple[int, int]:
    """Count the visitors whom a coming version asks again, and all whose choice is still valid.

    A material version asks everyone again; any other only those who never chose about one of its optional categories,
    `varnames`. A visitor is counted once for each choice: nothing links two choices of one person.
    """
    if notice is None:
        return 0, 0
    records = ConsentRecord.objects.filter(
        *(Q(choices__has_key=varname) for varname in notice.varnames),
        expires_at__gt=now,
        notice_version__policy__versions=notice.version_id,
        notice_version__number__in=notice.accepted_versions,
    )
    valid = records.count()
    if is_material:
        return valid, valid
    kept = records.filter(*(Q(choices__has_key=varname) for varname in varnames))
    return valid - kept.count(), valid
