"""The page of an order asks Stripe when somebody opens it, so that a lost event costs no shopper an answer."""

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from store.models import Order
from store.payments import fulfilment
from tests.store import paying
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
ASKING = "We are asking whether you have paid"


def shown(order: Order) -> str:
    response = Client().get(order.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


MANY = 99


def count_requests(sandbox: Sandbox) -> None:
    """Have each request about a session use up a fault that harms nothing."""
    sandbox.faults.add(operation="retrieve", kind="slow", seconds=0, times=MANY)


def counted(sandbox: Sandbox) -> int:
    return MANY - sum(fault["times"] for fault in sandbox.faults.listed())


def test_a_payment_whose_event_was_lost_is_shown_at_once(sandbox: Sandbox, order: Order) -> None:
    assert "You have not paid yet" in shown(order)
    sandbox.pay(order.session_id)
    with time_machine.travel(timezone.now().timestamp() + 6):
        text = shown(order)
    assert "Thank you. Your order is paid" in text
    assert paying.mails_about(order) == 1
    assert paying.stock_of() == (8, 0)


def test_stripe_is_asked_once_in_five_seconds_however_often_the_page_is_opened(
    sandbox: Sandbox, order: Order
) -> None:
    count_requests(sandbox)
    assert [ASKING in shown(order) for _ in range(3)] == [False] * 3, "the first answer holds for all"
    assert counted(sandbox) == 1
    with time_machine.travel(timezone.now().timestamp() + 6):
        shown(order)
    assert counted(sandbox) == 2


def test_what_stripe_did_not_say_is_not_known_on_a_second_look_either(sandbox: Sandbox, order: Order) -> None:
    sandbox.faults.add(operation="retrieve", kind="error_500", times=1)
    assert ASKING in shown(order)
    assert ASKING in shown(order)
    with time_machine.travel(timezone.now().timestamp() + 6):
        assert "You have not paid yet" in shown(order)


def test_a_payment_under_way_takes_days_so_nobody_is_asked_to_check_again(
    sandbox: Sandbox, order: Order
) -> None:
    sandbox.pay(order.session_id, outcome="delayed_success")
    assert "The payment is under way" in shown(order)
    sandbox.faults.add(operation="retrieve", kind="error_500", times=9)
    with time_machine.travel(timezone.now().timestamp() + 6):
        text = shown(order)
    assert "The payment is under way" in text
    assert "Check again" not in text


def test_who_comes_back_from_paying_is_never_told_what_was_so_before(sandbox: Sandbox, order: Order) -> None:
    assert "You have not paid yet" in shown(order)
    sandbox.pay(order.session_id)
    back = f"/checkout/return/{order.return_token}/?session_id={order.session_id}"
    assert "Your order is paid" in Client().get(back, follow=True).content.decode()


@pytest.mark.parametrize("kind", ["error_500", "drop_before", "drop_after"])
def test_while_stripe_does_not_say_the_page_says_so_and_promises_nothing(
    sandbox: Sandbox, order: Order, kind: str
) -> None:
    sandbox.pay(order.session_id)
    sandbox.faults.add(operation="retrieve", kind=kind, times=9)
    text = shown(order)
    assert ASKING in text
    assert "Check again" in text
    assert "You have not paid yet" not in text
    order.refresh_from_db()
    assert order.status == Order.Status.AWAITING


def test_nobody_is_asked_about_an_order_that_is_decided(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id)
    paying.settle(order)
    count_requests(sandbox)
    assert "Your order is paid" in shown(order)
    assert counted(sandbox) == 0
    assert fulfilment.look(order)
