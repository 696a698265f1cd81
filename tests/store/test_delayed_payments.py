"""Payments that the bank confirms or declines later."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from post_office.models import Email

from store.basket import contents
from store.models import Basket, Order, OrderEvent
from store.payments.reconciliation import ask_about_open_pages, reconcile
from tests import factories
from tests.store.paying import mails_about, sales, settle, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status
# How is paid, by the currency in which it can be.
METHODS = {"delayed": "GBP", "voucher": "EUR", "transfer": "GBP"}


def ordered(settings: Any, basket: Basket, method: str) -> Order:
    """Open a payment page where this method is offered."""
    settings.CURRENCY = METHODS[method]
    return factories.awaiting_order(basket)


@pytest.mark.parametrize("method", METHODS)
def test_a_delayed_payment_is_paid_when_it_has_come(
    sandbox: Sandbox, basket: Basket, settings: Any, method: str
) -> None:
    order = ordered(settings, basket, method)
    sandbox.pay(order.session_id, outcome=f"{method}_success")
    assert settle(order).status == Status.PROCESSING
    assert (stock_of(), mails_about(order), basket.lines.count()) == ((10, 2), 1, 0)
    sandbox.decide(order.session_id, succeeds=True)
    assert settle(order).status == Status.PAID
    assert (stock_of(), mails_about(order)) == ((8, 0), 2)


def test_an_order_under_way_keeps_name_addresses_and_figures_from_stripe(
    sandbox: Sandbox, order: Order
) -> None:
    sandbox.pay(order.session_id, action="apply_code", code="TEST10")
    sandbox.pay(
        order.session_id, outcome="delayed_success", delivery_name="Demo visitor", phone="+1 555 0101"
    )
    settle(order)
    assert (order.customer_name, order.phone) == ("Demo visitor", "+1 555 0101")
    assert order.shipping_address["country"] == "GB"
    assert order.billing_address["line1"]
    assert (order.discount, order.total, order.paid_at) == (250, 2645, None)


@pytest.mark.parametrize("outcome", ["delayed_success", "delayed_failure"])
def test_ordered_lines_leave_the_basket_once_and_never_return_after_deciding(
    sandbox: Sandbox, order: Order, basket: Basket, outcome: str
) -> None:
    sandbox.pay(order.session_id, outcome=outcome)
    assert settle(order).status == Status.PROCESSING
    assert not basket.lines.exists()
    contents.add(basket=basket, sku="MUG", quantity=3)
    settle(order)
    sandbox.decide(order.session_id, succeeds=outcome == "delayed_success")
    assert settle(order).status == (Status.PAID if outcome == "delayed_success" else Status.FAILED)
    assert list(basket.lines.values_list("sku", "quantity")) == [("MUG", 3)]


def test_while_a_payment_is_under_way_more_can_be_ordered_from_the_same_basket(
    sandbox: Sandbox, order: Order, basket: Basket
) -> None:
    sandbox.pay(order.session_id, outcome="delayed_success")
    settle(order)
    contents.add(basket=basket, sku="MUG", quantity=3)
    more = factories.awaiting_order(basket)
    order.refresh_from_db()
    assert (order.status, more.status) == (Status.PROCESSING, Status.AWAITING)
    assert stock_of() == (10, 5)


def test_goods_being_paid_are_not_available_to_the_baskets_next_order(
    sandbox: Sandbox, order: Order, basket: Basket
) -> None:
    sandbox.pay(order.session_id, outcome="delayed_success")
    settle(order)
    contents.add(basket=basket, sku="MUG", quantity=1)
    contents.set_quantity(basket=basket, sku="MUG", quantity=9)
    assert [line.available for line in contents.look_up(basket).lines] == [8]


def test_goods_are_kept_until_a_voucher_has_expired_and_not_longer(
    sandbox: Sandbox, basket: Basket, settings: Any
) -> None:
    order = ordered(settings, basket, "voucher")
    begun = timezone.now()
    sandbox.pay(order.session_id, outcome="voucher_failure")
    settle(order)
    for days, status in ((6.9, Status.PROCESSING), (7.1, Status.FAILED)):
        with time_machine.travel(begun + timedelta(days=days)):
            sandbox.look_at_the_clock()
            reconcile()
            ask_about_open_pages()
        order.refresh_from_db()
        assert order.status == status
        assert stock_of() == (10, 2 if status == Status.PROCESSING else 0)


@pytest.mark.parametrize("method", ["voucher", "transfer"])
def test_goods_are_released_when_a_payment_is_cancelled_in_stripes_dashboard(
    sandbox: Sandbox, basket: Basket, settings: Any, method: str
) -> None:
    order = ordered(settings, basket, method)
    sandbox.pay(order.session_id, outcome=f"{method}_success")
    settle(order)
    sandbox.decide(order.session_id, outcome="cancel")
    ask_about_open_pages()
    order.refresh_from_db()
    assert (order.status, stock_of()) == (Status.FAILED, (10, 0))


def test_a_bank_transfer_that_brings_less_than_is_due_is_still_waited_for(
    sandbox: Sandbox, order: Order
) -> None:
    sandbox.pay(order.session_id, outcome="transfer_success")
    settle(order)
    sandbox.decide(order.session_id, outcome="part", amount=1000)
    assert (settle(order).status, stock_of()) == (Status.PROCESSING, (10, 2))
    sandbox.decide(order.session_id, succeeds=True)
    assert (settle(order).status, stock_of()) == (Status.PAID, (8, 0))


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("voucher", "You have until {until} to pay €28.95."),
        ("transfer", "Transfer £28.95 from your bank account by {day}."),
    ],
)
def test_who_must_pay_by_themselves_reads_how_and_until_when(
    sandbox: Sandbox, shopper: Client, basket: Basket, settings: Any, method: str, words: str
) -> None:
    order = ordered(settings, basket, method)
    sandbox.pay(order.session_id, outcome=f"{method}_failure")
    settle(order)
    day = date_format(timezone.localtime(order.placed_at + timedelta(days=10)), "DATE_FORMAT")
    until = date_format(timezone.localtime(order.pay_until), "DATETIME_FORMAT") if order.pay_until else ""
    mail = Email.objects.filter(to=order.email).get().email_message()
    page = " ".join(shopper.get(order.get_absolute_url()).content.decode().split())
    assert mail.subject == f"Your order {order.number}: how to pay"
    for text in (mail.body, page):
        assert words.format(until=until, day=day) in text
        assert order.pay_url in text
    assert "\n\n\n\n" not in mail.body
    assert bool(until) == (method == "voucher")


@pytest.mark.parametrize("method", METHODS)
def test_the_mail_of_a_payment_under_way_lists_what_was_ordered_and_the_next_that_it_has_arrived(
    sandbox: Sandbox, basket: Basket, settings: Any, method: str
) -> None:
    order = ordered(settings, basket, method)
    sandbox.pay(order.session_id, outcome=f"{method}_success")
    settle(order)
    sandbox.decide(order.session_id, succeeds=True)
    settle(order)
    begun, arrived = [mail.email_message() for mail in Email.objects.filter(to=order.email).order_by("pk")]
    symbol = {"GBP": "£", "EUR": "€"}[settings.CURRENCY]
    sums = f"""2 × {order.lines.get()}
    {symbol}25.00 ({symbol}12.50 each)

