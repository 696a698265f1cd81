"""Gives money back, and brings our refunds up to date with those at Stripe, whoever made them.

A row is committed before Stripe is asked, with its token as the idempotency key: an answer that was lost is found by
the token, or asked for again under it. What Stripe says is applied with the order's row locked, each step once: that
is when goods come back, when an order of which nothing is kept is cancelled, and when a credit note is issued.
"""

import logging
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from home.models import User
from store.documents import issuing
from store.models import Order, OrderEvent, OrderLine, Refund, RefundLine
from store.models.tokens import new_token
from store.orders import emails, lifecycle
from store.orders.situation import Obstacle, Situation
from store.payments import errors, gateway, money, stripe_amounts, stripe_objects
from store.payments.customer_details import one_line
from store.stock import movements

By, Reason, Status = OrderEvent.By, OrderEvent.Reason, Refund.Status
logger = logging.getLogger(__name__)

# A request takes seconds: one that still has no answer after this was left by a lost answer or a crash.
PATIENCE = timedelta(minutes=1)
KEY_LASTS = timedelta(hours=1)
STATUSES = {
    "pending": Status.PENDING,
    "requires_action": Status.ACTION,
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}
# What the shopper reads of a reason chosen in Stripe's Dashboard; of "fraudulent" nothing.
DASHBOARD_REASONS = {
    "duplicate": gettext_lazy("Paid twice"),
    "requested_by_customer": gettext_lazy("As you asked"),
}
HISTORY = {
    Status.ACTION: Reason.REFUND_ACTION,
    Status.PENDING: Reason.REFUND_PENDING,
    Status.SUCCEEDED: Reason.REFUNDED,
    Status.FAILED: Reason.REFUND_FAILED,
    Status.REFUSED: Reason.REFUND_REFUSED,
}


class RefundError(Exception):
    """The refund is not possible, and nothing was changed; the text says why, for staff."""


