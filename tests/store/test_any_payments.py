"""Whatever happens to payments, our figures are Stripe's: any sequence of what shoppers, staff, banks and faults do.

Shop and sandbox speak over HTTP in both directions, and everything is committed. Compared after each step: the stock
with its movements and with what the orders hold, every order with what can never be so, and to the penny each order of
which the shop was told everything. Which those are is known for sure: none of the events about it is still to come, no
answer about it was lost, no process died over it; or `reconcile_payments` has gone through since without a fault. At
the end of a sequence the faults are over, what waits is delivered, the worker does its jobs for some days, and then
all orders are compared.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from sys import exception
from typing import Any, ClassVar

import pytest
import time_machine
from django.conf import settings as site
from django.core.cache import caches
from django.db import connection, connections
from django.db.models import F
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from post_office.models import Email

from home.models import User
from policies.models import LedgerEntry
from store.basket import contents
from store.models import (
    Basket,
    BasketLine,
    Dispute,
    Document,
    DocumentSum,
    Order,
    OrderEvent,
    OrderLine,
    PaymentAlarm,
    Refund,
    RefundLine,
    StockItem,
    StockMovement,
    StripeEvent,
)
from store.orders import lifecycle
from store.payments import reconciliation, refunds
from store.stock import movements
from store.wagtail_hooks import worker_jobs
from tests import factories
from tests.conftest import SOAK
from tests.faults import killing
from tests.store import side_by_side
from tests.store.paying import end_too_early, listen, press_pay
from tests.store.side_by_side import AtStripe, Payment
from tools.stripe_sandbox import payments
from tools.stripe_sandbox.errors import ApiError
from tools.stripe_sandbox.events import NOBODY
from tools.stripe_sandbox.server import Sandbox
from tools.stripe_sandbox.visitor import StayedError

pytestmark = [pytest.mark.slow, pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
SEQUENCES = 30 if SOAK == 1 else max(1, 300 // SOAK)  # `make soak` repeats the test so often
STEPS = 15
BEGINNING = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHELF = {"MUG": 6, "CUP": 4, "JAR": 3}
PRICES = {"MUG": 1250, "CUP": 333, "JAR": 499}
MADE = (
    *(DocumentSum, Document),
    *(RefundLine, Refund, Dispute, StockMovement, OrderEvent, OrderLine, Order, LedgerEntry),
    *(BasketLine, Basket, StripeEvent, PaymentAlarm, Email),
)
HOURS_AT_THE_END = (1, 50, 7)
EVERYTHING = "manage.py reconcile_payments"
# The jobs of the worker that ask Stripe, by their names, and the command.
JOBS: dict[str, Callable[[], object]] = {
    job.name: job.run for job in worker_jobs() if job.name not in {"old Stripe events", "health of payments"}
}
JOBS[EVERYTHING] = partial(reconciliation.reconcile, everything=True)
ANY = st.integers(0, 5)  # the one of those there are
# How it goes for a process of the shop: it dies after so many deeds, or Stripe's answers to so many requests are lost
# (the SDK tries three times).
FATES: tuple[int | tuple[str, int], ...] = (
    *(1, 2, 3, 4),
    *(("drop_after", 3), ("drop_before", 3), ("error_500", 3), ("error_429", 1)),
)
FATE = st.one_of(st.none(), st.none(), st.none(), st.sampled_from(FATES))
Fate = int | tuple[str, int] | None


class DiedError(BaseException):
    """The process is dead: nothing in it catches this, and nothing is done after it."""


def die() -> None:
    raise DiedError


def begin_anew(sandbox: Sandbox) -> None:
    """Leave products, shipping and staff, with full shelves, and nothing that was ordered, at Stripe either."""
    tables = "; ".join(f'DELETE FROM "{model._meta.db_table}"' for model in MADE)  # noqa: S608 - our own tables
    with connection.cursor() as cursor:  # past the triggers that keep what is append-only
        cursor.execute(
            f"SET session_replication_role = replica; {tables}; SET session_replication_role = origin"
        )
    StockItem.objects.update(on_hand=0, held=0)
    for sku, quantity in SHELF.items():
        movements.receive(sku=sku, quantity=quantity)
    for name in site.CACHES:
        caches[name].clear()
    with sandbox.storage.transaction() as db:
        for table in ("attempt", "delivery", "answer", "object"):
            db.change(f"DELETE FROM {table}")  # noqa: S608 - the four there are
    sandbox.faults.clear()
    sandbox.account.refunds_wait, sandbox.account.ahead = False, 0


class Payments(RuleBasedStateMachine):
    """A shop with two browsers and three products; Stripe; staff; time; and what goes wrong."""

    sandbox: ClassVar[Sandbox]
    user: ClassVar[User]

    def __init__(self) -> None:
        super().__init__()
        self.travelling = time_machine.travel(BEGINNING, tick=False)
        self.clock = self.travelling.start()
        begin_anew(self.sandbox)
        self.numbers = count(1)
        self.browsers = [Client(REMOTE_ADDR=f"192.0.2.{number}") for number in (1, 2)]
        self.went_well = True
        self.unsure: set[int] = set()  # orders about which an answer was lost, or over which a process died
        self.seen = 0  # Stripe's events until then are of no matter: we asked about everything since
        self.ended_too_early: set[int] = set()
        self.read()

    def read(self) -> None:
        """Read both sides again."""
        self.at_stripe, self.orders = AtStripe(self.sandbox), side_by_side.orders()

    def found(self, *states: str) -> list[tuple[Order, Payment]]:
        """Return the payments of orders of which the shop knows the page, in one of these states."""
        pairs = ((order, self.at_stripe.of(order)) for order in self.orders if order.session_id)
        return [(order, payment) for order, payment in pairs if payment and payment.state in states]

    @contextmanager
    def a_process(self, fate: Fate, about: Iterable[Order]) -> Iterator[None]:
        """Do something in a process of the shop that has this fate."""
        deeds = killing.Deeds(fate if isinstance(fate, int) else killing.NEVER, die=die)
        ordered = []
        if isinstance(fate, tuple):
            ordered = [self.sandbox.faults.add(operation="any", kind=fate[0], times=fate[1])]
        try:
            with deeds.counted():
                yield
        except DiedError:
            connections.close_all()
        has_died = isinstance(fate, int) and deeds.done >= fate  # more is done where locks are given back
        self.went_well = not has_died and all(fault.times == fate[1] for fault in ordered)
        self.sandbox.faults.clear()
        if not self.went_well:
            self.unsure |= {order.pk for order in about}
        self.clock.shift(timedelta(seconds=1))

    # --- Shoppers ------------------------------------------------------------------------------------------------
    @initialize(
        mugs=st.integers(1, 3),
        cups=st.integers(0, 2),
        damage=st.sampled_from(["", "", "", "ended too early", "figures"]),
        paid=st.sampled_from(["and told", "and told", "and not told", "and never told", "not yet"]),
        early=st.sampled_from(["", "", "dispute", "refund"]),
        refunds_wait=st.booleans(),
    )
    def begin(self, mugs: int, cups: int, damage: str, paid: str, early: str, refunds_wait: bool) -> None:
        """Begin with an order, which mostly is paid; a fault of ours may have damaged it before that.

        What happens to a payment before the shop knows of it is told first.
        """
        self.sandbox.account.refunds_wait = refunds_wait
        self.check_out(0, mugs, cups, 0, None)
        self.read()
        (order,) = self.orders
        if damage == "ended too early":
            end_too_early(order, Order.Status.EXPIRED)
            self.ended_too_early.add(order.pk)
        elif damage:
            Order.objects.update(subtotal=F("subtotal") + 1)
        if paid != "not yet":
            self.pay(0, "succeed", "")
            self.read()
            if early == "dispute":
                self.dispute(0, "dispute")
            elif early:
                self.refund_in_the_dashboard(0, 333)
            if paid != "and not told":
                self.deliver(("backwards" if early else "all") if paid == "and told" else "lost", None)

    @rule(
        browser=st.integers(0, 1),
        mugs=st.integers(0, 2),
        cups=st.integers(0, 2),
        jars=st.integers(0, 2),
        fate=FATE,
    )
    def check_out(self, browser: int, mugs: int, cups: int, jars: int, fate: Fate) -> None:
        client = self.browsers[browser]
        token = client.cookies["basket"].value if "basket" in client.cookies else ""
        basket = Basket.objects.filter(token=token).first()
        for sku, quantity in (("MUG", mugs), ("CUP", cups), ("JAR", jars)):
            if quantity:
                with suppress(contents.BasketError):
                    basket = contents.add(basket=basket, sku=sku, quantity=quantity)
        if basket is None:
            return
        client.cookies["basket"] = basket.token
        with self.a_process(fate, list(basket.orders.all())):
            self.expect(press_pay(client, basket), 502)

    def expect(self, response: Any, *also: int) -> None:
        assert response.status_code < 500 or response.status_code in also, response

    @precondition(lambda self: self.found("open"))
    @rule(
        which=ANY,
        outcome=st.sampled_from(["succeed", "delayed_success", "decline", "closed"]),
        code=st.sampled_from(["", "TEST10", "TEST100"]),
    )
    def pay(self, which: int, outcome: str, code: str) -> None:
        session = chosen(self.found("open"), which)[1].id
        if outcome == "closed":
            self.sandbox.control.expire_now(session)
            return
        if code:
            self.sandbox.pay(session, action="apply_code", code=code)
        with suppress(StayedError):
            self.sandbox.pay(session, outcome=outcome)

    @precondition(lambda self: any(order.session_id for order in self.orders))
    @rule(which=ANY, page=st.sampled_from(["order", "return", "cancel"]), fate=FATE)
    def open_page(self, which: int, page: str, fate: Fate) -> None:
        order = chosen([order for order in self.orders if order.session_id], which)
        url = f"/checkout/{page}/{order.return_token}/?session_id={order.session_id}"
        with self.a_process(fate, [order]):
            self.expect(self.browsers[0].get(order.get_absolute_url() if page == "order" else url))

    # --- Stripe, and the shoppers' banks -------------------------------------------------------------------------
    @precondition(lambda self: self.found("processing"))
    @rule(which=ANY, succeeds=st.booleans())
    def confirm_or_decline(self, which: int, succeeds: bool) -> None:
        self.sandbox.decide(chosen(self.found("processing"), which)[1].id, succeeds=succeeds)

    @precondition(lambda self: self.found("paid"))
    @rule(which=ANY, amount=st.sampled_from([0, 1, 333, 1250]))
    def refund_in_the_dashboard(self, which: int, amount: int) -> None:
        params = {"payment_intent": chosen(self.found("paid"), which)[1].intent}
        params |= {"amount": amount} if amount else {}
        self.at_the_bank(payments.refund, params, NOBODY)

    @precondition(lambda self: any(payment.refunds for _order, payment in self.found("paid")))
    @rule(which=ANY, will=st.sampled_from(["succeed", "fail", "wait"]))
    def decide_a_refund(self, which: int, will: str) -> None:
        """Let a refund that was made arrive or come back, or those wait that are made from now on, or no longer."""
        if will == "wait":
            self.sandbox.account.refunds_wait = not self.sandbox.account.refunds_wait
            return
        made = [one["id"] for _order, payment in self.found("paid") for one in payment.refunds]
        decide = payments.succeed_refund if will == "succeed" else payments.fail_refund
        self.at_the_bank(decide, chosen(made, which))

    @precondition(lambda self: self.found("paid"))
    @rule(which=ANY, will=st.sampled_from(["dispute", "inquire", "look", "give in", "insist"]))
    def dispute(self, which: int, will: str) -> None:
        payment = chosen(self.found("paid"), which)[1]
        if will in {"dispute", "inquire"}:
            params = {"payment_intent": payment.intent, "inquiry": will == "inquire"}
            self.at_the_bank(payments.dispute, params)
        elif payment.disputes:
            status = {"look": "under_review", "give in": "won", "insist": "lost"}[will]
            self.at_the_bank(payments.advance_dispute, payment.disputes[-1]["id"], status)

    def at_the_bank(self, act: Callable[..., Any], *values: Any) -> None:
        with suppress(ApiError), self.sandbox.storage.transaction() as db:
            act(self.sandbox.account, db, *values)

    # --- Events --------------------------------------------------------------------------------------------------
    @precondition(lambda self: self.sandbox.deliveries.waiting())
    @rule(
        how=st.sampled_from(["all", "all", "all", "backwards", "first", "last", "twice", "lost"]), fate=FATE
    )
    def deliver(self, how: str, fate: Fate) -> None:
        waiting = self.sandbox.deliveries.waiting()
        parts = {"backwards": waiting[::-1], "first": waiting[:1], "last": waiting[-1:], "twice": waiting * 2}
        if how == "lost":
            with self.sandbox.storage.transaction() as db:
                db.change("UPDATE delivery SET state = 'given up' WHERE state = 'pending'")
            return
        with self.a_process(fate, [order for order in self.orders if self.at_stripe.untold(order)]):
            for event in parts.get(how, waiting):
                self.sandbox.deliveries.attempt(event)

    # --- Staff ---------------------------------------------------------------------------------------------------
    @precondition(lambda self: self.paid_orders)
    @rule(which=ANY, what=st.sampled_from(["line", "lines", "written off"]), fate=FATE)
    def refund_goods(self, which: int, what: str, fate: Fate) -> None:
        self.refund(chosen(self.paid_orders, which), what, fate)

    @precondition(lambda self: self.paid_orders)
    @rule(
        which=ANY, what=st.sampled_from(["delivery", "sum", "everything"]), times=st.integers(1, 2), fate=FATE
    )
    def refund_money(self, which: int, what: str, times: int, fate: Fate) -> None:
        self.refund(chosen(self.paid_orders, which), what, fate, times)

    def refund(self, order: Order, what: str, fate: Fate, times: int = 1) -> None:
        """Send the form of a refund, once or twice."""
        token = f"form-{next(self.numbers)}"
        with self.a_process(fate, [order]):
            for _ in range(times):
                with suppress(refunds.RefundError):
                    refunds.request_refund(order=order, wanted=wanted(order, what), by="Staff", token=token)

    @property
    def paid_orders(self) -> list[Order]:
        return [order for order in self.orders if order.paid_at]

    @precondition(lambda self: self.paid_orders)
    @rule(
        which=ANY,
        what=st.sampled_from(["step", "cancel", "resolve", "receive", "write off", "count"]),
        fate=FATE,
    )
    def decide(self, which: int, what: str, fate: Fate) -> None:
        order = chosen(self.paid_orders, which)
        with self.a_process(fate, [order]), suppress(refunds.RefundError, lifecycle.IllegalTransitionError):
            match what:
                case "cancel":
                    refunds.cancel_and_refund(order=order, by="Staff", actor=self.user)
                case "resolve":
                    with lifecycle.locked(order.pk) as fresh:
                        lifecycle.mark_resolved(order=fresh, actor=self.user)
                case "step" if order.status in lifecycle.STAFF_STEPS:
                    (to,) = lifecycle.STAFF_STEPS[order.status]
                    with suppress(movements.OutOfStockError):
                        lifecycle.take_staff_step(order_id=order.pk, to=to, user=self.user)
                case _:
                    change_stock(order.lines.all()[0].sku, what)

    # --- The worker, and time ------------------------------------------------------------------------------------
    @rule(job=st.sampled_from([EVERYTHING, *JOBS]), fate=FATE)
    def work(self, job: str, fate: Fate) -> None:
        report = None
        with self.a_process(fate, self.orders):
            report = JOBS[job]()
        if job == EVERYTHING and self.went_well:
            assert isinstance(report, reconciliation.Report)
            assert report.unanswered == report.unsettled == []
            self.unsure, self.seen = set(), self.at_stripe.last_event

    @rule(
        minutes=st.sampled_from([1, 2, 10, 45, 7 * 60, 30 * 60]),
        wrong=st.sampled_from([0, 0, 3, 11, -3, -11, -20]),
    )
    def let_time_pass(self, minutes: int, wrong: int) -> None:
        """Let time pass; from then on our clock is ahead of Stripe's by so many minutes, or behind."""
        self.clock.shift(timedelta(minutes=minutes + wrong, seconds=self.sandbox.account.ahead))
        self.sandbox.account.ahead = -60 * wrong
        self.sandbox.look_at_the_clock()

    # --- What is right -------------------------------------------------------------------------------------------
    @invariant()
    def nothing_is_wrong(self) -> None:
        self.read()
        wrong = {"stock": [*side_by_side.wrong_stock(self.orders)]}
        for order in self.orders:
            payment = self.at_stripe.of(order)
            of_order = [
                *side_by_side.wrong_payment(order, payment),
                *side_by_side.wrong_refunds(order, payment),
                *side_by_side.wrong_goods(order),
                *side_by_side.wrong_papers(order),
            ]
            if order.pk in self.ended_too_early:  # which was no fault of what is tested
                of_order = [one for one in of_order if one != side_by_side.OVER_AND_OPEN]
            if self.was_told(order):
                of_order += self.differences(order)
            wrong[order.number] = of_order
        assert not any(wrong.values()), wrong

    def was_told(self, order: Order) -> bool:
        """Return whether the shop must know how everything about an order stands."""
        is_asking = any(refund.status == Refund.Status.REQUESTED for refund in order.refunds.all())
        is_unsure = order.pk in self.unsure or order.status == Order.Status.PLACED
        return not is_asking and not is_unsure and not self.at_stripe.untold(order, self.seen)

    def differences(self, order: Order) -> list[str]:
        early = order.pk in self.ended_too_early
        return [*side_by_side.differences(order, self.at_stripe, ended_too_early=early)]

    def teardown(self) -> None:
        try:
            if exception() is None:
                self.end()
        finally:
            self.travelling.stop()

    def end(self) -> None:
        """Let everything be decided and the worker do its jobs, and find the one right state."""
        self.sandbox.account.refunds_wait = False
        for _order, payment in self.found("processing"):
            self.sandbox.decide(payment.id, succeeds=True)
        with self.sandbox.storage.transaction() as db:
            for payment in self.at_stripe.payments:
                for one in payment.refunds:
                    if one["status"] == "pending":
                        payments.succeed_refund(self.sandbox.account, db, one["id"])
        for hours in HOURS_AT_THE_END:
            self.let_time_pass(hours * 60, 0)
            for event in self.sandbox.deliveries.waiting():
                assert self.sandbox.deliveries.attempt(event).status == 200
            for job, work in JOBS.items():
                if job != EVERYTHING:
                    work()
        self.nothing_is_wrong()
        self.all_is_settled()

    def all_is_settled(self) -> None:
        wrong = {order.number: self.differences(order) for order in self.orders}
        assert not any(wrong.values()), wrong
        assert not {order.status for order in self.orders} & Order.AWAITING_PAYMENT
        assert not Refund.objects.filter(status__in=[Refund.Status.REQUESTED, Refund.Status.PENDING]).exists()
        mine = sum(side_by_side.ours(order)["left"] for order in self.orders)
        assert mine == sum(payment.paid - payment.refunded for payment in self.at_stripe.payments)
        for order in self.orders:
            confirmed = [event for event in order.events.all() if event.to_status == Order.Status.PAID]
            subject = f"Your order {order.number}"
            subjects = [subject, f"{subject}: your payment has arrived"]
            mails = Email.objects.filter(subject__in=subjects).count()
            assert mails == len(confirmed) <= 1


