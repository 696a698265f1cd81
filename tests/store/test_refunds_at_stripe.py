"""Refunds at Stripe: lost answers, those made in its Dashboard, and those that fail."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from home import clock
from home.models import User
from store.models import Basket, Order, Refund, StripeEvent
from store.orders import lifecycle
from store.payments import events, gateway, refunds
from store.payments.reconciliation import reconcile, reconcile_refunds_and_disputes
from tests import factories
from tests.store.paying import end_too_early, event, in_dashboard, mails_about, post_event, settle, stock_of
from tests.store.refunding import a_mug, assert_figures_agree, at_stripe, fail, pay, request
from tools.stripe_sandbox import payments
from tools.stripe_sandbox.events import NOBODY
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Refund.Status


# --- Answers that are lost -----------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "error_500", "error_429"])
def test_a_lost_answer_is_asked_for_again_and_refunds_once(sandbox: Sandbox, paid: Order, kind: str) -> None:
    sandbox.faults.add(operation="refund", kind=kind, times=3)  # each of the SDK's tries
    refund = request(paid, lines=a_mug(paid))
    assert (refund.status, stock_of()) == (Status.REQUESTED, (8, 0))
    assert paid.refundable == 1645, "Stripe may have done it"
    sandbox.faults.clear()
    assert reconcile().asked == 0, "it may be on its way at this moment"
    for _ in range(2):
        reconcile(now=timezone.now() + timedelta(minutes=2))
    refund.refresh_from_db()
    assert (refund.status, stock_of()) == (Status.SUCCEEDED, (9, 0))
    assert [one["amount"] for one in at_stripe(sandbox)] == [1250]
    assert_figures_agree(sandbox, paid)


def test_a_lost_answer_is_found_also_when_stripe_has_forgotten_the_key(sandbox: Sandbox, paid: Order) -> None:
    sandbox.faults.add(operation="refund", kind="drop_after", times=3)
    refund = request(paid, lines=a_mug(paid))
    with sandbox.storage.transaction() as db:
        db.change("DELETE FROM answer")
    sandbox.faults.clear()
    reconcile(now=timezone.now() + timedelta(days=2))
    refund.refresh_from_db()
    assert (refund.status, len(at_stripe(sandbox))) == (Status.SUCCEEDED, 1)


# --- From Stripe's side ----------------------------------------------------------------------------------------
def test_a_refund_in_the_dashboard_is_taken_in_once(sandbox: Sandbox, paid: Order) -> None:
    in_dashboard(sandbox, paid, amount=500)
    for _ in range(2):
        refunds.bring_up_to_date(order=paid)
    refund = paid.refunds.get()
    assert (refund.amount, refund.status, refund.is_from_stripe) == (500, Status.SUCCEEDED, True)
    assert paid.events.filter(reason="dashboard").count() == 1
    paid.refresh_from_db()
    assert paid.needs_attention, "its goods may be sent"
    assert request(paid, lines=a_mug(paid)).status == Status.SUCCEEDED
    assert_figures_agree(sandbox, paid)


@pytest.mark.parametrize(
    ("kind", "thing"),
    [
        ("refund.created", "refund"),
        ("refund.updated", "refund"),
        ("refund.failed", "refund"),
        ("charge.refund.updated", "refund"),
        ("charge.refunded", "charge"),
    ],
)
def test_each_event_about_a_refund_brings_the_order_up_to_date(
    client: Client, sandbox: Sandbox, paid: Order, kind: str, thing: str
) -> None:
    in_dashboard(sandbox, paid, amount=500)
    data = {"id": "x", "object": thing, "payment_intent": paid.payment_intent_id}
    assert post_event(client, event(kind, data=data), sandbox.webhook_secret) == 200
    assert paid.refundable == 2395


@pytest.mark.parametrize("intent", ["pi_of_another_shop", "", None, "\x00", "x" * 3000, 7])
def test_an_event_about_a_foreign_or_hostile_payment_changes_nothing(
    client: Client, sandbox: Sandbox, paid: Order, intent: Any
) -> None:
    data = {"id": "re_x", "object": "refund", "payment_intent": intent}
    status = post_event(client, event("refund.created", data=data), sandbox.webhook_secret)
    assert status == (200 if intent in {"pi_of_another_shop", "", None} else 400)
    assert not Refund.objects.exists()


def test_a_refund_told_before_the_payment_is_not_forgotten(
    client: Client, sandbox: Sandbox, order: Order
) -> None:
    sandbox.pay(order.session_id)
    intent = gateway.retrieve_session(order.session_id or "").payment_intent_id
    with sandbox.storage.transaction() as db:
        payments.refund(sandbox.account, db, {"payment_intent": intent, "amount": 500}, NOBODY)
    data = {"id": "re_x", "object": "refund", "payment_intent": intent}
    assert post_event(client, event("refund.created", data=data), sandbox.webhook_secret) == 200
    assert_figures_agree(sandbox, settle(order))
    assert order.needs_attention


def test_events_in_any_order_leave_what_stripe_says(sandbox: Sandbox, paid: Order, client: Client) -> None:
    sandbox.account.refunds_wait = True
    refund = request(paid, lines=a_mug(paid))
    assert (refund.status, stock_of(), mails_about(paid)) == (Status.PENDING, (9, 0), 2)
    with sandbox.storage.transaction() as db:
        payments.succeed_refund(sandbox.account, db, refund.refund_id)
    early = gateway.list_refunds(payment_intent_id=paid.payment_intent_id)
    fail(sandbox, refund.refund_id)
    refunds.bring_up_to_date(order=paid)
    with lifecycle.locked(paid.pk) as order:
        refunds._take_in(order, early[0])  # an answer that was overtaken
    refund.refresh_from_db()
    assert (refund.status, refund.failure) == (Status.FAILED, "expired or canceled card")


def test_a_refund_that_fails_puts_the_money_back_and_staff_are_asked_each_time(
    sandbox: Sandbox, paid: Order, colleague: User
) -> None:
    for _ in range(2):
        refund = request(paid, amount=500, reason="Late.")
        fail(sandbox, refund.refund_id)
        for _ in range(2):
            refunds.bring_up_to_date(order=paid)
        paid.refresh_from_db()
        assert (paid.needs_attention, paid.refundable) == (True, 2895)
        with lifecycle.locked(paid.pk) as order:
            lifecycle.mark_resolved(order=order, actor=colleague)
    assert paid.events.filter(reason="refund_failed").count() == 2
    assert_figures_agree(sandbox, paid)


def test_goods_of_a_refund_that_failed_come_back_once(sandbox: Sandbox, paid: Order) -> None:
    fail(sandbox, request(paid, lines=a_mug(paid, 2)).refund_id)
    refunds.bring_up_to_date(order=paid)
    paid.refresh_from_db()
    assert (paid.status, stock_of()) == (Order.Status.CANCELLED, (10, 0))
    again = refunds.request_refund(order=paid, wanted=refunds.everything(paid), by="Staff")
    assert (again.amount, again.status, stock_of()) == (2895, Status.SUCCEEDED, (10, 0))


@pytest.mark.both_databases
@pytest.mark.parametrize("where", ["paid", "packed", "review"])
def test_nothing_is_sent_of_an_order_whose_whole_payment_went_back(
    sandbox: Sandbox, paid: Order, colleague: User, admin_client: Client, where: str
) -> None:
    if where == "packed":
        lifecycle.take_staff_step(order_id=paid.pk, to=Order.Status.PACKED, user=colleague)
    elif where == "review":
        Order.objects.update(status=Order.Status.REVIEW)
    in_dashboard(sandbox, paid)
    refunds.bring_up_to_date(order=paid)
    for step in (Order.Status.PAID, Order.Status.PACKED, Order.Status.SENT):
        with pytest.raises(lifecycle.IllegalTransitionError):
            lifecycle.take_staff_step(order_id=paid.pk, to=step, user=colleague)
    page = admin_client.get(f"/admin/orders/inspect/{paid.pk}/").content.decode()
    assert not any(step in page for step in ("Mark as packed", "Mark as sent", "Accept the payment"))
    assert "Cancel the order …" in page


def test_an_error_that_stripe_keeps_under_the_key_of_a_refund_holds_it_up_for_an_hour_only(
    sandbox: Sandbox, paid: Order
) -> None:
    sandbox.faults.add(operation="refund", kind="error_500_kept")
    refund = request(paid, amount=500, reason="Late.")
    for minutes, status in ((59, Status.REQUESTED), (61, Status.SUCCEEDED)):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            reconcile()
        refund.refresh_from_db()
        assert refund.status == status
    assert_figures_agree(sandbox, paid)


def test_the_trader_is_told_of_a_refund_that_comes_back(sandbox: Sandbox, paid: Order) -> None:
    User.objects.create_superuser("owner@example.com")
    refund = request(paid, amount=500, reason="Late.")
    fail(sandbox, refund.refund_id)
    refunds.bring_up_to_date(order=paid)
    mail = Email.objects.get(to="owner@example.com").email_message()
    assert mail.subject == f"Order {paid.number}: a refund did not arrive"
    assert "£5.00" in mail.body
    assert f"/admin/orders/inspect/{paid.pk}/" in mail.body


def test_the_trader_is_told_of_a_refusal_that_nobody_reads_on_a_screen(sandbox: Sandbox, paid: Order) -> None:
    User.objects.create_superuser("owner@example.com")
    sandbox.faults.add(operation="refund", kind="drop_before", times=3)
    request(paid, lines=a_mug(paid, 2))
    in_dashboard(sandbox, paid, amount=1000)
    reconcile(now=timezone.now() + timedelta(minutes=2))
    assert paid.refunds.get(by="Staff").status == Status.REFUSED
    mail = Email.objects.get(to="owner@example.com", subject=f"Order {paid.number}: a refund did not arrive")
    assert "The refund was refused, so nothing was refunded: £25.00" in mail.message
    in_dashboard(sandbox, paid)  # its event has not come yet
    assert request(paid, lines=a_mug(paid)).status == Status.REFUSED
    assert Email.objects.filter(subject__endswith="did not arrive").count() == 1, "staff read this one"


def test_a_refund_told_before_the_payment_is_asked_for_again_when_stripe_is_away(
    sandbox: Sandbox, order: Order, client: Client
) -> None:
    sandbox.pay(order.session_id)
    unknown = Order(payment_intent_id=gateway.retrieve_session(order.session_id or "").payment_intent_id)
    in_dashboard(sandbox, unknown, amount=500)
    about = {"id": "re_1", "object": "refund", "payment_intent": unknown.payment_intent_id}
    assert post_event(client, event("refund.created", data=about), sandbox.webhook_secret) == 200
    sandbox.faults.add(operation="list", kind="drop_before", times=3)
    paid = settle(order)
    assert not paid.refunds.exists()
    sandbox.faults.clear()
    events.retry(now=timezone.now() + timedelta(minutes=6))
    assert paid.refunds.get().amount == 500
    assert StripeEvent.objects.get().outcome == "handled"


def test_a_refund_for_which_stripe_asks_the_shopper_says_so_until_it_has_arrived(
    sandbox: Sandbox, basket: Basket, settings: Any, client: Client
) -> None:
    settings.CURRENCY = "JPY"
    order = factories.awaiting_order(basket)
    sandbox.pay(order.session_id, outcome="voucher_success")
    sandbox.decide(order.session_id, succeeds=True)
    refund = request(settle(order), amount=500, reason="A chip in the glaze")
    assert (refund.status, refund.is_on_its_way) == (Status.ACTION, True)
    assert "asks you in an e-mail of its own" in Email.objects.latest("pk").email_message().body
    assert "asks you in an e-mail of its own" in client.get(order.get_absolute_url()).content.decode()
    with sandbox.storage.transaction() as db:
        payments.succeed_refund(sandbox.account, db, refund.refund_id)
    reconcile(now=timezone.now() + timedelta(hours=7))
    refund.refresh_from_db()
    assert refund.status == Status.SUCCEEDED
    assert_figures_agree(sandbox, order)


def test_refunds_whose_events_were_lost_are_found_among_all(sandbox: Sandbox, sent: Order) -> None:
    other = pay(sandbox, factories.awaiting_order(factories.basket(MUG=1)))
    for _ in range(3):
        in_dashboard(sandbox, sent, amount=100)
    failed = request(other, amount=100, reason="Late.")
    fail(sandbox, failed.refund_id)
    report = reconcile_refunds_and_disputes()
    assert report.changed == {
        sent.number: "sent" + ", refund succeeded" * 3,
        other.number: "paid, refund failed",
    }
    assert reconcile_refunds_and_disputes().asked == 0
    for order in (sent, other):
        assert_figures_agree(sandbox, order)


def test_one_run_finds_a_payment_that_only_stripe_knows_and_its_refund(
    sandbox: Sandbox, order: Order
) -> None:
    end_too_early(order, Order.Status.EXPIRED)
    sandbox.pay(order.session_id)
    intent = gateway.retrieve_session(order.session_id or "").payment_intent_id
    in_dashboard(sandbox, Order(payment_intent_id=intent), amount=500)
    reconcile(everything=True)
    order.refresh_from_db()
    assert (order.status, order.refunds.amount()) == (Order.Status.PAID, 500)
    assert_figures_agree(sandbox, order)


def test_lost_refunds_are_looked_for_by_stripes_clock(sandbox: Sandbox, paid: Order) -> None:
    in_dashboard(sandbox, paid, amount=100)
    clock.compare(format_datetime(timezone.now() - timedelta(days=2), usegmt=True), whose="Stripe")
    # 34 days by Stripe's clock, and 35 are looked back.
    reconcile_refunds_and_disputes(now=timezone.now() + timedelta(days=36))
    assert Refund.objects.get().amount == 100


def test_more_refunds_than_stripe_lists_at_once_are_all_found(sandbox: Sandbox, sent: Order) -> None:
    for _ in range(101):
        in_dashboard(sandbox, sent, amount=1)
    reconcile(everything=True)
    assert sent.refunds.count() == 101
    assert_figures_agree(sandbox, sent)


@pytest.mark.both_databases
def test_a_token_that_somebody_copied_in_the_dashboard_takes_no_row(sandbox: Sandbox, paid: Order) -> None:
    refund = request(paid, amount=500, reason="Late.")
    in_dashboard(sandbox, paid, amount=300, metadata={"refund": refund.token})
    refunds.bring_up_to_date(order=paid)
    assert list(paid.refunds.values_list("amount", flat=True).order_by("pk")) == [500, 300]
    assert_figures_agree(sandbox, paid)


@pytest.mark.both_databases
def test_stripe_away_loses_nothing(sandbox: Sandbox, paid: Order) -> None:
    sandbox.faults.add(operation="any", kind="drop_before", times=99)
    request(paid, amount=500, reason="Late.")
    report = reconcile(now=timezone.now() + timedelta(minutes=2), everything=True)
    assert report.unanswered == [paid.number, "payment pages", "refunds", "disputes"]
    sandbox.faults.clear()
    assert reconcile(now=timezone.now() + timedelta(minutes=2)).changed == {
        paid.number: "paid, refund succeeded"
    }
