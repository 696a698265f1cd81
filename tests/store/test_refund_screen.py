"""The staff's page for a refund: what is left in sight, asked twice, refunded once, by those who may."""

import re
from typing import Any

import pytest
from django.test import Client

from home.models import User
from store.models import Order, Refund
from store.orders import lifecycle
from store.payments import refunds
from tests import factories
from tests.staff import signed_in
from tests.store.paying import settle, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status


@pytest.fixture
def staff() -> Client:
    return signed_in("view_order", "change_order", "refund_order")


def said(response: Any) -> str:
    return " ".join(response.content.decode().split())


def form(client: Client, order: Order) -> dict[str, str]:
    """Return what the form sends when nothing is changed."""
    page = client.get(f"/admin/orders/{order.pk}/refunds/").content.decode()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    return {"token": token[1], "restock": "on"}


def send(client: Client, order: Order, values: dict[str, str]) -> str:
    return said(client.post(f"/admin/orders/{order.pk}/refunds/", values, follow=True))


def a_mug(order: Order, quantity: object = 1) -> dict[str, str]:
    return {f"line_{order.lines.get().pk}": str(quantity)}


@pytest.mark.both_databases
def test_what_is_left_is_in_sight_and_a_refund_is_confirmed_first(staff: Client, paid: Order) -> None:
    values = {**form(staff, paid), **a_mug(paid), "delivery": "on", "reason": "<b>Chipped</b>"}
    assert "Left to refund: £28.95" in said(staff.get(f"/admin/orders/{paid.pk}/refunds/"))
    page = send(staff, paid, values)
    assert f"Refund £16.45 of order {paid.number}?" in page
    for words in (
        "1 × Enamel mug",
        "Delivery",
        "Reason: &lt;b&gt;Chipped&lt;/b&gt;",
        "go back into the stock",
    ):
        assert words in page
    assert not Refund.objects.exists()
    page = send(staff, paid, {**values, "confirmed": "1645"})
    assert "£16.45 refunded." in page
    rows = re.findall(r"<dt>(Paid|Refunded or|Left)[^<]*</dt><dd>([^<]*)</dd>", page)
    assert rows == [("Paid", "£28.95"), ("Refunded or", "−£16.45"), ("Left", "£12.50")]
    assert (Refund.objects.get().by, stock_of()) == ("clerk@example.com", (9, 0))
    assert "&lt;b&gt;Chipped&lt;/b&gt;" in page


@pytest.mark.both_databases
def test_a_form_sent_twice_refunds_once_and_says_the_same(staff: Client, paid: Order) -> None:
    values = {**form(staff, paid), **a_mug(paid, 2), "delivery": "on", "confirmed": "2895"}
    for _ in range(2):
        assert "£28.95 refunded." in send(staff, paid, values)
    assert Refund.objects.count() == 1


def test_a_sum_that_was_not_the_one_confirmed_is_asked_about_again(staff: Client, paid: Order) -> None:
    values = {**form(staff, paid), **a_mug(paid, 2), "confirmed": "1250"}
    assert "Refund £25.00 of order" in send(staff, paid, values)
    assert not Refund.objects.exists()


def test_the_slower_of_two_colleagues_reads_that_nothing_is_left(staff: Client, paid: Order) -> None:
    values = {**form(staff, paid), "amount": "5.00", "reason": "Late."}
    refunds.request_refund(order=paid, wanted=refunds.everything(paid), by="Somebody else")
    page = send(staff, paid, values)
    assert "Left to refund: £0.00." in page
    assert "Nothing is left to refund." in page


def test_the_form_says_what_of_a_line_is_refunded_after_a_promotion_code(
    sandbox: Sandbox, staff: Client, order: Order
) -> None:
    sandbox.pay(order.session_id, action="apply_code", code="TEST10")
    sandbox.pay(order.session_id)
    page = said(staff.get(f"/admin/orders/{settle(order).pk}/refunds/"))
    assert "£11.25 each, 2 can be taken back" in page


def test_what_was_chosen_can_be_changed(staff: Client, paid: Order) -> None:
    values = {**form(staff, paid), "amount": "5,00", "reason": "Late."}
    assert "Refund £5.00 of order" in send(staff, paid, values)
    page = send(staff, paid, {**values, "confirmed": "500", "change": "yes"})
    assert 'value="5,00"' in page
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Choose what to refund, or enter a sum."),
        ({"amount": "29", "reason": "x"}, "This is more than is left to refund: £28.95."),
        ({"amount": "5"}, "Say why this sum is refunded."),
        *(
            ({"amount": typed, "reason": "x"}, "Enter a sum such as 123.45.")
            for typed in ("abc", "1e99999999", "NaN", "5.001", "-5", "1,000", "1_0", "٣", "€5")
        ),
        ({"amount": "0", "reason": "x"}, "Choose what to refund, or enter a sum."),
        ({"amount": "5", "reason": "x" * 201}, "at most 200 characters"),
        ({"amount": "5", "reason": "\x00"}, "Null characters are not allowed."),
        ({"line": 3}, "less than or equal to 2"),
        ({"line": -1}, "greater than or equal to 0"),
        ({"line": "x"}, "Enter a whole number."),
        ({"line": 10**30}, "less than or equal to 2"),
    ],
)
def test_what_cannot_be_refunded_gets_a_clear_error_and_changes_nothing(
    staff: Client, paid: Order, values: dict[str, Any], words: str
) -> None:
    if "line" in values:
        values = a_mug(paid, values["line"])
    assert words in send(staff, paid, {**form(staff, paid), **values, "confirmed": "500"})
    assert not Refund.objects.exists()