def chosen(things: list[Any], which: int) -> Any:
    return things[which % len(things)]


def change_stock(sku: str, what: str) -> None:
    with suppress(movements.OutOfStockError):
        match what:
            case "receive":
                movements.receive(sku=sku, quantity=2)
            case "write off":
                movements.write_off(sku=sku, quantity=1)
            case "count":
                movements.count(sku=sku, on_hand=3)


def wanted(order: Order, what: str) -> refunds.Wanted:
    """Return what staff choose on the page of a refund."""
    kept = {line.pk: line.kept for line in order.lines_with_refunds() if line.kept}
    one_of_one = dict.fromkeys([*kept][:1], 1)
    match what:
        case "line" | "written off":
            return refunds.Wanted(lines=one_of_one, restock=what == "line")
        case "lines":
            return refunds.Wanted(lines=kept)
        case "delivery":
            return refunds.Wanted(delivery=refunds.delivery_left(order))
        case "sum":
            return refunds.Wanted(amount=500, reason="Late.")
    return refunds.everything(order)


@pytest.mark.hypothesis
def test_after_any_sequence_our_figures_are_stripes(sandbox: Sandbox, live_server: Any) -> None:
    listen(sandbox, live_server.url)
    factories.shipping()
    factories.vat(GB=20)
    for sku, price in PRICES.items():
        factories.product(sku, sku=sku, price=price, on_hand=0)
    Payments.sandbox, Payments.user = sandbox, User.objects.create_user(email="staff@example.com")
    checked = settings(
        max_examples=SEQUENCES,
        stateful_step_count=STEPS,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(Payments, settings=checked)
