"""Refunds that are made here: by line, of delivery or of a sum, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from home.models import User
from policies.personal_data import register
from store.models import Basket, Order, OrderLine, ProductVariant, Refund, RefundLine
from store.orders import lifecycle
from store.payments import refunds
from store.payments.reconciliation import reconcile
from store.payments.refunds import RefundError
from tests import factories
from tests.store.paying import in_dashboard, mails_about, stock_of
from tests.store.refunding import a_mug, assert_figures_agree, at_stripe, left_at_stripe, pay, request
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Refund.Status


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
        ({"lines": 3}, "You cannot take back more"),
        ({"lines": 0}, "You cannot take back more"),
        ({"lines": -1}, "You cannot take back more"),
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
    with pytest.raises(RefundError, match="You cannot take back more"):
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
