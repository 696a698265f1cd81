"""Paid, but sold out or not as ordered: it is not packed, the shopper is told the truth, and money goes back."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from post_office.models import Email
from wagtail.models import Site

from home.models import BrandSettings, User
from store.models import Order, Refund
from store.orders import lifecycle
from store.payments import reconciliation, refunds
from store.payments.reconciliation import reconcile
from store.stock import movements
from tests import factories
from tests.store.paying import end_too_early, sales, settle, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status
HOURS_48 = timedelta(hours=48, minutes=1)


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("owner@example.com", "a-long-password")


@pytest.fixture
def sold_out(sandbox: Sandbox, order: Order, owner: User) -> Order:
    """An order of two mugs that was paid when one was left."""
    factories.shop_settings(tell_low_stock=False)
    end_too_early(order, Status.EXPIRED)
    movements.count(sku="MUG", on_hand=1)
    sandbox.pay(order.session_id)
    return settle(order)


@pytest.fixture
def mismatch(sandbox: Sandbox, order: Order, owner: User) -> Order:
    Order.objects.update(subtotal=2499)
    sandbox.pay(order.session_id)
    return settle(order)


def page(client: Client, order: Order) -> str:
    return " ".join(client.get(order.get_absolute_url()).content.decode().split())


def mails(to: str = "shopper@example.com") -> list[str]:
    return [" ".join(mail.message.split()) for mail in Email.objects.filter(to=to).order_by("pk")]


def cancel(order: Order, owner: User) -> None:
    refunds.cancel_and_refund(order=order, by=str(owner), actor=owner)
    order.refresh_from_db()


@pytest.mark.both_databases
def test_what_is_sold_out_is_not_packed_and_shopper_and_trader_are_told(
    client: Client, sold_out: Order, owner: User
) -> None:
    assert (sold_out.status, sold_out.needs_attention, stock_of()) == (Status.REVIEW, True, (1, 0))
    assert sold_out.paid_amount == 2895
    with pytest.raises(lifecycle.IllegalTransitionError):
        lifecycle.take_staff_step(order_id=sold_out.pk, to=Status.PACKED, user=owner)
    shown = page(client, sold_out)
    assert "Your payment arrived, but the goods are sold out" in shown
    assert "we will refund you after 48 hours" in shown
    assert "pack it next" not in shown
    (mail,) = mails()
    assert "Your payment arrived, but the goods are sold out" in mail
    assert "we will refund you after 48 hours" in mail
    (told,) = mails("owner@example.com")
    assert "MUG: 1 left" in told
    assert f"/admin/orders/inspect/{sold_out.pk}/" in told


def test_the_trader_is_told_at_the_address_of_the_brand(sandbox: Sandbox, order: Order, owner: User) -> None:
    brand = BrandSettings.for_site(Site.objects.get(is_default_site=True))
    brand.email = "shop@example.com"
    brand.save()
    Order.objects.update(subtotal=2499)
    sandbox.pay(order.session_id)
    settle(order)
    assert (len(mails("shop@example.com")), mails("owner@example.com")) == (1, [])


def test_what_is_paid_late_is_sold_while_goods_are_there(sandbox: Sandbox, order: Order) -> None:
    end_too_early(order, Status.EXPIRED)
    sandbox.pay(order.session_id)
    assert settle(order).status == Status.PAID
    assert (sales(order), stock_of()) == (1, (8, 0))


@pytest.mark.both_databases
def test_accepting_sells_what_has_come_in_and_says_so_while_it_has_not(sold_out: Order, owner: User) -> None:
    client = Client()
    client.force_login(owner)
    answer = client.post(f"/admin/orders/{sold_out.pk}/advance/", {"to": "paid"}, follow=True)
    assert "too few are in stock (MUG: 1 left)" in answer.content.decode()
    sold_out.refresh_from_db()
    assert (sold_out.status, sold_out.needs_attention, stock_of()) == (Status.REVIEW, True, (1, 0))
    movements.receive(sku="MUG", quantity=1)
    client.post(f"/admin/orders/{sold_out.pk}/advance/", {"to": "paid"})
    sold_out.refresh_from_db()
    assert (sold_out.status, sold_out.needs_attention, stock_of()) == (Status.PAID, False, (0, 0))
    assert "Your order is paid" in mails()[-1]


@pytest.mark.both_databases
def test_what_is_missing_is_refunded_and_the_rest_sold(sold_out: Order, owner: User) -> None:
    wanted = refunds.Wanted(lines={sold_out.lines.get().pk: 1})
    refunds.request_refund(order=sold_out, wanted=wanted, by="Staff")
    lifecycle.take_staff_step(order_id=sold_out.pk, to=Status.PAID, user=owner)
    sold_out.refresh_from_db()
    assert (sold_out.status, stock_of(), sold_out.refundable) == (Status.PAID, (0, 0), 1645)


@pytest.mark.usefixtures("shelf")  # before the transaction of the test
@pytest.mark.parametrize("kind", ["sold_out", "mismatch"])
def test_what_staff_decline_is_refunded_in_one_click_and_told(
    client: Client, request: pytest.FixtureRequest, owner: User, kind: str
) -> None:
    order = request.getfixturevalue(kind)
    shelf = stock_of()[0]
    cancel(order, owner)
    assert (order.status, order.needs_attention, order.refundable) == (Status.CANCELLED, False, 0)
    assert stock_of() == (shelf, 0), "nothing was sold, so nothing comes back"
    assert "was cancelled. Nothing will be sent. We have refunded £28.95" in mails()[-1]
    shown = page(client, order)
    assert "Nothing will be sent, and we have refunded what you paid." in shown
    assert "£28.95" in shown


def test_a_payment_in_another_currency_is_refunded_as_it_came(
    sandbox: Sandbox, order: Order, owner: User
) -> None:
    Order.objects.update(currency="EUR")
    sandbox.pay(order.session_id)
    settle(order)
    assert (order.status, order.paid_amount, order.paid_currency) == (Status.REVIEW, 2895, "GBP")
    cancel(order, owner)
    assert (order.status, order.refundable) == (Status.CANCELLED, 0)
    assert "We have refunded £28.95" in mails()[-1]


def test_a_mismatch_is_told_to_the_shopper(client: Client, mismatch: Order) -> None:
    assert "it does not match your order, so we are checking it" in mails()[-1]
    assert "We are checking your payment" in page(client, mismatch)
    assert "Paid, but not what was ordered." in mails("owner@example.com")[-1]


def test_a_cancelled_order_whose_refund_failed_promises_the_money(
    client: Client, sold_out: Order, owner: User
) -> None:
    cancel(sold_out, owner)
    Refund.objects.update(status=Refund.Status.FAILED)
    shown = page(client, sold_out)
    assert "we will refund what you paid" in shown
    assert "Your refund came back to us" in shown
    assert "We will contact you." in shown


@pytest.mark.parametrize("status", [Status.PAID, Status.PACKED, Status.REVIEW])
def test_what_was_refunded_in_full_is_not_promised_to_be_packed(
    client: Client, sandbox: Sandbox, order: Order, status: str
) -> None:
    sandbox.pay(order.session_id)
    settle(order)
    wanted = refunds.Wanted(amount=2895)  # as in the Dashboard: nothing is said of goods
    refunds.request_refund(order=order, wanted=wanted, by="Staff")
    Order.objects.update(status=status)
    shown = page(client, order)
    assert "Your payment was refunded</h1>" in shown
    assert "pack it next" not in shown


def test_a_refund_that_stripe_may_still_refuse_is_not_promised(
    client: Client, sandbox: Sandbox, sold_out: Order, owner: User
) -> None:
    sandbox.faults.add(operation="refund", kind="drop_before", times=3)
    cancel(sold_out, owner)
    assert sold_out.refunds.get().status == Refund.Status.REQUESTED
    shown = page(client, sold_out)
    assert "the goods are sold out" in shown
    assert "Refunds</h2>" not in shown
    Order.objects.update(status=Status.CANCELLED)
    assert "we will refund what you paid" in page(client, sold_out)


# --- By itself -------------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_what_nobody_decides_is_refunded_after_the_set_time(client: Client, sold_out: Order) -> None:
    assert reconcile().changed == {}
    for _ in range(2):
        reconcile(now=timezone.now() + HOURS_48)
    sold_out.refresh_from_db()
    assert (sold_out.status, sold_out.refundable) == (Status.CANCELLED, 0)
    assert (Refund.objects.get().by, Refund.objects.get().amount) == ("worker", 2895)
    assert sold_out.needs_attention, "the trader sees what was done"


def test_nothing_is_refunded_by_itself_where_it_is_switched_off(
    client: Client, settings: Any, sold_out: Order
) -> None:
    settings.REFUND_SOLD_OUT_AFTER_HOURS = 0
    reconcile(now=timezone.now() + timedelta(days=30))
    assert not Refund.objects.exists()
    assert "If we cannot get more, we will refund you." in page(client, sold_out)


def test_the_worker_gives_way_to_staff_who_were_faster(
    sold_out: Order, owner: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = reconciliation._sold_out_too_long

    def staff_are_faster(now: Any) -> list[Order]:
        waiting = list(chosen(now))
        for order in waiting:
            cancel(order, owner)
        return waiting

    monkeypatch.setattr(reconciliation, "_sold_out_too_long", staff_are_faster)
    report = reconcile(now=timezone.now() + HOURS_48)
    sold_out.refresh_from_db()
    assert (report.unsettled, sold_out.needs_attention, sold_out.status) == ([], False, Status.CANCELLED)
    assert Refund.objects.get().by == str(owner)
    assert "could not be settled" not in caplog.text


def test_a_mismatch_waits_for_staff_however_long(mismatch: Order) -> None:
    reconcile(now=timezone.now() + timedelta(days=30))
    assert not Refund.objects.exists()


@pytest.mark.both_databases
def test_a_refund_that_stripe_refused_is_not_tried_for_ever(sold_out: Order) -> None:
    Order.objects.update(payment_intent_id="pi_unknown")
    for _ in range(3):
        reconcile(now=timezone.now() + HOURS_48)
    assert Refund.objects.get().status == Refund.Status.REFUSED
