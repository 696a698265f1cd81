"""What was paid: promotion codes, currencies, tax, and an amount that is not the order's, about which staff decide."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from home.models import User
from store.basket import contents
from store.models import Basket, Order, ProductVariant
from store.orders import lifecycle, personal_data
from store.payments import gateway, refunds
from store.payments.reconciliation import reconcile
from store.stock import movements
from tests import factories
from tests.store.paying import (
    end_too_early,
    mails_about,
    press_pay,
    sales,
    settle,
    stock_of,
)
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status


# --- Promotion codes and currencies ----------------------------------------------------------------------
def test_a_promotion_code_lowers_what_is_paid(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id, action="apply_code", code="TEST10")
    sandbox.pay(order.session_id)
    settle(order)
    assert (order.status, order.needs_attention) == (Status.PAID, False)
    assert (order.subtotal, order.discount, order.shipping, order.total) == (2500, 250, 395, 2645)


def test_a_discount_of_less_than_the_smallest_coin_is_no_mismatch(
    sandbox: Sandbox, settings: Any, mug: ProductVariant
) -> None:
    settings.CURRENCY = "ISK"
    ProductVariant.objects.update(price=1995)
    order = factories.awaiting_order(factories.basket(MUG=3))
    sandbox.pay(order.session_id, action="apply_code", code="TEST10")
    sandbox.pay(order.session_id)
    settle(order)
    assert (order.status, order.needs_attention) == (Status.PAID, False)
    assert (order.subtotal, order.discount, order.shipping, order.total) == (5985, 599, 395, 5781)


def test_with_a_whole_discount_it_is_paid_without_any_payment(sandbox: Sandbox, basket: Basket) -> None:
    order = factories.awaiting_order(basket, option=factories.shipping("Pick up", price=0))
    sandbox.pay(order.session_id, action="apply_code", code="TEST100")
    sandbox.pay(order.session_id)
    settle(order)
    assert (order.status, order.total, order.payment_intent_id) == (Status.PAID, 0, "")
    assert (sales(order), mails_about(order)) == (1, 1)


@pytest.mark.parametrize(("currency", "price"), [("JPY", 1500), ("KWD", 1230), ("ISK", 1990)])
def test_an_order_is_paid_in_every_kind_of_currency(
    sandbox: Sandbox, settings: Any, mug: ProductVariant, currency: str, price: int
) -> None:
    settings.CURRENCY = currency
    ProductVariant.objects.update(price=price)
    order = factories.awaiting_order(factories.basket(MUG=3), option=factories.shipping("Courier", price=500))
    sandbox.pay(order.session_id)
    settle(order)
    assert (order.status, order.currency, order.total) == (Status.PAID, currency, 3 * price + 500)


# --- Not what was ordered --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ours", "problem"),
    [
        ({"subtotal": 2499}, "goods 2499 ordered, 2500 at Stripe"),
        ({"shipping": 1}, "shipping 1 ordered, 395 at Stripe"),
        ({"currency": "EUR"}, "currency EUR ordered, GBP at Stripe"),
        ({"livemode": True}, "real money True ordered, False at Stripe"),
        (
            {"subtotal": 2499, "shipping": 1},
            "goods 2499 ordered, 2500 at Stripe, shipping 1 ordered, 395 at Stripe",
        ),
    ],
)
def test_an_order_paid_with_a_mismatch_waits_for_staff(
    sandbox: Sandbox, order: Order, basket: Basket, ours: dict[str, Any], problem: str
) -> None:
    Order.objects.update(**ours)
    sandbox.pay(order.session_id)
    for _ in range(2):
        settle(order)
    assert (order.status, order.needs_attention) == (Status.REVIEW, True)
    assert order.events.get(reason="mismatch").note == problem
    assert order.payment_intent_id, "what has to be refunded can be found"
    assert (sales(order), mails_about(order), stock_of()) == (0, 1, (10, 2))
    assert not basket.lines.exists(), "nobody pays for it twice"


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("more", "added", "status"), [(0, 0, Status.PAID), (500, 500, Status.PAID), (501, 0, Status.REVIEW)]
)
def test_tax_is_in_the_prices_or_added_to_them(
    sandbox: Sandbox, order: Order, monkeypatch: pytest.MonkeyPatch, more: int, added: int, status: str
) -> None:
    sandbox.pay(order.session_id)
    session = gateway.retrieve_session(order.session_id)
    taxed = replace(session, tax=500, total=session.total + more)
    monkeypatch.setattr(gateway, "retrieve_session", lambda _id: taxed)
    assert settle(order).status == status
    assert (order.tax, order.total) == (added, 2895 + more)
    notes = order.events.filter(reason="mismatch").values_list("note", flat=True)
    assert list(notes) == ["total 2895 ordered, 3396 at Stripe"] * (more == 501)


@pytest.fixture
def reviewed(sandbox: Sandbox, order: Order) -> Order:
    """An order for which one penny too much was paid."""
    Order.objects.update(subtotal=2499)
    sandbox.pay(order.session_id)
    return settle(order)


def test_an_order_in_review_blocks_no_round_no_purchase_and_no_expiry(
    sandbox: Sandbox, reviewed: Order, basket: Basket, shopper: Client
) -> None:
    assert reconcile(everything=True).asked == 0
    contents.add(basket=basket, sku="MUG", quantity=1)
    assert press_pay(shopper, basket).status_code == 303, "the shopper can buy something else"
    personal_data.expire_orders(timezone.now() + timedelta(days=4000))
    reviewed.refresh_from_db()
    assert reviewed.email == ""


def test_coming_back_to_what_waits_for_staff_shows_the_order(reviewed: Order, shopper: Client) -> None:
    for address in (
        f"/checkout/cancel/{reviewed.return_token}/",
        f"/checkout/return/{reviewed.return_token}/?session_id={reviewed.session_id}",
    ):
        assert shopper.get(address)["Location"] == reviewed.get_absolute_url()
    closing = f"/checkout/cancel/{reviewed.return_token}/"
    assert shopper.post(closing)["Location"] == reviewed.get_absolute_url()
    reviewed.refresh_from_db()
    assert (reviewed.status, stock_of()) == (Status.REVIEW, (10, 2))


@pytest.mark.both_databases
def test_staff_accept_what_was_paid_and_it_goes_its_way(reviewed: Order, colleague: User) -> None:
    lifecycle.take_staff_step(order_id=reviewed.pk, to=Status.PAID, user=colleague)
    reviewed.refresh_from_db()
    assert (reviewed.status, reviewed.needs_attention, reviewed.total) == (Status.PAID, False, 2895)
    assert (sales(reviewed), mails_about(reviewed), stock_of()) == (1, 2, (8, 0))
    assert reviewed.events.get(to_status=Status.PAID).actor == colleague


def test_staff_cancel_what_was_paid_and_the_goods_are_free(reviewed: Order, colleague: User) -> None:
    refunds.cancel_and_refund(order=reviewed, by=str(colleague), actor=colleague)
    for _ in range(2):
        settle(reviewed)  # Stripe still says that it is paid
    assert (reviewed.status, reviewed.needs_attention) == (Status.CANCELLED, False)
    assert (sales(reviewed), mails_about(reviewed), stock_of()) == (0, 2, (10, 0))


def test_a_reviewed_order_is_not_accepted_without_stock(
    sandbox: Sandbox, order: Order, colleague: User
) -> None:
    end_too_early(order, Status.EXPIRED)
    movements.count(sku="MUG", on_hand=1)
    Order.objects.update(subtotal=2499)
    sandbox.pay(order.session_id)
    assert settle(order).status == Status.REVIEW
    with pytest.raises(movements.OutOfStockError):
        lifecycle.take_staff_step(order_id=order.pk, to=Status.PAID, user=colleague)
    order.refresh_from_db()
    assert (order.status, order.needs_attention, stock_of()) == (Status.REVIEW, True, (1, 0))


@pytest.mark.parametrize("to", [Status.PAID, Status.CANCELLED, Status.PACKED, "", "nonsense"])
def test_staff_neither_pay_nor_cancel_what_stripe_has_not_decided(
    order: Order, colleague: User, to: str
) -> None:
    with pytest.raises(lifecycle.IllegalTransitionError):
        lifecycle.take_staff_step(order_id=order.pk, to=to, user=colleague)
    order.refresh_from_db()
    assert (order.status, stock_of()) == (Status.AWAITING, (10, 2))
