"""Refunds: by line, of delivery or of a sum; lost answers, refunds from Stripe's Dashboard, and those that fail."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from home import clock
from home.models import User
from policies.personal_data import register
from store.models import Basket, Order, OrderLine, ProductVariant, Refund, RefundLine, StripeEvent
from store.orders import lifecycle
from store.payments import events, gateway, refunds
from store.payments.reconciliation import reconcile, reconcile_refunds_and_disputes
from store.payments.refunds import RefundError, Wanted
from tests import factories
from tests.store.paying import end_too_early, event, in_dashboard, mails_about, post_event, settle, stock_of
from tools.stripe_sandbox import payments
from tools.stripe_sandbox.events import NOBODY
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Refund.Status


@pytest.fixture
def colleague() -> User:
    return User.objects.create_user(email="staff@example.com")


def pay(sandbox: Sandbox, order: Order, *, code: str = "") -> Order:
    if code:
        sandbox.pay(order.session_id, action="apply_code", code=code)
    sandbox.pay(order.session_id)
    return settle(order)


@pytest.fixture
def paid(sandbox: Sandbox, order: Order) -> Order:
    """Two mugs at £12.50, sent for £3.95."""
    return pay(sandbox, order)


@pytest.fixture
def sent(paid: Order, colleague: User) -> Order:
    for step in (Order.Status.PACKED, Order.Status.SENT):
        lifecycle.take_staff_step(order_id=paid.pk, to=step, user=colleague)
    paid.refresh_from_db()
    return paid


def request(order: Order, **wanted: Any) -> Refund:
    token = wanted.pop("token", "")
    refund = refunds.request_refund(order=order, wanted=Wanted(**wanted), by="Staff", token=token)
    order.refresh_from_db()
    return refund


def a_mug(order: Order, quantity: int = 1) -> dict[int, int]:
    return {order.lines.get().pk: quantity}


def at_stripe(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the sandbox's refunds, the oldest first."""
    with sandbox.storage.transaction() as db:
        rows = db.rows("SELECT id FROM object WHERE kind = 'refund' ORDER BY seq")
        return [db.find(row["id"]) for row in rows]


def fail(sandbox: Sandbox, refund_id: str | None) -> None:
    with sandbox.storage.transaction() as db:
        payments.fail_refund(sandbox.account, db, refund_id or "")


def left_at_stripe(sandbox: Sandbox, order: Order) -> int:
    with sandbox.storage.transaction() as db:
        charge = db.find(db.find(order.payment_intent_id)["latest_charge"])
    return charge["amount_captured"] - charge["amount_refunded"]


def assert_figures_agree(sandbox: Sandbox, order: Order) -> None:
    assert order.refundable == left_at_stripe(sandbox, order)


# --- Lines, delivery, sums ---------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_a_line_is_refunded_in_parts_and_its_goods_come_back(sandbox: Sandbox, paid: Order) -> None:
    assert (paid.paid_amount, stock_of()) == (2895, (8, 0))
    refund = request(paid, lines=a_mug(paid), restock=True)
    assert (refund.amount, refund.status) == (1250, Status.SUCCEEDED)
    assert (paid.status, paid.refundable, stock_of()) == (Order.Status.PAID, 1645, (9, 0))
    assert paid.lines.get().quantity == 2, "what was ordered never changes"
    assert at_stripe(sandbox)[0]["amount"] == 1250
    assert "£12.50" in Email.objects.filter(to="shopper@example.com").last().message
    assert_figures_agree(sandbox, paid)


@pytest.mark.parametrize(
    ("goods", "delivery", "words", "on_page"),
    [
        (1, 395, "1 × {mug}\nGoods: £12.50\nDelivery: £3.95\n", "For: 1 × {mug}, delivery."),
        (1, 0, "1 × {mug}\nGoods: £12.50\n", "For: 1 × {mug}."),
        (0, 395, "Delivery: £3.95\n", "For: delivery."),
    ],
)
def test_the_shopper_reads_in_mail_and_page_what_a_refund_is_for(
    paid: Order, client: Client, goods: int, delivery: int, words: str, on_page: str
) -> None:
    request(paid, lines=a_mug(paid) if goods else {}, delivery=delivery)
    mail = Email.objects.filter(to=paid.email).last().message
    mug = paid.lines.get()
    assert f"bank shows it.\n\nThis is for:\n\n{words.format(mug=mug)}\n\nYOUR PAYMENT" in mail
    assert on_page.format(mug=mug) in " ".join(client.get(paid.get_absolute_url()).content.decode().split())


