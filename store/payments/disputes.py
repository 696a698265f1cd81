"""Brings disputes up to date with Stripe's: flags the order, and tells the trader what to do and until when.

Evidence is given in Stripe's Dashboard. Nothing is sent while a dispute is open or took all (`store.orders.lifecycle`);
goods that are still here come back to the shelf when staff cancel the order.
"""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from store.models import Dispute, Order, OrderEvent
from store.orders import emails, lifecycle
from store.payments import gateway, money, stripe_objects

By, Reason, Status = OrderEvent.By, OrderEvent.Reason, Dispute.Status

# https://docs.stripe.com/api/disputes/object and https://docs.stripe.com/disputes/how-disputes-work#inquiries
STATUSES = {
    "needs_response": Status.NEEDS_RESPONSE,
    "warning_needs_response": Status.INQUIRY,
    "under_review": Status.UNDER_REVIEW,
    "warning_under_review": Status.INQUIRY,
    "appeal_needs_response": Status.NEEDS_RESPONSE,
    "appeal_under_review": Status.UNDER_REVIEW,
    "won": Status.WON,
    "warning_closed": Status.CLOSED,
    "prevented": Status.CLOSED,
    "lost": Status.LOST,
}
HISTORY = {
    Status.UNDER_REVIEW: Reason.DISPUTE_REVIEWED,
    Status.WON: Reason.DISPUTE_WON,
    Status.LOST: Reason.DISPUTE_LOST,
    Status.CLOSED: Reason.DISPUTE_CLOSED,
}

# status → what it means while the goods are here, and once they were sent
TO_DO = {
    Status.INQUIRY: (
        _(
            "Do not send the goods now. Answer in Stripe’s Dashboard before the evidence is due, or refund the "
            "order, which ends it."
        ),
        _("Answer in Stripe’s Dashboard before the evidence is due, or refund the order, which ends it."),
    ),
    Status.NEEDS_RESPONSE: (
        _("Do not send the goods now. Answer in Stripe’s Dashboard before the evidence is due."),
        _("Send Stripe what shows that the goods arrived, in its Dashboard, before the evidence is due."),
    ),
    Status.UNDER_REVIEW: (
        _("Do not send the goods now. Stripe has your evidence, and the bank decides."),
        _("Stripe has your evidence, and the bank decides. You do not need to do anything."),
    ),
    Status.WON: (
        _("The money is yours again. The order can go on: mark it as resolved."),
        _("The money is yours again. Mark the order as resolved."),
    ),
    Status.CLOSED: (
        _("No money was taken. The order can go on: mark it as resolved."),
        _("No money was taken. Mark the order as resolved."),
    ),
    Status.LOST: (
        _("The money is gone. Do not send the goods: cancel the order, and they are back in the stock."),
        _("The money is gone, and the goods were sent. Mark the order as resolved."),
    ),
}


def bring_up_to_date(*, order: Order) -> None:
    """Take in every dispute of an order's payment. Raises errors.PaymentError."""
    if not order.payment_intent_id:
        return
    found = gateway.list_disputes(payment_intent_id=order.payment_intent_id)
    with lifecycle.locked(order.pk) as fresh:
        for one in found:
            _take_in(fresh, one)


def _take_in(order: Order, found: stripe_objects.Dispute) -> None:
    """Find or create our row of one of Stripe's disputes of an order that is locked, and say what is new."""
    dispute = order.disputes.filter(dispute_id=found.id).first() or Dispute(order=order, dispute_id=found.id)
    is_new, was = dispute.pk is None, dispute.status
    # An older answer reopens nothing; not by the clock, which may have been set back. An appeal does.
    is_older = dispute.is_decided and status_of(found) in Dispute.OPEN
    if is_older and not found.status.startswith("appeal"):
        return
    dispute.amount, dispute.reason, dispute.status = found.amount, found.reason, status_of(found)
    dispute.evidence_due_at, dispute.created_at = found.evidence_due_at, found.created_at
    dispute.save()
    if is_new or was != dispute.status:
        _tell(order, dispute, is_new=is_new)


def status_of(found: stripe_objects.Dispute) -> str:
    """Return our status of one of Stripe's disputes: of a kind that we do not know, that the bank decides."""
    return STATUSES.get(found.status, Status.UNDER_REVIEW)


def _tell(order: Order, dispute: Dispute, *, is_new: bool) -> None:
    reason, note = HISTORY.get(Status(dispute.status), Reason.DISPUTED), in_words(order, dispute)
    if dispute.is_open and not is_new:
        lifecycle.record(order=order, by=By.STRIPE, reason=reason, note=note)
        return
    lifecycle.mark_needs_attention(
        order=order, by=By.STRIPE, reason=reason, note=note, again=True, tell=False
    )
    emails.disputed(order, why=f"{reason.label} {note}", to_do=what_to_do(order, dispute))


def in_words(order: Order, dispute: Dispute) -> str:
    """Return amount and reason, and while it is open until when evidence is due."""
    words = f"{money.display(dispute.amount, order.paid_currency)}, {dispute.reason_in_words}"
    if dispute.wants_evidence and dispute.evidence_due_at:
        due = date_format(timezone.localtime(dispute.evidence_due_at), "DATETIME_FORMAT")
        words += _(", evidence due by %(time)s") % {"time": due}
    return words


def what_to_do(order: Order, dispute: Dispute) -> str:
    """Return what a dispute means for the money and the goods of an order."""
    if_here, if_sent = TO_DO[Status(dispute.status)]
    if order.is_over and dispute.status == Status.LOST:
        return str(_("The money is gone, and nothing was sent. Mark the order as resolved."))
    if order.is_over and dispute.wants_evidence:
        return str(_("Show Stripe that nothing was sent and what you refunded, in its Dashboard."))
    if dispute.status == Status.LOST and order.status in Order.UNSENT and order.refundable:
        return str(
            _("This part of the money is gone. Send the goods, or cancel the order and refund the rest.")
        )
    return str(if_here if order.status in Order.UNSENT else if_sent)
