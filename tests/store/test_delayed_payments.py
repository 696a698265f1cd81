"""Payments that the bank confirms or declines later."""

import pytest
from post_office.models import Email

from store.basket import contents
from store.models import Basket, Order
from tests import factories
from tests.store.paying import mails_about, sales, settle, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status


def test_a_delayed_payment_is_paid_when_it_has_come(sandbox: Sandbox, order: Order, basket: Basket) -> None:
    sandbox.pay(order.session_id, outcome="delayed_success")
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


@pytest.mark.parametrize("is_told_before", [True, False])
def test_a_delayed_payment_that_fails_releases_the_goods(
    sandbox: Sandbox, order: Order, is_told_before: bool
) -> None:
    sandbox.pay(order.session_id, outcome="delayed_failure")
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