@pytest.mark.both_databases
@pytest.mark.every_case
@pytest.mark.parametrize("token", ["", "x", "\x00" * 43, "é" * 43, "x" * 5000])
def test_a_form_without_its_token_refunds_nothing(staff: Client, paid: Order, token: str) -> None:
    send(staff, paid, {**a_mug(paid), "token": token, "confirmed": "1250"})
    assert not Refund.objects.exists()


def test_what_stripe_refuses_or_does_not_answer_is_told(staff: Client, sandbox: Sandbox, paid: Order) -> None:
    sandbox.faults.add(operation="refund", kind="drop_before", times=3)
    values = {"amount": "5", "reason": "Late.", "confirmed": "500"}
    page = send(staff, paid, {**form(staff, paid), **values})
    assert "Stripe has not answered yet about £5.00." in page
    assert "waiting for Stripe’s answer" in page
    assert "waits for Stripe’s answer. Try again in a minute." in said(
        staff.post(f"/admin/orders/{paid.pk}/cancel/", follow=True)
    )
    assert "This order cannot be sent: a refund waits for Stripe’s answer." in said(
        staff.post(f"/admin/orders/{paid.pk}/advance/", {"to": "packed"}, follow=True)
    )
    Refund.objects.all().delete()
    Order.objects.update(payment_intent_id="pi_unknown")
    page = send(staff, paid, {**form(staff, paid), **values})
    assert "Stripe refused to refund £5.00, and nothing was refunded" in page
    assert "This order needs attention" in page


def test_one_click_cancels_and_refunds_all_of_it_once(staff: Client, paid: Order) -> None:
    page = said(staff.get(f"/admin/orders/inspect/{paid.pk}/"))
    assert "Cancel the order and refund £28.95" in page
    told = said(staff.post(f"/admin/orders/{paid.pk}/cancel/", follow=True))
    assert "The order was cancelled." in told
    assert "£28.95 refunded." in told
    paid.refresh_from_db()
    assert (paid.status, stock_of()) == (Status.CANCELLED, (10, 0))
    assert "The order has changed." in said(staff.post(f"/admin/orders/{paid.pk}/cancel/", follow=True))
    assert Refund.objects.count() == 1


def test_an_order_that_is_packed_can_be_cancelled_until_it_is_sent(staff: Client, paid: Order) -> None:
    lifecycle.take_staff_step(order_id=paid.pk, to=Status.PACKED, user=User.objects.get())
    assert "Cancel the order and refund £28.95" in said(staff.get(f"/admin/orders/inspect/{paid.pk}/"))
    asked = said(staff.get(f"/admin/orders/{paid.pk}/cancel/"))
    assert "and refund £28.95?" in asked
    assert "unpack the goods" in asked
    staff.post(f"/admin/orders/{paid.pk}/cancel/")
    paid.refresh_from_db()
    assert (paid.status, stock_of(), paid.refundable) == (Status.CANCELLED, (10, 0), 0)


def test_an_order_that_is_sent_is_refunded_but_not_cancelled(staff: Client, paid: Order) -> None:
    for step in (Status.PACKED, Status.SENT):
        lifecycle.take_staff_step(order_id=paid.pk, to=step, user=User.objects.get())
    page = said(staff.get(f"/admin/orders/inspect/{paid.pk}/"))
    assert "Cancel the order" not in page
    assert f'href="/admin/orders/{paid.pk}/refunds/"' in page
    assert "The order has changed." in said(staff.post(f"/admin/orders/{paid.pk}/cancel/", follow=True))
    assert not Refund.objects.exists()


def test_a_free_order_is_cancelled_without_a_refund(sandbox: Sandbox, staff: Client, basket: Any) -> None:
    order = factories.awaiting_order(basket, option=factories.shipping("Pick up", price=0))
    sandbox.pay(order.session_id, action="apply_code", code="TEST100")
    sandbox.pay(order.session_id)
    settle(order)
    page = said(staff.post(f"/admin/orders/{order.pk}/cancel/", follow=True))
    assert "Nothing was left to refund." in page
    order.refresh_from_db()
    assert (order.status, stock_of()) == (Status.CANCELLED, (10, 0))


def test_only_those_who_may_refund_do(paid: Order) -> None:
    packer = signed_in("view_order", "change_order")
    page = said(packer.get(f"/admin/orders/inspect/{paid.pk}/"))
    assert "Cancel the order" not in page
    assert "/refunds/" not in page
    assert packer.get(f"/admin/orders/{paid.pk}/refunds/").status_code == 302
    packer.post(f"/admin/orders/{paid.pk}/refunds/", {**a_mug(paid), "token": "x" * 43, "confirmed": "1250"})
    packer.post(f"/admin/orders/{paid.pk}/cancel/")
    assert not Refund.objects.exists()
    paid.refresh_from_db()
    assert paid.status == Status.PAID


def test_an_order_that_is_not_there_is_not_found_and_nothing_happens_by_a_link(
    staff: Client, paid: Order
) -> None:
    assert staff.get(f"/admin/orders/{paid.pk + 99}/refunds/").status_code == 404
    assert staff.post(f"/admin/orders/{paid.pk + 99}/cancel/").status_code == 404
    assert "Cancel order" in said(staff.get(f"/admin/orders/{paid.pk}/cancel/"))
    paid.refresh_from_db()
    assert (paid.status, paid.refundable) == (Status.PAID, 2895)
