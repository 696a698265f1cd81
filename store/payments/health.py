"""The health of payments: what would keep money or news of it from the shop, each with what to do about it.

It asks the database and the cache only, a fixed number of times whatever they hold. What only Stripe knows, the worker
has found out before (`watching`, `reconciliation`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from post_office.models import STATUS, Email

from home import clock
from home.models import WorkerHeartbeat
from home.throttling import Limit
from store.models import Order, OrderEvent, PaymentAlarm, Refund, StripeEvent, WebhookRefusal
from store.payments import events
from store.payments.checklist import Level, Line

Kind, Reason = PaymentAlarm.Kind, WebhookRefusal.Reason
REFUSALS = Limit("refused-webhooks", most=1, window=timedelta(seconds=10))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOOKED_BACK = timedelta(hours=24)
EVENT_PATIENCE = timedelta(minutes=15)  # after a payment, until its event should be here
REFUND_PATIENCE = timedelta(minutes=15)
MAIL_PATIENCE = timedelta(minutes=30)
UNSENT = (STATUS.failed, STATUS.queued, STATUS.requeued)
SET_CLOCK = gettext_lazy("Set the clock of this machine (NTP). Stripe sends the events again by itself.")


@dataclass(frozen=True, kw_only=True)
class Finding(Line):
    """How one kind of thing stands, and where staff see more of it."""

    kind: PaymentAlarm.Kind
    since: datetime | None = None
    url: str = ""

    @property
    def is_wrong(self) -> bool:
        """Somebody has to do something."""
        return self.level == Level.WRONG


def note_refusal(reason: str, *, age: timedelta | None = None) -> None:
    """Remember that a webhook was refused; a flood of them is written down once in ten seconds."""
    if not REFUSALS.take(reason):
        now = timezone.now()
        latest = {"last_at": now, "age": age}
        WebhookRefusal.objects.update_or_create(
            reason=reason, defaults=latest, create_defaults={"since": now, **latest}
        )


def forget_refusals() -> None:
    """Forget what was refused: a webhook was accepted, so secret and clock are right."""
    if WebhookRefusal.objects.exists():
        WebhookRefusal.objects.all().delete()


def findings(*, now: datetime | None = None) -> list[Finding]:
    """Return how each kind of thing stands, in the order in which to mend them."""
    now = now or timezone.now()
    refusals = {one.reason: one for one in WebhookRefusal.objects.all()}
    alarms = {one.kind: one for one in PaymentAlarm.objects.filter(ended_at=None)}
    return [
        _worker(),
        _connection(alarms.get(Kind.STRIPE)),
        _clock(),
        _events(now, refusals),
        _age(now, refusals.get(Reason.STALE)),
        _handling(now),
        _payments(alarms.get(Kind.UNKNOWN)),
        _orders(),
        _refunds(now),
        _mails(now),
    ]


def problems() -> list[Finding]:
    """Return what is wrong."""
    return [one for one in findings() if one.is_wrong]


def _judged(
    kind: PaymentAlarm.Kind, fine: str, wrong: str, to_do: str, figures: dict[str, Any], url: str = ""
) -> Finding:
    """Return that something is wrong, with these figures, if they count any."""
    if not figures["count"]:
        return Finding(kind=kind, words=fine)
    words, since = wrong % figures, figures.get("since")
    return Finding(kind=kind, words=words, level=Level.WRONG, to_do=to_do, since=since, url=url)


def _figures(alarm: PaymentAlarm | None) -> dict[str, Any]:
    return {"count": 1, "since": alarm.since, "detail": alarm.detail} if alarm else {"count": 0}


def _in_words(duration: timedelta) -> str:
    return timesince(EPOCH, EPOCH + abs(duration))


def _worker() -> Finding:
    wrong = _("It did nothing in the last ten minutes: no e-mail is sent, and nobody watches the payments.")
    to_do, figures = _("Start manage.py worker again."), {"count": not WorkerHeartbeat.is_heard()}
    return _judged(Kind.WORKER, _("It works."), wrong, to_do, figures)


def _connection(alarm: PaymentAlarm | None) -> Finding:
    to_do = _("Press “Check the connection”. If Stripe does not answer, look at status.stripe.com first.")
    return _judged(
        Kind.STRIPE, _("The worker had no trouble asking Stripe."), "%(detail)s", to_do, _figures(alarm)
    )


def _clock() -> Finding:
    ahead = clock.ahead()
    figures = {"count": abs(ahead) > clock.LARGEST_DIFFERENCE, "how_long": _in_words(ahead)}
    wrong = _("It is %(how_long)s behind Stripe’s.")
    if ahead > timedelta():
        wrong = _("It is %(how_long)s ahead of Stripe’s.")
    to_do = _("Synchronise it (NTP). Payments go on meanwhile: they go by Stripe’s clock.")
    return _judged(Kind.CLOCK, _("No difference from Stripe’s is known."), wrong, to_do, figures)


def _events(now: datetime, refusals: dict[str, WebhookRefusal]) -> Finding:
    """Only orders without an event are wrong: anybody can send webhooks that are refused."""
    told = StripeEvent.objects.filter(object_id=OuterRef("session_id"))
    paid = Order.objects.filter(payment_source=Order.PaymentSource.STRIPE, session_id__isnull=False)
    paid = paid.filter(paid_at__gt=now - LOOKED_BACK, paid_at__lt=now - EVENT_PATIENCE)
    figures = paid.filter(~Exists(told)).aggregate(count=Count("pk"), since=Min("paid_at"))
    refused = refusals.get(Reason.SIGNATURE) or refusals.get(Reason.MALFORMED)
    if refused and not figures["count"]:
        words = _("Webhooks are refused: %(why)s. No event is missing, and anybody can send such webhooks.")
        words %= {"why": refused.get_reason_display()}
        return Finding(kind=Kind.EVENTS, level=Level.NOTE, words=words, since=refused.since)
    why, to_do = _why(refusals)
    wrong = _("Orders paid in the last 24 hours about which Stripe sent no event: %(count)d.")
    fine = _("An event came about each paid order of the last 24 hours.")
    return _judged(Kind.EVENTS, fine, f"{wrong} {why}", to_do, figures)


def _why(refusals: dict[str, WebhookRefusal]) -> tuple[str, str]:
    """Return why no events come, and what to do about it."""
    if stale := refusals.get(Reason.STALE):
        why, to_do, since = _("Since %(since)s, events are refused as too old."), str(SET_CLOCK), stale.since
    elif wrong := refusals.get(Reason.SIGNATURE):
        why, since = _("Since %(since)s, webhooks with a wrong signature are refused."), wrong.since
        to_do = _(
            "Copy the signing secret of the endpoint in Stripe’s Dashboard, under Developers → Webhooks, to "
            "STRIPE_WEBHOOK_SECRET, and restart the site. Then let Stripe send the events again there."
        )
    else:
        to_do = _(
            "Look in Stripe’s Dashboard under Developers → Webhooks whether there is an endpoint %(url)s, whether it "
            "is on, and what answers it got. “Check the connection” does that for you."
        )
        url = settings.SITE_URL + reverse("store:stripe_webhook")
        return _("Nothing arrives at all."), to_do % {"url": url}
    return why % {"since": date_format(timezone.localtime(since), "SHORT_DATETIME_FORMAT")}, to_do


def _age(now: datetime, stale: WebhookRefusal | None) -> Finding:
    figures: dict[str, Any] = {"count": 0}
    if stale and stale.last_at > now - LOOKED_BACK:
        figures = {"count": 1, "since": stale.since, "how_long": _in_words(stale.age or timedelta())}
    wrong = _("Events that Stripe signed are refused as signed %(how_long)s ago.")
    return _judged(Kind.STALE, _("No event is refused as too old."), wrong, str(SET_CLOCK), figures)


def _handling(now: datetime) -> Finding:
    left = StripeEvent.objects.filter(outcome__in=StripeEvent.OPEN, received_at__lt=now - events.PATIENCE)
    figures = left.aggregate(count=Count("pk"), since=Min("received_at"), outcome=Min("outcome"))
    url = f"{reverse('stripe-events:index')}?outcome={figures['outcome']}"
    to_do = _("Have them handled again; each says what went wrong.")
    wrong = _("Events that could not be handled: %(count)d.")
    return _judged(Kind.FAILED, _("Each event was handled."), wrong, to_do, figures, url)


def _payments(alarm: PaymentAlarm | None) -> Finding:
    to_do = _(
        "Look the payments up in Stripe’s Dashboard. Send what was paid for, or refund it there. After a backup was "
        "restored, these are the orders placed since then."
    )
    fine = _("None is known that is not paid here.")
    return _judged(Kind.UNKNOWN, fine, "%(detail)s", to_do, _figures(alarm))


def _orders() -> Finding:
    unsettled = OrderEvent.objects.filter(
        reason=OrderEvent.Reason.UNSETTLED, order__in=Order.objects.filter(needs_attention=True)
    )
    figures = unsettled.aggregate(count=Count("order", distinct=True), since=Min("happened_at"))
    url = f"{reverse('orders:index')}?needs_attention=true"
    to_do = _("The error log says why. Compare them with Stripe’s Dashboard, then mark them as resolved.")
    wrong = _("Orders about which Stripe’s answer could not be saved: %(count)d.")
    return _judged(Kind.ORDERS, _("There are none."), wrong, to_do, figures, url)


def _refunds(now: datetime) -> Finding:
    waiting = Refund.objects.filter(status=Refund.Status.REQUESTED, created_at__lt=now - REFUND_PATIENCE)
    figures = waiting.aggregate(count=Count("pk"), since=Min("created_at"), order=Min("order"))
    url = reverse("orders:inspect", args=[figures["order"] or 0])
    to_do = _("The worker asks each minute. Do not refund in Stripe’s Dashboard meanwhile.")
    wrong = _("Refunds of which Stripe has not said whether they were made: %(count)d.")
    return _judged(Kind.REFUNDS, _("There are none."), wrong, to_do, figures, url)


def _mails(now: datetime) -> Finding:
    failed = Q(status=STATUS.failed, last_updated__gt=now - LOOKED_BACK)
    waiting = Q(status__in=(STATUS.queued, STATUS.requeued), created__lt=now - MAIL_PATIENCE)
    figures = Email.objects.filter(failed | waiting, status__in=UNSENT).aggregate(
        count=Count("pk"),
        failed=Count("pk", filter=failed),
        waiting=Count("pk", filter=waiting),
        since=Min("created"),
    )
    to_do = _("Each says why. Check the addresses and EMAIL_URL, then send them again.")
    wrong = _("Waiting for more than half an hour: %(waiting)d. Given up in the last 24 hours: %(failed)d.")
    return _judged(Kind.MAILS, _("They are sent."), wrong, to_do, figures, reverse("mails:index"))
