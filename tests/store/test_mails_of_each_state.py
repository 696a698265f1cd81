"""The e-mails that docs/orders.md lists, and no others, are queued when real orders come into each state."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone
from post_office.models import Email

from home.models import User
from store.models import Basket, Order, Refund
from store.orders import lifecycle
from store.orders.refund_words import REFUND_WORDS
from store.orders.situation import Situation
from store.orders.words import ARRIVED, DISPUTE, WORDS, State, Words, values
from store.payments import disputes, refunds
from store.stock import movements
from tests import factories
from tests.store.disputing import decide_dispute, dispute
from tests.store.paying import end_too_early, settle
from tests.store.refunding import at_stripe, fail
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status, RefundStatus = Order.Status, Refund.Status
SHOPPER, TRADER = "shopper@example.com", "trader@example.com"


@dataclass
class Walk:
    """An order on its way, and all that moves it."""

    sandbox: Sandbox
    order: Order
    staff: User
    settings: Any


Step = tuple[Callable[[Walk], Any], *tuple[State | RefundStatus | Words, ...]]


def pay(walk: Walk, **form: str) -> None:
    walk.sandbox.pay(walk.order.session_id, **form)
    settle(walk.order)


def pay_by(outcome: str) -> Callable[[Walk], None]:
    return lambda walk: pay(walk, outcome=outcome)


def came(walk: Walk, *, succeeds: bool = True) -> None:
    walk.sandbox.decide(walk.order.session_id, succeeds=succeeds)
    settle(walk.order)


def never_came(walk: Walk) -> None:
    came(walk, succeeds=False)


def sold_out(walk: Walk, hours: int = 48) -> None:
    walk.settings.REFUND_SOLD_OUT_AFTER_HOURS = hours
    end_too_early(walk.order, Status.EXPIRED)
    movements.count(sku="MUG", on_hand=1)
    pay(walk)


def page_closes(walk: Walk) -> None:
    Order.objects.update(session_expires_at=timezone.now())


def mismatch(walk: Walk) -> None:
    Order.objects.update(subtotal=2499)
    pay(walk)


def free(walk: Walk) -> None:
    walk.order = factories.awaiting_order(
        factories.basket(MUG=1), option=factories.shipping("Pick up", price=0)
    )
    walk.sandbox.pay(walk.order.session_id, action="apply_code", code="TEST100")
    pay(walk)


def step_to(status: str) -> Callable[[Walk], None]:
    return lambda walk: lifecycle.take_staff_step(order_id=walk.order.pk, to=status, user=walk.staff)


def refund(walk: Walk, **wanted: Any) -> None:
    wanted = wanted or {"amount": walk.order.refundable}
    request = {"by": "Staff", "actor": walk.staff}
    refunds.request_refund(order=walk.order, wanted=refunds.Wanted(**wanted), **request)


def refund_lines(walk: Walk) -> None:
    refund(walk, lines={line.pk: line.quantity for line in walk.order.lines.all()})


def cancel(walk: Walk) -> None:
    refunds.cancel_and_refund(order=walk.order, by="Staff", actor=walk.staff)


def refund_fails(walk: Walk) -> None:
    fail(walk.sandbox, walk.order.refunds.get().refund_id)
    refunds.bring_up_to_date(order=walk.order)


def cancel_unanswered(walk: Walk) -> None:
    walk.sandbox.faults.add(operation="refund", kind="drop_after", times=9)
    cancel(walk)
    walk.sandbox.faults.clear()


def answer_failed(walk: Walk) -> None:
    [made] = at_stripe(walk.sandbox)
    fail(walk.sandbox, made["id"])
    refunds.bring_up_to_date(order=walk.order)


def disputed(walk: Walk) -> None:
    dispute(walk.sandbox, walk.order)
    disputes.bring_up_to_date(order=walk.order)


def dispute_lost(walk: Walk) -> None:
    decide_dispute(walk.sandbox, walk.order.disputes.get().dispute_id, "lost")
    disputes.bring_up_to_date(order=walk.order)


OF_A_DISPUTE = Words(heading="", trader=DISPUTE)
CAME_BACK = Words(
    heading="", trader=REFUND_WORDS[RefundStatus.FAILED].trader
)  # the shopper was told of it before
HAS_ARRIVED = Words(heading="", subject=ARRIVED, trader=WORDS[State.PAID].trader)
PAID: Step = (pay, State.PAID)
SENT: list[Step] = [
    PAID, (step_to(Status.PACKED), State.PACKED), (step_to(Status.SENT), State.SENT)
]  # fmt: skip
COLLECTED: list[Step] = [
    (lambda walk: Order.objects.update(delivery="collection"),),
    PAID,
    (step_to(Status.PACKED), State.TO_COLLECT),
    (step_to(Status.READY), State.READY),
    (step_to(Status.COLLECTED), State.COLLECTED),
]
REFUNDED = (refund, RefundStatus.SUCCEEDED)
VOUCHER: Step = (pay_by("voucher_success"), State.PAY_LATER)
# What happens to an order that has an open payment page, and what is told each time.
WAYS: list[tuple[State, list[Step]]] = [
    (State.NOT_OPENED, [(lambda walk: setattr(walk, "order", factories.placed_order()), State.NOT_OPENED)]),
    (State.NOT_PAID, []),
    (State.PAGE_CLOSED, [(page_closes, State.PAGE_CLOSED)]),
    (State.PAY_LATER, [VOUCHER]),
    (State.TRANSFER, [(pay_by("transfer_success"), State.TRANSFER)]),
    (State.UNDER_WAY, [(pay_by("delayed_success"), State.UNDER_WAY)]),
    (State.SOLD_OUT, [(sold_out, State.SOLD_OUT)]),
    (State.SOLD_OUT_UNDECIDED, [(lambda walk: sold_out(walk, 0), State.SOLD_OUT_UNDECIDED)]),
    (State.MISMATCH, [(mismatch, State.MISMATCH)]),
    (State.PAID, [PAID]),
    (State.PAID, [VOUCHER, (came, HAS_ARRIVED)]),
    (State.PACKED, SENT[:2]),
    (State.SENT, SENT),
    (State.SENT, [*SENT, (disputed, OF_A_DISPUTE), (dispute_lost, OF_A_DISPUTE)]),
    (State.SENT_PAID_BACK, [*SENT, (*REFUNDED, State.SENT_PAID_BACK)]),
    (State.COLLECTED, COLLECTED),
    (State.SENT_PAID_BACK, [*COLLECTED, (*REFUNDED, State.SENT_PAID_BACK)]),
    (State.DISPUTED, [PAID, (disputed, OF_A_DISPUTE, State.DISPUTED)]),
    (
        State.CANCELLED_TAKEN_BACK,
        [
            PAID,
            (disputed, OF_A_DISPUTE, State.DISPUTED),
            (dispute_lost, OF_A_DISPUTE, State.TAKEN_BACK),
            (cancel, State.CANCELLED_TAKEN_BACK),
        ],
    ),
    (
        State.CANCELLED_REFUNDED,
        [PAID, (*REFUNDED, State.PAID_BACK), (cancel, State.CANCELLED_REFUNDED)],
    ),
    (State.CANCELLED_REFUNDED, [PAID, (cancel, RefundStatus.SUCCEEDED)]),
    (
        State.REFUND_WAITS,
        [VOUCHER, (came, HAS_ARRIVED), (refund, RefundStatus.ACTION), (cancel, State.REFUND_WAITS)],
    ),
    (State.CANCELLED_UNPAID, [(lambda walk: factories.cancel(walk.order), State.CANCELLED_UNPAID)]),
    (State.CANCELLED_FREE, [(free, State.PAID), (cancel, State.CANCELLED_FREE)]),
    (
        State.CANCELLED_OWED,
        [
            PAID,
            (cancel, RefundStatus.SUCCEEDED),
            (refund_fails, CAME_BACK, State.CANCELLED_OWED),
        ],
    ),
    (
        State.CANCELLED_OWED,
        [PAID, (cancel_unanswered, RefundStatus.REQUESTED), (answer_failed, RefundStatus.FAILED)],
    ),
    (
        State.CANCELLED_IN_PART,
        [PAID, (refund_lines, RefundStatus.SUCCEEDED, State.CANCELLED_IN_PART)],
    ),
    (State.EXPIRED, [(lambda walk: end_too_early(walk.order, Status.EXPIRED), State.EXPIRED)]),
    (
        State.NOT_PAID_IN_TIME,
        [(pay_by("transfer_failure"), State.TRANSFER), (never_came, State.NOT_PAID_IN_TIME)],
    ),
    (State.DECLINED, [(pay_by("delayed_failure"), State.UNDER_WAY), (never_came, State.DECLINED)]),
]


def told(to: str, seen: int) -> list[str]:
    """Return the subjects of the mails to somebody after so many of all."""
    return [mail.subject for mail in Email.objects.order_by("pk")[seen:] if mail.to == [to]]


@pytest.mark.parametrize(("state", "steps"), WAYS, ids=[f"{state}-{len(steps)}" for state, steps in WAYS])
def test_what_is_queued_is_what_the_document_lists(
    sandbox: Sandbox, basket: Basket, settings: Any, admin_user: User, state: State, steps: list[Step]
) -> None:
    factories.shop_settings(tell_to=TRADER, tell_low_stock=False)  # which is no news of an order
    # Of a voucher in yen Stripe asks the shopper where to send a refund.
    settings.CURRENCY = "JPY" if state == State.REFUND_WAITS else "EUR" if VOUCHER in steps else "GBP"
    walk = Walk(sandbox, factories.awaiting_order(basket), admin_user, settings)
    for go, *reached in steps:
        seen = Email.objects.count()
        go(walk)
        words = [
            (one if isinstance(one, Words) else {**WORDS, **REFUND_WORDS}[one]).filled(values(walk.order))
            for one in reached
        ]
        assert told(SHOPPER, seen) == [one.subject for one in words if one.subject]
        assert told(TRADER, seen) == [one.trader for one in words if one.trader]
        walk.order.refresh_from_db()
    assert Situation.of(walk.order).state == state


def test_every_state_is_reached() -> None:
    reached = {one for _state, steps in WAYS for _go, *told_of in steps for one in told_of}
    assert {state for state, _steps in WAYS} | (reached & set(State)) == set(State) - {State.ASKING}