def test_a_refund_under_way_is_not_called_done(sandbox: Sandbox, paid: Order) -> None:
    sandbox.account.refunds_wait = True
    request(paid, amount=200, reason="Late")
    mail = Email.objects.filter(to=paid.email).last().message
    assert f"£2.00 of your order {paid.number} is on its way back to you." in mail
    assert "We have refunded" not in mail


def test_all_lines_taken_back_before_packing_cancel_the_order(sandbox: Sandbox, paid: Order) -> None:
    request(paid, lines=a_mug(paid))
    assert paid.status == Order.Status.PAID
    request(paid, lines=a_mug(paid), delivery=395)
    assert (paid.status, stock_of(), paid.refundable) == (Order.Status.CANCELLED, (10, 0), 0)
    assert "was cancelled. Nothing will be sent." in Email.objects.filter(to=paid.email).last().message
    assert_figures_agree(sandbox, paid)


def test_goods_that_were_sent_come_back_only_if_they_can_be_sold_again(sent: Order) -> None:
    request(sent, lines=a_mug(sent), restock=False)
    assert (sent.status, stock_of()) == (Order.Status.SENT, (8, 0))
    request(sent, lines=a_mug(sent), restock=True)
    assert (sent.status, stock_of()) == (Order.Status.SENT, (9, 0))


def test_a_sum_with_a_reason_takes_no_goods_back(paid: Order) -> None:
    refund = request(paid, amount=500, reason="Late\nby a week. {% debug %}")
    assert (refund.amount, refund.reason, stock_of()) == (500, "Late by a week. {% debug %}", (8, 0))
    assert "Reason: Late by a week. {% debug %}" in Email.objects.filter(to=paid.email).last().message
    assert paid.status == Order.Status.PAID


@pytest.mark.both_databases
def test_parts_add_up_to_what_was_paid_with_a_promotion_code(
    sandbox: Sandbox, mug: ProductVariant, basket: Basket
) -> None:
    ProductVariant.objects.update(price=333)
    order = pay(sandbox, factories.awaiting_order(factories.basket(MUG=3)), code="TEST10")
    amounts = [request(order, lines=a_mug(order)).amount for _ in range(3)]
    assert sum(amounts) == order.total - order.shipping < 999
    assert max(amounts) - min(amounts) <= 1
    assert request(order, delivery=395).amount == 395
    assert_figures_agree(sandbox, order)


@pytest.mark.parametrize(("currency", "price"), [("JPY", 1500), ("KWD", 1230), ("ISK", 1990)])
def test_refunds_in_every_kind_of_currency(
    sandbox: Sandbox, settings: Any, mug: ProductVariant, currency: str, price: int
) -> None:
    settings.CURRENCY = currency
    ProductVariant.objects.update(price=price)
    courier = factories.shipping("Courier", price=500)
    order = pay(sandbox, factories.awaiting_order(factories.basket(MUG=3), option=courier), code="TEST10")
    for _ in range(3):
        assert request(order, lines=a_mug(order)).status == Status.SUCCEEDED
    rest = order.refundable - order.shipping
    assert rest == (1 if currency == "KWD" else 0), "the code left a part that Stripe cannot move"
    if currency == "KWD":
        with pytest.raises(RefundError, match="three decimal places"):
            request(order, amount=101, reason="Late.")
        assert all(not refund["amount"] % 10 for refund in at_stripe(sandbox))
    request(order, amount=100, reason="Late.")
    assert request(order, amount=400 + rest, reason="The rest.").status == Status.SUCCEEDED
    assert at_stripe(sandbox)[-2]["amount"] == (10_000 if currency == "ISK" else 100)


