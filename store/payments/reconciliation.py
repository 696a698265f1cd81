"""Asks Stripe about orders that wait: lost answers, lost webhooks, expired payment pages, refunds made elsewhere.

Our clock only prompts the question; the order follows Stripe's answer. The worker and `manage.py reconcile_payments`
run it; running it twice changes nothing.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from store.models import Dispute, Order, OrderEvent, PaymentAlarm, Refund
from store.orders import lifecycle
from store.orders.situation import Situation
from store.payments import (
    disputes,
    errors,
    fulfilment,
    gateway,
    money,
    refunds,
    stripe_clock,
    stripe_objects,
)

By, Reason = OrderEvent.By, OrderEvent.Reason
logger = logging.getLogger(__name__)

EVERY = 60  # seconds between two runs of the worker
OPEN_EVERY = (
    120  # seconds between two questions about a page that is open, or a payment that a bank has to confirm
)
# After so many unanswered orders Stripe is assumed to be down; the rest waits for the next run.
FAILURES = 3
# A checkout takes seconds: an order still without a page after this was left by a lost answer or a crash.
PLACED_PATIENCE = timedelta(minutes=1)
# An event tells when a refund that is under way has arrived; this is how often it is asked about as well.
PENDING_PATIENCE = timedelta(hours=6)
# All refunds of so long are looked through, so often: banks send them back for about a month.
REFUNDS_CHANGE = timedelta(days=35)
DISPUTES_CHANGE = timedelta(days=120)  # a bank decides within about that time
PAGES_CHANGE = timedelta(days=7)  # so long a payment is looked for
LISTS_EVERY = 6 * 60 * 60  # seconds between two looks through what Stripe lists


@dataclass
class Report:
    """The result: new statuses by order number, and the orders that could not be brought up to date.

    `unanswered`: Stripe did not answer. `unsettled`: it did, and the answer could not be saved. `unknown`: payments
    that no order takes, in words.
    """

    asked: int = 0
    changed: dict[str, str] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    unknown: str = ""


def reconcile(*, now: datetime | None = None, everything: bool = False) -> Report:
    """Ask Stripe about the orders that are due, or about all that wait."""
    report, now = Report(), now or timezone.now()
    _update_each(_waiting(now, everything=everything), _settle, report)
    unfinished = partial(refunds.bring_up_to_date, now=now)
    _update_each(_with_unfinished_refunds(now, everything=everything), unfinished, report)
    _update_each(_sold_out_too_long(now), _give_up, report)
    if everything:
        find_paid_pages(now=now, report=report)  # first: they may have been refunded
        reconcile_refunds_and_disputes(now=now, report=report)
    return report


def ask_about_open_pages() -> Report:
    """Ask Stripe about orders whose payment page is open: the event of a payment may have been lost."""
    report = Report()
    # In any order: those that Stripe never answers keep no other from being asked about.
    _update_each(Order.objects.filter(status__in=Order.OPEN_AT_STRIPE).order_by("?"), _settle, report)
    return report


def reconcile_refunds_and_disputes(*, now: datetime | None = None, report: Report | None = None) -> Report:
    """Look through refunds and disputes at Stripe for those whose event was lost, or which were made there."""
    report, now = report or Report(), now or timezone.now()
    if not Order.objects.exclude(payment_intent_id="").exists():  # nothing was ever paid
        return report
    _find(
        gettext("refunds"),
        partial(gateway.list_refunds, made_after=stripe_clock.at(now) - REFUNDS_CHANGE),
        partial(Refund.objects.in_bulk, field_name="refund_id"),
        lambda one: refunds.STATUSES.get(one.status),
        partial(refunds.bring_up_to_date, now=now),
        report,
    )
    _find(
        gettext("disputes"),
        partial(gateway.list_disputes, made_after=stripe_clock.at(now) - DISPUTES_CHANGE),
        partial(Dispute.objects.in_bulk, field_name="dispute_id"),
        disputes.status_of,
        disputes.bring_up_to_date,
        report,
    )
    return report


def find_paid_pages(*, now: datetime | None = None, report: Report | None = None) -> Report:
    """Look for payments at Stripe whose event and page were both lost, and note those that no order takes."""
    report, now = report or Report(), now or timezone.now()
    if not Order.objects.exists():
        return report
    try:
        sessions = gateway.list_paid_sessions(made_after=stripe_clock.at(now) - PAGES_CHANGE)
    except errors.PaymentError as error:
        logger.warning("Stripe gave no list of paid pages: %s", error)
        report.unanswered.append(gettext("payment pages"))
        return report
    paid = Order.objects.filter(paid_at__gt=now - PAGES_CHANGE - timedelta(days=1))
    known = set(paid.values_list("session_id", flat=True))
    unanswered, unknown = len(report.unanswered), []
    for session in sessions:
        if len(report.unanswered) - unanswered >= FAILURES:
            break
        if session.id not in known and not _is_paid_here(session, report):
            unknown.append(session)
    if len(report.unanswered) == unanswered:
        report.unknown = _in_words(unknown)
        PaymentAlarm.note(PaymentAlarm.Kind.UNKNOWN, report.unknown, at=now)
    return report


def _is_paid_here(session: stripe_objects.Session, report: Report) -> bool:
    report.asked += 1
    try:
        order = fulfilment.settle(session_id=session.id, by=By.WORKER)
    except fulfilment.UnsettledError as error:
        report.unsettled.append(str(error))
        return False
    except errors.PaymentError as error:
        logger.warning("Stripe gave no answer about a payment page: %s", error)
        report.unanswered.append(session.reference)
        return False
    if order is None or order.paid_at is None:
        return False
    report.changed[order.number] = _state(order)
    return True


def _in_words(sessions: list[stripe_objects.Session]) -> str:
    if not sessions:
        return ""
    named = (f"{one.reference}, {money.display(one.total, one.currency)}, {one.id}" for one in sessions[:3])
    words = gettext("Paid at Stripe and not here: %(count)d. %(which)s")
    return words % {"count": len(sessions), "which": "; ".join(named)}


def _find(
    what: str,
    list_all: Callable[[], Sequence[stripe_objects.Refund | stripe_objects.Dispute]],
    known_by_id: Callable[[list[str]], Mapping[str, Refund | Dispute]],
    status_of: Callable[[Any], str | None],
    bring_up_to_date: "_Update",
    report: Report,
) -> None:
    """Look at the orders of which Stripe has a refund or dispute that is not as we know it."""
    try:
        found = list_all()
    except errors.PaymentError as error:
        logger.warning("Stripe gave no list of %s: %s", what, error)
        report.unanswered.append(what)
        return
    known = {key: row.status for key, row in known_by_id([one.id for one in found]).items()}
    other = {one.payment_intent_id for one in found if known.get(one.id) != status_of(one)}
    _update_each(Order.objects.filter(payment_intent_id__in=other - {""}), bring_up_to_date, report)


class _Update(Protocol):
    def __call__(self, *, order: Order) -> object: ...


def _update_each(orders: Iterable[Order], update: _Update, report: Report) -> None:
    for order in orders:
        if len(report.unanswered) >= FAILURES:
            break
        report.asked += 1
        before = _state(order)
        try:
            with fulfilment.mark_if_unsettled(order=order, by=By.WORKER):
                update(order=order)
        except fulfilment.UnsettledError:
            report.unsettled.append(order.number)
        except errors.PaymentError as error:
            logger.warning("Stripe gave no answer about order %s: %s", order.number, error)
            report.unanswered.append(order.number)
        else:
            order.refresh_from_db()
            if (after := _state(order)) != before:
                report.changed[order.number] = after


def _state(order: Order) -> str:
    return ", ".join((order.status, *(f"refund {refund.status}" for refund in order.refunds.all())))


def _waiting(now: datetime, *, everything: bool) -> list[Order]:
    # Not one whose page is being made at this moment: that would cancel it.
    left = Q(status=Order.Status.PLACED, placed_at__lt=now - PLACED_PATIENCE)
    over = Q(status=Order.Status.AWAITING, session_expires_at__lt=stripe_clock.at(now))
    paying = Q(status__in=Order.OPEN_AT_STRIPE) if everything else over
    return list(Order.objects.filter(left | paying).order_by("placed_at"))


def _with_unfinished_refunds(now: datetime, *, everything: bool) -> QuerySet[Order]:
    waiting = Refund.Status.REQUESTED
    left = Q(status=waiting, created_at__lt=now - refunds.PATIENCE)
    old = Q(status__in=Refund.UNDER_WAY)
    if not everything:
        old &= Q(updated_at__lt=now - PENDING_PATIENCE)
    return Order.objects.filter(pk__in=Refund.objects.filter(left | old).values("order"))


def _sold_out_too_long(now: datetime) -> list[Order]:
    """Return the orders that wait for goods in vain; what was refused or came back is for staff to decide."""
    if not (hours := settings.REFUND_SOLD_OUT_AFTER_HOURS):
        return []
    waiting = Order.objects.filter(status=Order.Status.REVIEW, pk__in=_with_event(reason=Reason.STOCK_GONE))
    since = _with_event(to_status=Order.Status.REVIEW, happened_at__lt=now - timedelta(hours=hours))
    tried = Refund.objects.filter(status__in=Refund.UNDONE).values("order")
    found = waiting.filter(pk__in=since).exclude(pk__in=tried)
    return [order for order in found if not Situation.of(order).cancel_obstacle]


def _with_event(**conditions: Any) -> Any:
    return OrderEvent.objects.filter(**conditions).values("order")


def _settle(*, order: Order) -> None:
    if order.session_id is None:
        # The shopper was told that the payment could not be started, so no page may stay open.
        with suppress(fulfilment.AlreadyUnderWayError):
            fulfilment.cancel(order=order, by=By.WORKER, reason=Reason.NOT_OPENED)
        return
    settled = fulfilment.settle(session_id=order.session_id, by=By.WORKER)
    if settled is None:
        _mark(order, Reason.UNKNOWN_PAGE)
    elif (
        settled.status == Order.Status.PROCESSING and timezone.now() - order.placed_at > Order.LONGEST_PAYMENT
    ):
        _mark(order, Reason.NOT_COMING)


def _give_up(*, order: Order) -> None:
    with suppress(refunds.RefundError, lifecycle.IllegalTransitionError):  # staff were faster
        refunds.cancel_and_refund(order=order, by=By.WORKER)


def _mark(order: Order, reason: str) -> None:
    with lifecycle.locked(order.pk) as fresh:
        lifecycle.mark_needs_attention(order=fresh, by=By.WORKER, reason=reason)
