"""Watches the health of payments: asks Stripe for a sign of life, keeps a history, and tells the trader by mail.

A problem is told when it still stands at the next look, and once, as soon as there is somebody to tell; so is its end,
when nothing was wrong for an hour: what comes and goes is told once. What does so between two looks is only in the
history.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from home import locks
from store.models import Order, PaymentAlarm
from store.orders import emails
from store.payments import errors, health, stripe_clock

EVERY = 5 * 60  # seconds between two looks
STAYS_AWAY = timedelta(hours=1)
STANDS = timedelta(seconds=EVERY / 2)  # several workers may look
EXPIRED_EVERY = 24 * 60 * 60  # seconds
KEPT = timedelta(days=90)


def watch(*, now: datetime | None = None) -> None:
    """Look once."""
    now = now or timezone.now()
    PaymentAlarm.note(PaymentAlarm.Kind.STRIPE, _what_stripe_lacks(), at=now)
    with transaction.atomic():
        locks.hold_until_commit("health of payments")
        found = health.findings(now=now)
        for one in found:
            if one.kind not in health.NOTED:
                PaymentAlarm.note(one.kind, one.words if one.is_wrong else "", at=now)
        _tell(found, now)


def _what_stripe_lacks() -> str:
    """Ask Stripe for something small, which shows its clock, too; return what is wrong. Not before the first order."""
    if not settings.STRIPE_SECRET_KEY or not Order.objects.exists():
        return ""
    try:
        stripe_clock.measure()
    except errors.UnknownKeyError:
        return _("Stripe does not know the key in STRIPE_SECRET_KEY.")
    except errors.NotPermittedError:
        return _("The key lacks the permission “%(permission)s”.") % {"permission": "Checkout Sessions: Read"}
    except errors.PaymentError as error:
        return _("Stripe does not answer: %(error)s") % {"error": error}
    return ""


def _tell(found: list[health.Finding], now: datetime) -> None:
    standing = PaymentAlarm.objects.filter(ended_at=None)
    kinds = set(standing.filter(since__lte=now - STANDS).values_list("kind", flat=True))
    told = PaymentAlarm.objects.filter(told_at__isnull=False, is_end_told=False)
    news = standing.filter(kind__in=kinds, told_at=None)
    news.filter(kind__in=set(told.values_list("kind", flat=True))).update(told_at=now)  # the trader knows
    if news.exists():
        if emails.problem_with_payments([one for one in found if one.kind in kinds]):
            news.update(told_at=now)
    elif not standing.exists():
        ended = list(told)
        is_over = ended and max(one.ended_at for one in ended if one.ended_at) <= now - STAYS_AWAY
        if is_over and emails.no_problem_with_payments(ended):
            told.update(is_end_told=True)


def expire(*, now: datetime | None = None) -> None:
    """Delete the problems that ended long ago."""
    PaymentAlarm.objects.filter(ended_at__lt=(now or timezone.now()) - KEPT).delete()