def test_a_fraction_of_a_krona_that_went_back_is_no_refund(
    sandbox: Sandbox, settings: Any, mug: ProductVariant
) -> None:
    """Stripe has refused fractions since 2023; the sandbox plays a payment of before."""
    settings.CURRENCY = "ISK"
    ProductVariant.objects.update(price=1990)
    order = pay(sandbox, factories.awaiting_order(factories.basket(MUG=1)))
    in_dashboard(sandbox, order, amount=50)
    refunds.bring_up_to_date(order=order)
    assert (order.refundable, order.refunds.count()) == (order.total, 0)
    in_dashboard(sandbox, order, amount=150)
    refunds.bring_up_to_date(order=order)
    assert order.refundable == order.total - 1
    refund = request(order, amount=order.total - 1, reason="Lost on the way.")
    assert (refund.status, order.refundable) == (Status.REFUSED, order.total - 1)
    assert request(order, amount=order.total - 2, reason="Lost on the way.").status == Status.SUCCEEDED
    assert left_at_stripe(sandbox, order) == 0


@pytest.mark.parametrize("source", [Order.PaymentSource.CASH, Order.PaymentSource.TRANSFER])
def test_a_payment_by_other_means_is_refunded_without_asking_stripe(
    sandbox: Sandbox, paid: Order, source: str
) -> None:
    Order.objects.update(payment_source=source)
    paid.refresh_from_db()
    assert request(paid, lines=a_mug(paid)).status == Status.SUCCEEDED
    assert at_stripe(sandbox) == []
    assert paid.refundable == 1645


@pytest.mark.parametrize("means", ["refund", "cancel"])
def test_a_refund_in_cash_is_made_in_the_moment_that_it_is_saved(
    sandbox: Sandbox, paid: Order, monkeypatch: pytest.MonkeyPatch, means: str
) -> None:
    Order.objects.update(payment_source=Order.PaymentSource.CASH)
    paid.refresh_from_db()
    monkeypatch.setattr(refunds, "_send", lambda refund: refund)  # killed before Stripe would be asked
    if means == "refund":
        request(paid, lines=a_mug(paid))
    else:
        refunds.cancel_and_refund(order=paid, by="Staff")
    assert Refund.objects.get().status == Status.SUCCEEDED
    assert stock_of() == ((9, 0) if means == "refund" else (10, 0))
    refunds.bring_up_to_date(order=paid, now=timezone.now() + timedelta(hours=1))
    assert at_stripe(sandbox) == []


def test_stripe_is_not_asked_about_refunds_of_what_was_paid_in_cash(
    sandbox: Sandbox, paid: Order, settings: Any
) -> None:
    Order.objects.update(payment_source=Order.PaymentSource.CASH)
    paid.refresh_from_db()
    in_dashboard(sandbox, paid, amount=100)
    refunds.bring_up_to_date(order=paid)
    assert not Refund.objects.exists()


# --- What is refused -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({}, "Choose what to refund"),
        ({"amount": 0}, "Choose what to refund"),
        ({"amount": -1, "reason": "x"}, "Choose what to refund"),
        ({"amount": 2896, "reason": "x"}, "more than is left to refund: £28.95"),
        ({"amount": 500}, "Say why"),
        ({"amount": 500, "reason": " \x00 "}, "Say why"),
        ({"delivery": 396}, "for delivery"),
        ({"delivery": -1}, "for delivery"),
        ({"lines": 3}, "More is to be taken back"),
        ({"lines": 0}, "More is to be taken back"),
        ({"lines": -1}, "More is to be taken back"),
    ],
)
def test_what_is_not_left_or_not_said_is_refused_and_changes_nothing(
    sandbox: Sandbox, paid: Order, wanted: dict[str, Any], words: str
) -> None:
    if "lines" in wanted:
        wanted = {"lines": a_mug(paid, wanted["lines"])}
    events = paid.events.count()
    with pytest.raises(RefundError, match=words):
        request(paid, **wanted)
    assert not Refund.objects.exists()
    assert (paid.events.count(), at_stripe(sandbox)) == (events, [])


