"""What is told about an order: each state has its words, they stand in docs/orders.md, and page and money agree."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from scripts.write_orders_document import DOCUMENT, Named, document
from store.models import Dispute, Order, OrderEvent, Refund
from store.orders import timeline
from store.orders.change_words import CHANGE_WORDS, Change
from store.orders.refund_words import REFUND_WORDS
from store.orders.situation import Situation
from store.orders.words import WORDS, State, values
from store.payments.disputes import TO_DO

Status, RefundStatus = Order.Status, Refund.Status
NOW = timezone.now()


def order(status: str = Status.PAID, **fields: Any) -> Order:
    """Return an order that is paid where its status says so; it is not saved."""
    is_paid = status in Order.CONFIRMED | {Status.REVIEW}
    paid = {"paid_at": NOW, "paid_amount": 2895, "paid_currency": "GBP"} if is_paid else {}
    money = {"currency": "GBP", "subtotal": 2500, "shipping": 395, "total": 2895}
    return Order(number="261127-ABCDEF", status=status, placed_at=NOW, **{**money, **paid, **fields})


def refund(amount: int, status: str = RefundStatus.SUCCEEDED) -> Refund:
    return Refund(amount=amount, status=status, created_at=NOW)


def dispute(amount: int, status: str) -> Dispute:
    return Dispute(pk=1, amount=amount, status=status, created_at=NOW)


def reached() -> set[State]:
    """Return the states of orders of all kinds."""
    paid = {"paid_at": NOW, "paid_amount": 2895, "paid_currency": "GBP"}
    free = {"paid_at": NOW, "paid_currency": "GBP"}
    kinds: list[dict[str, Any]] = [
        {},
        paid,
        {**paid, "delivery": "collection"},
        free,
        {"session_expires_at": NOW},
        {"pay_url": "/pay/"},
        {"pay_url": "/pay/", "pay_until": NOW},
    ]
    refunds = [(), *((refund(amount, status),) for amount in (395, 2895) for status in RefundStatus)]
    disputes = [(), *((dispute(2895, status),) for status in Dispute.Status)]
    flags = product((False, True), (False, True))
    return {
        Situation(
            order=order(status, **kind), refunds=back, disputes=disputed, is_sold_out=gone, is_asking=asking
        ).state
        for (gone, asking) in flags
        for status in Status
        for kind in kinds
        for back in refunds
        for disputed in disputes
    }


def test_every_state_is_reached_and_has_its_words(settings: Any) -> None:
    found = reached()
    settings.REFUND_SOLD_OUT_AFTER_HOURS = 0
    assert found | reached() == set(State) == set(WORDS)
    assert set(REFUND_WORDS) == set(RefundStatus)
    assert set(TO_DO) == set(Dispute.Status)
    assert set(CHANGE_WORDS) == set(Change)


def test_shopper_and_staff_read_something_in_every_state() -> None:
    for state, words in WORDS.items():
        assert words.heading, state
        assert words.sentences, state
        assert words.staff, state


def test_each_value_in_the_words_is_known_of_some_order(settings: Any) -> None:
    settings.REFUND_SOLD_OUT_AFTER_HOURS = 48
    asked: set[str] = set()

    class Asked(Named):
        def __missing__(self, name: str) -> str:
            asked.add(name)
            return name

    for words in (*WORDS.values(), *REFUND_WORDS.values()):
        words.filled(Asked())
    known = values(order(session_expires_at=NOW, pay_until=NOW, delivery_time="2 days", made_in_days=5))
    promised = values(order(arrives_from=NOW.date(), arrives_until=NOW.date()))
    collected = values(order(delivery="collection", arrives_from=NOW.date(), arrives_until=NOW.date()))
    payable = values(order(session_expires_at=NOW + timedelta(minutes=20)))
    assert asked == {*known, *promised, *collected, *payable, "amount"}


def test_a_sentence_of_which_something_is_unknown_is_left_out() -> None:
    assert Situation(order=order(Status.SENT)).words.sentences == "We hope you enjoy it."
    known = Situation(order=order(Status.SENT, delivery_time="2 to 4 working days")).words.sentences
    assert known == "Delivery takes 2 to 4 working days. We hope you enjoy it."


def test_a_sentence_ends_with_one_full_stop_also_after_a_time() -> None:
    words = WORDS[State.NOT_PAID].filled({"time": "9:26 a.m."})
    assert str(words.staff).endswith("until about 9:26 a.m.")


def test_an_order_waits_to_be_collected_from_the_promised_day_on() -> None:
    day = NOW.date() - timedelta(days=2)
    promised = {"arrives_from": day, "arrives_until": day}
    waiting = {status: order(status, **promised).days_waiting for status in (Status.READY, Status.COLLECTED)}
    assert waiting == {Status.READY: 2, Status.COLLECTED: 0}
    assert order(Status.READY).days_waiting == 0


def test_the_document_is_what_the_shop_tells() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run scripts/write_orders_document.py"


@pytest.mark.parametrize(
    ("status", "refunds", "disputes", "state"),
    [
        (Status.PAID, [refund(2895)], [], State.PAID_BACK),
        (Status.PAID, [refund(2895, RefundStatus.ACTION)], [], State.REFUND_WAITS),
        (Status.PAID, [refund(2895, RefundStatus.REQUESTED)], [], State.PAID),
        (Status.PAID, [refund(500)], [], State.PAID),
        (Status.PACKED, [], [dispute(500, Dispute.Status.NEEDS_RESPONSE)], State.DISPUTED),
        (Status.PACKED, [], [dispute(500, Dispute.Status.LOST)], State.PACKED),
        (Status.PACKED, [refund(2395)], [dispute(500, Dispute.Status.LOST)], State.TAKEN_BACK),
        (Status.REVIEW, [], [dispute(2895, Dispute.Status.LOST)], State.TAKEN_BACK),
        (Status.SENT, [refund(395)], [dispute(2895, Dispute.Status.LOST)], State.SENT),
        (Status.SENT, [refund(2895)], [], State.SENT_PAID_BACK),
        (Status.SENT, [refund(2895, RefundStatus.ACTION)], [], State.SENT_PAID_BACK),
    ],
)
def test_money_that_is_gone_decides_before_the_goods_are_sent(
    status: str, refunds: list[Refund], disputes: list[Dispute], state: State
) -> None:
    assert Situation(order=order(status), refunds=refunds, disputes=disputes).state == state


# --- The course of an order ------------------------------------------------------------------------------
def course(situation: Situation, *reached: str) -> list[str]:
    """Return its steps in words: done, >now<, (to come)."""
    events = [OrderEvent(to_status=status, happened_at=NOW) for status in reached]
    marks: Iterable[tuple[str, timeline.Step]] = (
        (">{}<" if step.is_now else "{}" if step.at else "({})", step)
        for step in timeline.steps(situation, events)
    )
    return [mark.format(step.label) for mark, step in marks]


@pytest.mark.parametrize(
    ("reached", "words"),
    [
        ([], [">Ordered<"]),
        (["awaiting"], ["Ordered", ">Waiting for the payment<", "(Paid)", "(Packed)", "(Sent)"]),
        (["awaiting", "paid"], ["Ordered", ">Paid<", "(Packed)", "(Sent)"]),
        (["awaiting", "processing"], ["Ordered", ">Payment under way<", "(Paid)", "(Packed)", "(Sent)"]),
        (["awaiting", "review"], ["Ordered", ">Paid, being checked<"]),
        (["awaiting", "paid", "packed", "sent"], ["Ordered", "Paid", "Packed", ">Sent<"]),
        (["awaiting", "paid", "cancelled"], ["Ordered", "Paid", ">Cancelled<"]),
        (["awaiting", "expired"], ["Ordered", ">Expired without payment<"]),
    ],
)
def test_what_is_to_come_is_shown_only_where_it_will_come(reached: list[str], words: list[str]) -> None:
    status = reached[-1] if reached else Status.PLACED
    assert course(Situation(order=order(status)), *reached) == words


def test_nothing_is_to_come_while_the_bank_asks() -> None:
    disputed = Situation(order=order(), disputes=[dispute(2895, Dispute.Status.INQUIRY)])
    assert course(disputed, "awaiting", "paid") == ["Ordered", ">Paid<"]


@given(
    refunds=st.lists(st.tuples(st.integers(1, 2895), st.sampled_from(RefundStatus)), max_size=4),
    disputes=st.lists(st.tuples(st.integers(1, 2895), st.sampled_from(Dispute.Status)), max_size=2),
)
def test_the_rows_of_the_money_sum_to_what_is_left(
    refunds: list[tuple[int, str]], disputes: list[tuple[int, str]]
) -> None:
    situation = Situation(
        order=order(), refunds=[refund(*one) for one in refunds], disputes=[dispute(*one) for one in disputes]
    )
    gone = {RefundStatus.ACTION, RefundStatus.PENDING, RefundStatus.SUCCEEDED}
    ours = {Dispute.Status.INQUIRY, Dispute.Status.WON, Dispute.Status.CLOSED}
    left = (
        2895
        - sum(amount for amount, status in refunds if status in gone)
        - sum(amount for amount, status in disputes if status not in ours)
    )
    assert sum(row.amount for row in timeline.money_rows(situation)) == left
    assert left == situation.left - situation.withheld