Goods: {symbol}25.00
{order.shipping_name}: {symbol}3.95
Total, tax included: {symbol}28.95
"""
    for mail in (begun, arrived):
        assert sums in mail.body
        assert "\n\n\n\n" not in mail.body
    assert arrived.subject == f"Your order {order.number}: your payment has arrived"


def test_a_voucher_that_nobody_paid_is_not_called_a_declined_payment(
    sandbox: Sandbox, shopper: Client, basket: Basket, settings: Any
) -> None:
    order = ordered(settings, basket, "voucher")
    sandbox.pay(order.session_id, outcome="voucher_failure")
    settle(order)
    sandbox.decide(order.session_id, succeeds=False)
    settle(order)
    mail = Email.objects.filter(to=order.email).latest("pk").email_message()
    page = shopper.get(order.get_absolute_url()).content.decode()
    assert mail.subject == f"Your order {order.number} was not paid in time"
    assert "This order was not paid in time" in page
    assert "declined" not in mail.body + page


@pytest.mark.parametrize("method", ["voucher", "transfer"])
def test_staff_read_how_long_goods_are_held_for_a_payment(
    sandbox: Sandbox, admin_client: Client, basket: Basket, settings: Any, method: str
) -> None:
    order = ordered(settings, basket, method)
    sandbox.pay(order.session_id, outcome=f"{method}_success")
    settle(order)
    page = admin_client.get(reverse("orders:inspect", args=[order.pk])).content.decode()
    words = {"voucher": "pays with a voucher until", "transfer": "by bank transfer, which has no deadline"}
    assert words[method] in page


def test_staff_are_asked_once_about_a_transfer_that_does_not_come(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id, outcome="transfer_success")
    settle(order)
    for days, is_marked in ((9, False), (11, True)):
        with time_machine.travel(order.placed_at + timedelta(days=days)):
            ask_about_open_pages()
        order.refresh_from_db()
        assert (order.status, order.needs_attention) == (Status.PROCESSING, is_marked)
    with time_machine.travel(order.placed_at + timedelta(days=12)):
        ask_about_open_pages()
    assert order.events.filter(reason=OrderEvent.Reason.NOT_COMING).count() == 1


@pytest.mark.parametrize("method", ["delayed", "voucher"])
@pytest.mark.parametrize("is_told_before", [True, False])
def test_a_delayed_payment_that_fails_releases_the_goods(
    sandbox: Sandbox, basket: Basket, settings: Any, is_told_before: bool, method: str
) -> None:
    order = ordered(settings, basket, method)
    sandbox.pay(order.session_id, outcome=f"{method}_failure")
    if is_told_before:
        assert settle(order).status == Status.PROCESSING
    sandbox.decide(order.session_id, succeeds=False)
    assert settle(order).status == Status.FAILED
    assert (stock_of(), sales(order)) == ((10, 0), 0)


@pytest.mark.both_databases
@pytest.mark.parametrize("is_told_before", [True, False])
def test_the_shopper_gets_one_mail_when_payment_starts_and_one_when_it_fails(
    sandbox: Sandbox, order: Order, is_told_before: bool
) -> None:
    sandbox.pay(order.session_id, outcome="delayed_failure")
    for _ in range(2 * is_told_before):
        settle(order)
    sandbox.decide(order.session_id, succeeds=False)
    for _ in range(2):
        settle(order)
    told = [mail.email_message() for mail in Email.objects.filter(to=order.email).order_by("pk")]
    begun = [f"Your order {order.number}: the payment is under way"] * is_told_before
    assert [mail.subject for mail in told] == [
        *begun,
        f"Your order {order.number}: your payment was declined",
    ]
    for mail in told:
        assert order.get_absolute_url() in mail.body
        assert "£28.95" in mail.body
        assert "\n\n\n\n" not in mail.body
    assert "/shop/" in told[-1].body, "what to do"