def test_a_line_of_another_order_is_refused(sandbox: Sandbox, paid: Order) -> None:
    other = factories.placed_order(factories.basket(MUG=1))
    with pytest.raises(RefundError, match="More is to be taken back"):
        request(paid, lines=a_mug(other))
    assert not Refund.objects.exists()


def test_an_order_that_was_not_paid_has_nothing_to_refund(sandbox: Sandbox, order: Order) -> None:
    with pytest.raises(RefundError, match="Nothing is left"):
        request(order, lines=a_mug(order))


@pytest.mark.both_databases
def test_the_same_form_sent_twice_refunds_once(sandbox: Sandbox, paid: Order) -> None:
    first, second = (request(paid, amount=500, reason="Late.", token="form-1") for _ in range(2))
    assert first == second
    assert [refund["amount"] for refund in at_stripe(sandbox)] == [500]
    other = factories.placed_order(factories.basket(MUG=1))
    with pytest.raises(RefundError, match="another order"):
        request(other, amount=500, reason="Late.", token="form-1")


@pytest.mark.both_databases
def test_what_stripe_refuses_changes_nothing_and_is_told(sandbox: Sandbox, paid: Order) -> None:
    in_dashboard(sandbox, paid)  # its event has not come yet
    refund = request(paid, lines=a_mug(paid))
    assert (refund.status, paid.refundable, stock_of()) == (Status.REFUSED, 2895, (8, 0))
    assert "charge_already_refunded" in refund.failure
    assert (paid.needs_attention, paid.lines.get().kept, mails_about(paid)) == (True, 2, 1)
    refunds.bring_up_to_date(order=paid)
    assert_figures_agree(sandbox, paid)


@pytest.mark.both_databases
@pytest.mark.parametrize("values", [{"amount": 0}, {"amount": 5, "delivery": 6}])
def test_the_database_refuses_refunds_of_nothing_and_more_delivery_than_money(
    paid: Order, values: dict[str, int]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.create(order=paid, by="test", created_at=timezone.now(), **values)
    refund = Refund.objects.create(order=paid, by="test", created_at=timezone.now(), amount=5)
    with pytest.raises(IntegrityError), transaction.atomic():
        RefundLine.objects.create(refund=refund, order_line=paid.lines.get(), quantity=0, restock=True)


def test_an_order_is_not_packed_while_its_refund_waits_for_an_answer(
    sandbox: Sandbox, paid: Order, colleague: User
) -> None:
    sandbox.faults.add(operation="refund", kind="drop_before", times=9)
    request(paid, lines=a_mug(paid, 2))
    with pytest.raises(lifecycle.IllegalTransitionError):
        lifecycle.take_staff_step(order_id=paid.pk, to=Order.Status.PACKED, user=colleague)


def test_an_order_is_cancelled_only_when_stripe_has_answered_about_all_of_it(
    sandbox: Sandbox, paid: Order
) -> None:
    sandbox.faults.add(operation="refund", kind="drop_before", times=3)
    lost = request(paid, lines=a_mug(paid))
    request(paid, lines=a_mug(paid))
    assert (paid.status, stock_of()) == (Order.Status.PAID, (9, 0)), "the other mug may be sent after all"
    in_dashboard(sandbox, paid)
    reconcile(now=timezone.now() + timedelta(minutes=2))
    lost.refresh_from_db()
    paid.refresh_from_db()
    assert (lost.status, paid.status, paid.lines.get().kept) == (Status.REFUSED, Order.Status.PAID, 1)
    refunds.cancel_and_refund(order=paid, by="Staff")
    assert stock_of() == (10, 0)


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


# --- Personal data ---------------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_reasons_are_exported_and_go_with_the_shoppers_name(paid: Order) -> None:
    request(paid, amount=500, reason="Mrs Example was ill.")
    (exported,) = register.export("shopper@example.com")["store.orders"]
    assert [(one["amount"], one["reason"]) for one in exported["refunds"]] == [
        ("£5.00", "Mrs Example was ill.")
    ]
    for entry in register.registered():
        if entry.expire:
            entry.expire(timezone.now() + timedelta(days=4000))
    assert Refund.objects.get().reason == ""
    assert OrderLine.objects.exists()
