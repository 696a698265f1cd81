"""Finding the orders of an e-mail address again: who reads its mail gets a link that works once.

A request saves one row, whatever is known about the address. Whether it has orders is looked up by the worker, so
nobody can tell from an answer or from how long it took.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from home.email_addresses import folded, same_address
from home.throttling import Limit
from policies.personal_data.register import People, PersonalData
from store.models import FindLink, Order
from store.models.tokens import digest, may_be_token, new_token
from store.orders import emails

logger = logging.getLogger(__name__)

HOUR = timedelta(hours=1)
BY_CLIENT = Limit("find-orders", most=10, window=HOUR)
BY_ADDRESS = Limit("find-orders-of", most=3, window=HOUR)
EVERY = 3  # seconds
KEEP = timedelta(days=1)  # so that a link used or expired is told from one that never was


def orders_of(email: str) -> QuerySet[Order]:
    """Return the orders of an e-mail address, the newest first."""
    return Order.objects.filter(same_address(email))


def ask(email: str) -> None:
    """Have a link sent, unless several were asked for already within the hour."""
    if not BY_ADDRESS.take(folded(email)):
        FindLink.objects.create(email=email, created_at=timezone.now())


def send_links() -> None:
    """Send the links that were asked for, and forget the requests for addresses without orders."""
    for link in FindLink.objects.filter(digest=None):
        if not orders_of(link.email).exists():
            link.delete()
            continue
        try:
            _send(link)
        except Exception:  # the others go on, and this one is tried again
            logger.exception("Link %s to orders could not be sent.", link.pk)


@transaction.atomic
def _send(link: FindLink) -> None:
    token = new_token()
    mine = FindLink.objects.filter(pk=link.pk, digest=None)
    if mine.update(digest=digest(token), sent_at=timezone.now()):  # of two workers one sends it
        emails.find_orders(email=link.email, token=token)


def link_of(token: str) -> FindLink | None:
    """Return the link with a token."""
    return FindLink.objects.filter(digest=digest(token)).first() if may_be_token(token) else None


def use(link: FindLink) -> bool:
    """Use a link up; return whether it worked, which it does once."""
    return (
        link.works and FindLink.objects.filter(pk=link.pk, used_at=None).update(used_at=timezone.now()) == 1
    )


def expire(now: datetime) -> int:
    """Delete old links and return how many."""
    return FindLink.objects.filter(created_at__lt=now - KEEP).delete()[0]


def _export(email: str) -> list[dict[str, Any]]:
    found = FindLink.objects.filter(same_address(email)).order_by("pk")
    times = ("created_at", "sent_at", "used_at")
    return [{name: at and at.isoformat() for name, at in row.items()} for row in found.values(*times)]


FIND_LINKS = PersonalData(
    key="store.find_links",
    label=_("Links to orders"),
    what=_("E-mail address for which a link to its orders was asked, and when the link was used"),
    purpose=_("To show you your orders, and nobody else"),
    keep=lambda: KEEP,
    export=_export,
    erase=lambda email: FindLink.objects.filter(same_address(email)).delete()[0],
    expire=expire,
    people=(People.CUSTOMERS,),
    replace=lambda: FindLink.objects.all().delete(),
)
