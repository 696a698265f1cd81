"""The health of payments: what would keep money or news of it from the shop, each with what to do about it.

It asks the database and the cache only, a fixed number of times whatever they hold. What only Stripe knows, the worker
has found out before (`watching`, `reconciliation`).
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, Max, Min, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from post_office.models import STATUS, Email, Log

from home import clock, mail_queue
from home.models import WorkerHeartbeat
from home.throttling import Limit
from store.models import Order, OrderEvent, PaymentAlarm, Refund, StripeEvent, WebhookRefusal
from store.orders import emails
from store.payments import events
from store.payments.findings import Finding, Level

Kind, Reason = PaymentAlarm.Kind, WebhookRefusal.Reason
REFUSALS = Limit("refused-webhooks", most=1, window=timedelta(seconds=10))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOOKED_BACK, LONGEST_LOOK = timedelta(hours=24), timedelta(days=30)
EVENT_PATIENCE = timedelta(minutes=15)  # after a payment, until its event should be here
REFUND_PATIENCE = timedelta(minutes=15)
MOST_NAMED = 10  # orders
REFUSED = ("SMTPRecipientsRefused", "SMTPDataError")  # of one e-mail address, as a mistyped one is
SET_CLOCK = gettext_lazy("Set the clock of this machine (NTP). Stripe sends the events again automatically.")
NOTED = frozenset({Kind.STRIPE, Kind.UNKNOWN})  # as an alarm, by whoever asked Stripe


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
    """Return how each kind of thing stands, the most urgent first."""
    now = now or timezone.now()
    refusals = {one.reason: one for one in WebhookRefusal.objects.all()}
    alarms = {one.kind: one for one in PaymentAlarm.objects.filter(ended_at=None)}
    check = _("Press “Check the connection”. If Stripe does not answer, see status.stripe.com first.")
    look_up = _(
        "Look the payments up in Stripe’s Dashboard. Send what was paid for, or refund it there. After a backup was "
        "restored, these are the orders placed since then."
    )
    return [
        _worker(),
        _noted(Kind.STRIPE, alarms, check),
        _clock(alarms.get(Kind.CLOCK)),
        _events(now, refusals),
        _age(now, refusals.get(Reason.STALE)),
        _handling(now),
        _noted(Kind.UNKNOWN, alarms, look_up),
        _orders(),
        _refunds(now),
        _mails(now),
    ]


def problems() -> list[Finding]:
    """Return what is wrong."""
    return [one for one in findings() if one.is_wrong]


def _fine(kind: PaymentAlarm.Kind) -> Finding:
    return Finding(kind=kind, words=_("No problems found."))


def _wrong(
    kind: PaymentAlarm.Kind, words: str, to_do: str, *, since: datetime | None = None, url: str = ""
) -> Finding:
    return Finding(kind=kind, words=words, level=Level.WRONG, to_do=to_do, since=since, url=url)


def _in_words(duration: timedelta) -> str:
    return timesince(EPOCH, EPOCH + abs(duration))


def _worker() -> Finding:
    if WorkerHeartbeat.is_heard():
        return _fine(Kind.WORKER)
    last = WorkerHeartbeat.objects.values_list("at", flat=True).first()
    if last is None and not Order.objects.exists():  # the first day: it is one of its steps
        words = _("It has never run yet. It sends the e-mails and watches the payments.")
        to_do = _(
            "Before the first sale, ask whoever runs the site to start manage.py worker and keep it running."
        )
        return Finding(kind=Kind.WORKER, words=words, level=Level.NOTE, to_do=to_do)
    words = _("It did nothing in the last ten minutes: no e-mail is sent, and nobody watches the payments.")
    return _wrong(Kind.WORKER, words, _("Start manage.py worker again."), since=last)


def _noted(kind: PaymentAlarm.Kind, alarms: dict[str, PaymentAlarm], to_do: str) -> Finding:
    """Return what somebody who asked Stripe noted."""
    alarm = alarms.get(kind)
    return _wrong(kind, alarm.detail, to_do, since=alarm.since) if alarm else _fine(kind)


def _clock(alarm: PaymentAlarm | None) -> Finding:
    if abs(ahead := clock.ahead()) <= clock.LARGEST_DIFFERENCE:
        return _fine(Kind.CLOCK)
    words = _("It is %(how_long)s behind Stripe’s.")
    if ahead > timedelta():
        words = _("It is %(how_long)s ahead of Stripe’s.")
    to_do = _("Synchronise it (NTP). Payments go on meanwhile: they go by Stripe’s clock.")
    since = alarm.since if alarm else None
    return _wrong(Kind.CLOCK, words % {"how_long": _in_words(ahead)}, to_do, since=since)


def _events(now: datetime, refusals: dict[str, WebhookRefusal]) -> Finding:
    """Only orders without an event are wrong: anybody can send webhooks that are refused."""
    told = StripeEvent.objects.filter(object_id=OuterRef("session_id"))
    latest = StripeEvent.objects.aggregate(latest=Max("received_at"))["latest"] or EPOCH
    # Where nothing arrives, also when nobody buys for a day.
    since = max(now - LONGEST_LOOK, min(now - LOOKED_BACK, latest))
    paid = Order.objects.filter(payment_source=Order.PaymentSource.STRIPE, session_id__isnull=False)
    paid = paid.filter(paid_at__gt=since, paid_at__lt=now - EVENT_PATIENCE)
    figures = paid.filter(~Exists(told)).aggregate(count=Count("pk"), since=Min("paid_at"))
    if figures["count"]:
        why, to_do = _why(refusals)
        words = _("Paid orders about which no event of Stripe came: %(count)d.") % figures
        return _wrong(Kind.EVENTS, f"{words} {why}", to_do, since=figures["since"])
    if refused := refusals.get(Reason.SIGNATURE) or refusals.get(Reason.MALFORMED):
        words = _("Webhooks are refused: %(why)s. No event is missing, and anybody can send such webhooks.")
        words %= {"why": refused.get_reason_display()}
        return Finding(kind=Kind.EVENTS, level=Level.NOTE, words=words, since=refused.since)
    return _fine(Kind.EVENTS)


def _why(refusals: dict[str, WebhookRefusal]) -> tuple[str, str]:
    """Return why no events come, and what to do about it."""
    to_do = _(
        "Look in Stripe’s Dashboard under Developers → Webhooks whether there is an endpoint %(url)s, whether it is "
        "on, and what answers it got. “Check the connection” does that for you."
    ) % {"url": settings.SITE_URL + reverse("store:stripe_webhook")}
    if stale := refusals.get(Reason.STALE):
        why, to_do, since = _("Since %(since)s, events are refused as too old."), str(SET_CLOCK), stale.since
    elif wrong := refusals.get(Reason.SIGNATURE):
        why, since = _("Since %(since)s, webhooks with a wrong signature are refused."), wrong.since
        secret = _(
            "If the answers are 400, copy the signing secret of the endpoint to STRIPE_WEBHOOK_SECRET, restart the "
            "site, and let Stripe send the events again there."
        )
        to_do = f"{to_do} {secret}"
    else:
        return _("Nothing arrives at all."), to_do
    return why % {"since": date_format(timezone.localtime(since), "DATETIME_FORMAT")}, to_do


def _age(now: datetime, stale: WebhookRefusal | None) -> Finding:
    if stale is None or stale.last_at <= now - LOOKED_BACK:
        return _fine(Kind.STALE)
    words = _("Events that Stripe signed are refused: they seem to be %(how_long)s old.")
    words %= {"how_long": _in_words(stale.age or timedelta())}
    return _wrong(Kind.STALE, words, str(SET_CLOCK), since=stale.since)


def _handling(now: datetime) -> Finding:
    """Tell of what failed a moment ago, and of what could not be handled for days: it alarms nobody."""
    is_left = Q(received_at__lt=now - events.PATIENCE)
    is_open = Q(outcome__in=StripeEvent.OPEN)
    figures = StripeEvent.objects.filter(is_open, is_left | Q(outcome=StripeEvent.Outcome.FAILED)).aggregate(
        count=Count("pk", filter=is_left & Q(received_at__gt=now - events.TRIED_FOR)),
        left=Count("pk", filter=is_left),
        all=Count("pk"),
        since=Min("received_at"),
        first=Min("outcome"),
        last=Max("outcome"),
    )
    if not figures["all"]:
        return _fine(Kind.FAILED)
    url, since = reverse("stripe-events:index"), figures["since"]
    if figures["first"] == figures["last"]:
        url += f"?outcome={figures['first']}"
    if not figures["count"]:
        words = _("Events that could not be handled in three days: %(left)d.") % figures
        if figures["left"] < figures["all"]:
            figures["new"] = figures["all"] - figures["left"]
            new = _("Events that failed in the last five minutes, and are tried again: %(new)d.") % figures
            words = f"{words} {new}" if figures["left"] else new
        return Finding(kind=Kind.FAILED, level=Level.NOTE, words=words, since=since, url=url)
    to_do = _("Have them handled again; each says what went wrong.")
    words = _("Events that could not be handled: %(all)d.") % figures
    return _wrong(Kind.FAILED, words, to_do, since=since, url=url)


def _orders() -> Finding:
    unsettled = OrderEvent.objects.unresolved().filter(
        reason=OrderEvent.Reason.UNSETTLED, order__in=Order.objects.filter(needs_attention=True)
    )
    figures = unsettled.aggregate(count=Count("order", distinct=True), since=Min("happened_at"))
    if not figures["count"]:
        return _fine(Kind.ORDERS)
    to_do = _("The error log says why. Compare them with Stripe’s Dashboard, then mark them as resolved.")
    words = _("Orders about which Stripe’s answer could not be saved: %(count)d.") % figures
    url = f"{reverse('orders:index')}?needs_attention=true"
    return _wrong(Kind.ORDERS, words, to_do, since=figures["since"], url=url)


def _refunds(now: datetime) -> Finding:
    waiting = Refund.objects.filter(status=Refund.Status.REQUESTED, created_at__lt=now - REFUND_PATIENCE)
    found = list(waiting.order_by("created_at").select_related("order")[: MOST_NAMED + 1])
    if not found:
        return _fine(Kind.REFUNDS)
    to_do = _("The worker asks each minute. Do not refund in Stripe’s Dashboard meanwhile.")
    words = _("Stripe has not said whether it made the refunds of these orders: %(orders)s.")
    numbers = list(dict.fromkeys(one.order.number for one in found[:MOST_NAMED]))
    words %= {"orders": ", ".join(numbers + ["…"] * (len(found) > MOST_NAMED))}
    url = reverse("orders:inspect", args=[found[0].order_id]) if len(found) == 1 else ""
    return _wrong(Kind.REFUNDS, words, to_do, since=found[0].created_at, url=url)


def _mails(now: datetime) -> Finding:
    """One e-mail address that is refused is mistyped, unless it is the trader's."""
    failed = Q(status=STATUS.failed, last_updated__gt=now - LOOKED_BACK)
    waiting = mail_queue.is_waiting_long(now)
    is_refused = Exists(Log.objects.filter(email=OuterRef("pk"), exception_type__in=REFUSED))
    figures = Email.objects.filter(failed | waiting).aggregate(
        failed=Count("pk", filter=failed),
        waiting=Count("pk", filter=waiting),
        since=Min("created"),
        recipients=Count("to", distinct=True),
        to=Min("to"),
        others=Count("pk", filter=~is_refused),
    )
    if not figures["recipients"]:
        return _fine(Kind.MAILS)
    url = reverse("mails:index")
    is_one = figures["recipients"] == 1 and not figures["others"]
    if is_one and not set(figures["to"]) & set(emails.trader()):
        words = _("One e-mail address is refused, which may be mistyped.")
        return Finding(kind=Kind.MAILS, level=Level.NOTE, words=words, since=figures["since"], url=url)
    words = _("Waiting for more than half an hour: %(waiting)d. Given up in the last 24 hours: %(failed)d.")
    to_do = _("Each says why. Check the e-mail addresses and EMAIL_URL, then send them again.")
    return _wrong(Kind.MAILS, words % figures, to_do, since=figures["since"], url=url)
