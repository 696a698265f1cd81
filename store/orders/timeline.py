"""The course of an order: what happened and what comes next, and its money as rows that add up to what is left."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from store.models import Order, OrderEvent, Refund
from store.orders.situation import Situation
from store.orders.words import State

Status = Order.Status

_GOES_ON = {
    State.NOT_PAID,
    State.ASKING,
    State.PAY_LATER,
    State.TRANSFER,
    State.UNDER_WAY,
    State.PAID,
    State.PACKED,
    State.TO_COLLECT,
    State.READY,
}
_TO_COME = (Status.PAID, Status.PACKED, Status.SENT)
_TO_COLLECT = (Status.PAID, Status.PACKED, Status.READY, Status.COLLECTED)


@dataclass(frozen=True)
class Step:
    """One step of an order; without a time it has not happened yet."""

    label: str
    at: datetime | None = None
    is_now: bool = False


@dataclass(frozen=True)
class Row:
    """One change of an order's money, minor units: what was paid is positive, what went back is negative."""

    label: str
    amount: int
    at: datetime | None = None
    note: str = ""
    refund: Refund | None = None


def steps(situation: Situation, events: Iterable[OrderEvent]) -> list[Step]:
    """Return what happened, and what is still to come where nothing stands in its way."""
    order = situation.order
    # Waiting is over as soon as something else has happened.
    reached: list[tuple[str, datetime]] = []
    for event in events:
        if event.reason == OrderEvent.Reason.UNDONE:
            reached.pop()
        elif event.to_status:
            reached.append((event.to_status, event.happened_at))
    shown = [one for one in reached if one[0] != Status.AWAITING or one is reached[-1]]
    past = [(_("ordered"), order.placed_at), *((str(Status(status).label), at) for status, at in shown)]
    ahead: tuple[Status, ...] = ()
    if situation.state in _GOES_ON:
        path = _TO_COLLECT if order.is_collection else _TO_COME
        done = path.index(Status(order.status)) + 1 if order.status in path else 0
        ahead = path[done:]
    last = len(past) - 1
    return [
        *(Step(capfirst(label), at, number == last) for number, (label, at) in enumerate(past)),
        *(Step(capfirst(str(status.label))) for status in ahead),
    ]


def money_rows(situation: Situation) -> list[Row]:
    """Return what was paid and what went back; their sum is what is left. None of an order that is not paid."""
    order = situation.order
    if order.paid_at is None:
        return []
    rows = [Row(_("Paid"), order.paid_amount, order.paid_at)]
    for refund in situation.told_refunds:
        words = situation.words_of(refund)
        note = " ".join(filter(None, (str(words.next), str(words.to_do))))
        came_back = refund.status == Refund.Status.FAILED
        label = _("Refund") if came_back else str(words.heading)
        rows.append(Row(label, -refund.amount, refund.created_at, "" if came_back else note, refund))
        if came_back:
            rows.append(Row(str(words.heading), refund.amount, None, note))
    for dispute in situation.disputes:
        if dispute.is_withheld:
            label = (
                _("Kept back while your bank decides") if dispute.is_open else _("Taken back by your bank")
            )
            rows.append(Row(label, -dispute.amount, dispute.created_at))
    return rows