class NotCancelledError(RefundError):
    """The order cannot be cancelled at the moment."""

    WORDS: ClassVar = {
        Obstacle.DISPUTED: gettext_lazy(
            "The payment is disputed. Cancel the order when the bank has decided."
        ),
        Obstacle.REFUND_WAITS: gettext_lazy(
            "A refund of this order waits for Stripe’s answer. Try again in a minute."
        ),
    }

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(self.WORDS[obstacle])
        self.obstacle = obstacle


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be refunded: lines (quantities by primary key) and delivery, or another sum with a reason."""

    lines: Mapping[int, int] = field(default_factory=dict)
    delivery: int = 0
    amount: int | None = None  # None: exactly what lines and delivery cost
    reason: str = ""  # the shopper reads it
    restock: bool = True


# --- What is left ------------------------------------------------------------------------------------------
def delivery_left(order: Order) -> int:
    """Return how much of what was paid for delivery is still here."""
    if order.paid_currency != order.currency:
        return 0
    refunded = sum(order.refunds.counted().values_list("delivery", flat=True))
    return max(0, min(order.shipping - refunded, order.refundable))


def worth(order: Order, lines: list[OrderLine], wanted: Mapping[int, int]) -> int:
    """Return what was paid for so many of the lines: their share, so that all parts add up to the whole."""
    goods, whole = max(0, order.total - order.shipping), sum(line.total for line in lines)
    before = sum(line.unit_price * (line.quantity - line.kept) for line in lines)
    after = before + sum(line.unit_price * wanted.get(line.pk, 0) for line in lines)

    def share(part: int) -> int:
        return stripe_amounts.rounded_down(goods * part // whole, order.currency) if whole else 0

    return share(after) - share(before)


def everything(order: Order, *, reason: str = "") -> Wanted:
    """Return what is left of an order: all lines that are kept, and all of the money."""
    return Wanted(
        lines={line.pk: line.kept for line in order.lines_with_refunds() if line.kept},
        delivery=delivery_left(order),
        amount=order.refundable,
        reason=reason,
    )


def check(order: Order, wanted: Wanted) -> int:
    """Return how much would be refunded. Raises RefundError."""
    left, currency = order.refundable, order.paid_currency
    if not left:
        raise RefundError(_("Nothing is left to refund."))
    lines = list(order.lines_with_refunds())
    kept = {line.pk: line.kept for line in lines}
    if any(not 0 < quantity <= kept.get(pk, 0) for pk, quantity in wanted.lines.items()):
        raise RefundError(_("You cannot take back more than was kept."))
    if not 0 <= wanted.delivery <= delivery_left(order):
        raise RefundError(_("More is to be refunded for delivery than is left of it."))
    exact = worth(order, lines, wanted.lines) + wanted.delivery
    amount = exact if wanted.amount is None else wanted.amount
    if wanted.amount is None and currency != order.currency:
        raise RefundError(_("It was paid in another currency. Enter the sum to refund."))
    if amount <= 0 or amount < wanted.delivery:
        raise RefundError(_("Choose what to refund, or enter a sum."))
    if amount > left:
        words = _("This is more than is left to refund: %(left)s.")
        raise RefundError(words % {"left": money.display(left, currency)})
    if amount not in {left, stripe_amounts.rounded_down(amount, currency)}:
        raise RefundError(_("The last of the three decimal places must be 0."))
    if amount not in {exact, left} and not one_line(wanted.reason, Refund.REASON_LENGTH):
        raise RefundError(_("Say why this sum is refunded."))
    return amount


# --- Made in the admin -----------------------------------------------------------------------------------------
def request_refund(
    *, order: Order, wanted: Wanted, by: str, actor: User | None = None, token: str = ""
) -> Refund:
    """Save a refund, then ask Stripe for it; the same one when called again with its token. Raises RefundError.

    The refund's status tells how it went: without an answer it stays requested, and the worker asks again.
    """
    with lifecycle.locked(order.pk) as fresh:
        if earlier := Refund.objects.filter(token=token).first():
            if earlier.order_id != order.pk:
                raise RefundError(_("This form belongs to another order. Open it again."))
            return earlier
        refund = _save(fresh, wanted, by, actor, token)
    return _send(refund)


def cancel_and_refund(
    *, order: Order, by: str, actor: User | None = None, only: Container[str] = Order.UNSENT
) -> Refund | None:
    """Cancel an order of one of these statuses and refund all that is left; None when nothing is.

    Raises NotCancelledError, IllegalTransitionError when it has another status.
    """
    with lifecycle.locked(order.pk) as fresh:
        if fresh.status not in only:
            raise lifecycle.IllegalTransitionError(fresh.number)
        if obstacle := Situation.of(fresh).cancel_obstacle:
            raise NotCancelledError(obstacle)
        if actor and fresh.needs_attention:
            lifecycle.mark_resolved(order=fresh, actor=actor)
        if not fresh.refundable:
            _cancel(fresh, by, actor)
            return None
        refund = _save(fresh, everything(fresh), by, actor)
    return _send(refund)


def _save(order: Order, wanted: Wanted, by: str, actor: User | None, token: str = "") -> Refund:
    """Save a refund of an order that is locked."""
    refund = Refund.objects.create(
        order=order,
        amount=check(order, wanted),
        delivery=wanted.delivery,
        reason=one_line(wanted.reason, Refund.REASON_LENGTH),
        token=token or new_token(),
        actor=actor,
        by=by[:80],
        created_at=timezone.now(),
    )
    RefundLine.objects.bulk_create(
        RefundLine(refund=refund, order_line_id=pk, quantity=quantity, restock=wanted.restock)
        for pk, quantity in wanted.lines.items()
    )
    lifecycle.record(order=order, by=by, actor=actor, reason=Reason.REFUNDING, note=_told(order, refund))
    if order.payment_source != Order.PaymentSource.STRIPE:  # nobody has to be asked
        _follow(order, [refund] if _advance(order, refund, Status.SUCCEEDED) else [])
    return refund


def _told(order: Order, refund: Refund) -> str:
    """Return a refund in words, for the order's history."""
    of = [str(line) for line in refund.lines.select_related("order_line")]
    of += [_("delivery")] * bool(refund.delivery)
    return f"{money.display(refund.amount, order.paid_currency)}{': ' if of else ''}{', '.join(of)}"


def _send(refund: Refund, *, is_late: bool = False) -> Refund:
    """Ask for a refund that is saved, unless it is made already. Of a late answer nobody reads on a screen."""
    order = refund.order
    if refund.status != Status.REQUESTED:
        return refund
    # Stripe keeps also an error of its own under a key. After an hour no request is under way any more.
    attempt = (timezone.now() - refund.created_at) // KEY_LASTS
    try:
        found = gateway.create_refund(
            payment_intent_id=order.payment_intent_id,
            amount=refund.amount,
            currency=order.paid_currency,
            token=refund.token,
            attempt=attempt,
        )
    except (errors.UnreachableError, errors.BusyError) as error:
        logger.warning("Stripe gave no answer about a refund of order %s: %s", order.number, error)
        return refund
    except errors.RefusedError as error:
        with lifecycle.locked(order.pk) as fresh:
            refund = fresh.refunds.get(pk=refund.pk)
            _advance(fresh, refund, Status.REFUSED, str(error), is_late=is_late)
        return refund
    with lifecycle.locked(order.pk) as fresh:
        refund, is_news = _take_in(fresh, found)
        _follow(fresh, [refund] if is_news else [])
    return refund


