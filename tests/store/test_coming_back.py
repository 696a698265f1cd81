"""Back from the payment page: paid, unpaid, without the cookie, or with somebody else's session."""

import pytest
from django.test import Client

from store import checkout
from store.models import Basket, Order
from store.sandbox.server import Sandbox
from tests import factories
from tests.store.paying import is_as_it_was, press_pay, sales, sessions, stock_of

pytestmark = pytest.mark.django_db
Status = Order.Status


# --- Cancelling ------------------------------------------------------------------------------------------
def test_cancelling_closes_the_page_at_stripe_and_then_releases(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    response = shopper.get(f"/checkout/cancel/{order.token}/")
    assert (response.status_code, response["Location"]) == (303, "/basket/")
    order.refresh_from_db()
    assert order.status == Status.CANCELLED
    event = order.events.last()
    assert (event.who, event.get_reason_display()) == (
        "the shopper",
        "The shopper came back without paying.",
    )
    assert [session["status"] for session in sessions(sandbox)] == ["expired"]
    assert stock_of() == (10, 0)
    assert is_as_it_was(basket)


def test_cancelling_twice_changes_nothing_more(sandbox: Sandbox, shopper: Client, basket: Basket) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    for _ in range(2):
        assert shopper.get(f"/checkout/cancel/{order.token}/")["Location"] == "/basket/"
    assert order.events.filter(to_status=Status.CANCELLED).count() == 1
    assert stock_of() == (10, 0)


@pytest.mark.parametrize("later", [Status.PAID, Status.PACKED, Status.SENT])
def test_cancelling_what_is_paid_leads_to_the_order(
    sandbox: Sandbox, shopper: Client, basket: Basket, later: str
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.pay(order.session_id)
    if later != Status.PAID:
        shopper.get(f"/checkout/return/{order.token}/?session_id={order.session_id}")
        Order.objects.update(status=later)
    response = shopper.get(f"/checkout/cancel/{order.token}/")
    assert response["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert order.status == later
    assert stock_of() == (8, 0)


def test_cancelling_a_payment_that_is_under_way_leads_to_the_order(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.pay(order.session_id, outcome="delayed_success")
    assert shopper.get(f"/checkout/cancel/{order.token}/")["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert order.status == Status.PROCESSING
    assert stock_of() == (10, 2)


@pytest.mark.parametrize("kind", ["error_500", "drop_before", "error_429"])
def test_without_an_answer_of_stripe_nothing_is_released(
    sandbox: Sandbox, shopper: Client, basket: Basket, kind: str
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.faults.add(operation="expire", kind=kind, times=9)
    assert shopper.get(f"/checkout/cancel/{order.token}/")["Location"] == "/basket/"
    order.refresh_from_db()
    assert order.status == Status.AWAITING
    assert stock_of() == (10, 2)


def test_a_page_that_was_closed_though_the_answer_was_lost_is_released(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.faults.add(operation="expire", kind="drop_after", times=1)
    shopper.get(f"/checkout/cancel/{order.token}/")
    order.refresh_from_db()
    assert order.status == Status.CANCELLED
    assert stock_of() == (10, 0)


# --- Coming back -----------------------------------------------------------------------------------------
def test_anothers_session_on_the_return_page_changes_nothing(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    mine = Order.objects.get()
    other = factories.placed_order(factories.basket(MUG=1), email="other@example.com")
    checkout.start_payment(order=other)
    other.refresh_from_db()
    sandbox.pay(other.session_id)
    for session_id in (other.session_id, "", "cs_test_nobody", "x" * 5000, "%01"):
        response = shopper.get(f"/checkout/return/{mine.token}/?session_id={session_id}")
        assert response["Location"] == mine.get_absolute_url()
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.status, other.status) == (Status.AWAITING, Status.AWAITING)
    assert sales(mine) == sales(other) == 0


def test_coming_back_unpaid_changes_nothing(sandbox: Sandbox, shopper: Client, basket: Basket) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    shopper.get(f"/checkout/return/{order.token}/?session_id={order.session_id}")
    order.refresh_from_db()
    assert order.status == Status.AWAITING
    assert is_as_it_was(basket)


def test_coming_back_while_stripe_is_down_still_shows_the_order(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.pay(order.session_id)
    sandbox.faults.add(operation="any", kind="error_500", times=9)
    response = shopper.get(f"/checkout/return/{order.token}/?session_id={order.session_id}", follow=True)
    assert response.status_code == 200
    order.refresh_from_db()
    assert order.status == Status.AWAITING


def test_who_comes_back_without_the_cookie_gets_the_basket_back(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    stranger = Client()
    stranger.get(f"/checkout/cancel/{Order.objects.get().token}/")
    assert stranger.cookies["basket"].value == basket.token


@pytest.mark.parametrize("way", ["return", "cancel"])
def test_coming_back_to_an_old_order_keeps_the_basket_that_was_begun_since(
    sandbox: Sandbox, client: Client, basket: Basket, way: str
) -> None:
    order = factories.placed_order(basket)
    new = factories.basket(MUG=1)
    client.cookies["basket"] = new.token
    client.get(f"/checkout/{way}/{order.token}/")
    assert client.cookies["basket"].value == new.token