# --- From Stripe -----------------------------------------------------------------------------------------------
def bring_up_to_date(*, order: Order, now: datetime | None = None) -> None:
    """Take in every refund of an order's payment at Stripe, and ask for those whose answer was lost.

    Raises errors.PaymentError.
    """
    if not order.payment_intent_id or order.payment_source != Order.PaymentSource.STRIPE:
        return
    found = gateway.list_refunds(payment_intent_id=order.payment_intent_id)
    with lifecycle.locked(order.pk) as fresh:
        # Not a fraction of the smallest coin, which Stripe no longer refunds.
        ours = sorted((one for one in found if one.amount), key=lambda one: one.created_at)
        taken_in = [_take_in(fresh, one) for one in ours]
        _follow(fresh, [refund for refund, is_news in taken_in if is_news])
    old = (now or timezone.now()) - PATIENCE
    for refund in order.refunds.filter(status=Status.REQUESTED, created_at__lt=old):
        _send(refund, is_late=True)


def _take_in(order: Order, found: stripe_objects.Refund) -> tuple[Refund, bool]:
    """Find or create our row of one of Stripe's refunds of an order that is locked, and apply its status.

    Returns with it whether it is news for the shopper.
    """
    refund = order.refunds.filter(refund_id=found.id).first()
    refund = refund or order.refunds.filter(token=found.token, refund_id=None).first()
    if refund is None:
        reason = str(DASHBOARD_REASONS.get(found.reason, ""))
        refund = Refund(order=order, amount=found.amount, reason=reason, is_from_stripe=True)
        refund.by, refund.created_at = By.STRIPE, found.created_at
    refund.refund_id = found.id
    status = STATUSES.get(found.status)
    return refund, bool(status and _advance(order, refund, status, found.failure))


def _follow(order: Order, news: Iterable[Refund]) -> None:
    """Issue what is missing, then tell the shopper of refunds; papers and mails come last, since numbers do."""
    issuing.follow_refunds(order)
    for refund in news:
        emails.order_refunded(order, refund)


def _advance(order: Order, refund: Refund, status: str, failure: str = "", *, is_late: bool = False) -> bool:
    """Move a refund on, never back, and take its goods back; return whether it is news for the shopper."""
    was = refund.status
    if Refund.PROGRESS.index(status) <= Refund.PROGRESS.index(was):
        return False
    refund.status, refund.failure = status, failure[: Refund.REASON_LENGTH]
    refund.save()
    _tell_staff(order, refund, is_new=was == Status.REQUESTED, is_late=is_late)
    if status == Status.REFUSED and is_late and refund.by == By.SHOPPER:
        emails.order_refunded(order, refund)  # else they wait for a mail about it
    if status == Status.REFUSED or was not in {Status.REQUESTED, Status.REFUSED}:
        return False
    is_end = _take_goods_back(order, refund)
    return status != Status.FAILED or is_end  # no other mail says that the order was cancelled


def _tell_staff(order: Order, refund: Refund, *, is_new: bool, is_late: bool) -> None:
    reason = HISTORY[Status(refund.status)]
    by = refund.by if is_new else By.STRIPE
    note = ", ".join(filter(None, (_told(order, refund), refund.failure)))
    is_unexpected = refund.status in Refund.UNDONE
    if is_new and refund.is_from_stripe:
        reason = Reason.DASHBOARD
        is_unexpected |= order.status in Order.UNSENT  # its goods are still here, and might be sent
    if is_unexpected:
        # And no member of staff reads it on a screen.
        has_failed = refund.status == Status.FAILED or is_late or by in {By.WORKER, By.SHOPPER}
        lifecycle.mark_needs_attention(
            order=order, by=by, reason=reason, note=note, again=True, tell=by == By.STRIPE and not has_failed
        )
        if has_failed:
            emails.refund_failed(order, refund, why=f"{reason.label} {note}")
    else:
        actor = refund.actor if is_new else None
        lifecycle.record(order=order, by=by, actor=actor, reason=reason, note=note)


def _take_goods_back(order: Order, refund: Refund) -> bool:
    """Take the goods of a refund back; return whether that cancelled the order."""
    lines = refund.lines.select_related("order_line")
    back = ((line.order_line.sku, line.quantity) for line in lines if line.restock)
    movements.take_back(order=order, goods=back, by=refund.actor)
    # What Stripe refuses to refund is kept after all.
    is_waiting = order.refunds.filter(status=Status.REQUESTED).exists()
    is_kept = is_waiting or any(line.kept for line in order.lines_with_refunds())
    is_end = order.status in Order.UNSENT and not is_kept
    if is_end:
        lifecycle.end(order=order, to=Order.Status.CANCELLED, by=refund.by, actor=refund.actor)
    return is_end


def _cancel(order: Order, by: str, actor: User | None) -> None:
    """Cancel an order of which no money is left."""
    sold = ((line.sku, line.kept) for line in order.lines_with_refunds())
    movements.take_back(order=order, goods=sold, by=actor)
    lifecycle.end(order=order, to=Order.Status.CANCELLED, by=by, actor=actor)
    emails.order_cancelled(order)
