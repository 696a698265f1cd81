"""Checkout limits: one client may hold enough for a family, and too little to empty the stock."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from home import clock
from store.basket import contents, throttling
from store.checkout import limits
from store.models import Basket, Order, OrderEvent, ProductVariant
from store.stock import movements
from tests import factories
from tests.store.paying import press_pay, settle, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status


def browser(address: str = "192.0.2.1") -> Client:
    return Client(REMOTE_ADDR=address)


def buy(quantity: int, address: str = "192.0.2.1") -> Any:
    """Fill a basket of one's own and press the button; return the answer."""
    client, basket = browser(address), factories.basket(MUG=quantity)
    client.cookies["basket"] = basket.token
    return press_pay(client, basket)


@pytest.fixture
def many(mug: ProductVariant) -> None:
    movements.count(sku="MUG", on_hand=1000)


# --- Goods -----------------------------------------------------------------------------------------------
@pytest.mark.both_databases
@pytest.mark.usefixtures("many")
def test_no_client_holds_more_items_than_the_limit(sandbox: Sandbox) -> None:
    assert [buy(10).status_code, buy(6).status_code] == [303, 303]
    refused = buy(5)
    assert refused.status_code == 429
    told = refused.content.decode()
    assert "would have more than 20 items, the most that we allow at one time." in told
    assert "Nothing was charged and your basket has not changed." in told
    assert "Finish paying, or try again in 40 minutes, when a payment page has closed." in told
    assert 0 < int(refused["Retry-After"]) <= 40 * 60
    assert stock_of() == (1000, 16)
    assert dict(Basket.objects.latest("pk").lines.values_list("sku", "quantity")) == {"MUG": 5}
    assert buy(10, address="192.0.2.2").status_code == 303, "others are served"
    assert buy(4).status_code == 303, "up to the limit"


@pytest.mark.usefixtures("many")
def test_a_network_of_ipv6_is_one_client(sandbox: Sandbox) -> None:
    assert [buy(10, f"2001:db8::{number}").status_code for number in (1, 2, 3)] == [303, 303, 429]
    assert buy(10, "2001:db8:0:1::1").status_code == 303


@pytest.mark.usefixtures("many")
def test_with_a_wrong_clock_the_time_to_wait_is_still_right(sandbox: Sandbox) -> None:
    for _ in range(3):
        assert buy(1).status_code == 303
    clock.compare(format_datetime(timezone.now() - timedelta(hours=1), usegmt=True), whose="Stripe")
    Order.objects.update(session_expires_at=timezone.now() - timedelta(minutes=40, seconds=30))
    assert "try again in 20 minutes" in buy(1).content.decode()


@pytest.mark.usefixtures("many")
def test_no_client_has_more_orders_open_than_the_limit(sandbox: Sandbox) -> None:
    assert [buy(1).status_code for _ in range(3)] == [303, 303, 303]
    refused = buy(1)
    assert refused.status_code == 429
    assert "Your network already has 3 unpaid orders" in refused.content.decode()
    assert stock_of() == (1000, 3)
    factories.cancel(Order.objects.first())
    assert buy(1).status_code == 303, "what is closed no longer counts"


@pytest.mark.usefixtures("many")
def test_what_is_paid_no_longer_counts(sandbox: Sandbox) -> None:
    for _ in range(2):
        assert [buy(5).status_code, buy(5).status_code, buy(10).status_code] == [303, 303, 303]
        assert buy(1).status_code == 429
        for order in Order.objects.filter(status=Status.AWAITING):
            sandbox.pay(order.session_id)
            settle(order)
    assert stock_of() == (960, 0)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(("others", "status"), [("2001:db8::2", 429), ("2001:db8:0:1::1", 303)])
def test_a_whole_ipv6_network_is_one_client(sandbox: Sandbox, others: str, status: int) -> None:
    assert [buy(1, address=f"2001:db8::{number}").status_code for number in "abc"] == [303, 303, 303]
    assert buy(1, address=others).status_code == status


@pytest.mark.usefixtures("many")
def test_limits_can_be_raised_for_many_behind_one_address(sandbox: Sandbox, settings: Any) -> None:
    settings.MOST_UNPAID_ORDERS, settings.MOST_UNPAID_ITEMS, settings.MOST_OF_ONE_ITEM = 5, 60, 12
    assert [buy(12).status_code for _ in range(6)] == [303] * 5 + [429]
    assert stock_of() == (1000, 60)


@pytest.mark.usefixtures("many")
def test_an_order_again_of_the_same_basket_counts_once(sandbox: Sandbox) -> None:
    client, basket = browser(), factories.basket(MUG=10)
    client.cookies["basket"] = basket.token
    assert buy(10).status_code == 303
    assert [press_pay(client, basket).status_code for _ in range(3)] == [303] * 3
    assert stock_of() == (1000, 20)


@pytest.mark.usefixtures("many")
def test_an_order_that_is_refused_leaves_the_earlier_one_of_its_basket_open(sandbox: Sandbox) -> None:
    client, basket = browser(), factories.basket(MUG=5)
    client.cookies["basket"] = basket.token
    assert [buy(10).status_code, press_pay(client, basket).status_code] == [303, 303]
    earlier = basket.orders.get()
    contents.set_quantity(basket=basket, sku="MUG", quantity=10)
    assert press_pay(client, basket).status_code == 303
    contents.set_quantity(basket=basket, sku="MUG", quantity=5)
    factories.product("Tea towel", sku="TOWEL")
    contents.add(basket=basket, sku="TOWEL", quantity=6)
    earlier = basket.orders.get(status=Status.AWAITING)
    refused = press_pay(client, basket)
    assert refused.status_code == 429
    assert f'<a href="{earlier.get_absolute_url()}">Go to your unpaid order</a>' in refused.content.decode()
    earlier.refresh_from_db()
    assert earlier.status == Status.AWAITING
    assert stock_of() == (1000, 20)


@pytest.mark.usefixtures("many")
def test_only_the_browser_that_placed_an_order_is_led_to_it(sandbox: Sandbox) -> None:
    client, basket = browser(), factories.basket(MUG=1)
    client.cookies["basket"] = basket.token
    press_pay(client, basket)
    own = basket.orders.get()
    assert [buy(1).status_code, buy(1).status_code] == [303, 303]
    client.cookies["basket"] = (another := factories.basket(MUG=1)).token
    link = f'<a href="{own.get_absolute_url()}">Go to your unpaid order</a>'
    assert link in press_pay(client, another).content.decode()
    refused = buy(1)
    assert refused.status_code == 429
    assert "your unpaid order" not in refused.content.decode()
    assert "/orders/" not in refused.content.decode().replace("/orders/find/", "")
    for forged in ("", "\x00" * 43, "x" * 5000, "é" * 43):
        client.cookies["order"] = forged
        refused = press_pay(client, another)
        assert refused.status_code == 429
        assert "your unpaid order" not in refused.content.decode()


@pytest.mark.usefixtures("many")
def test_whose_payments_wait_for_the_bank_is_told_to_wait_for_it(sandbox: Sandbox) -> None:
    for _ in range(3):
        assert buy(1).status_code == 303
        order = Order.objects.get(status=Status.AWAITING)
        sandbox.pay(order.session_id, outcome="delayed_success")
        assert settle(order).status == Status.PROCESSING
    refused = buy(1)
    assert (refused.status_code, refused["Retry-After"]) == (429, "3600")
    assert "Try again when it has confirmed one of them." in refused.content.decode()


# --- What is kept of a client ----------------------------------------------------------------------------
@pytest.mark.both_databases
@pytest.mark.parametrize("end", ["paid", "cancelled"])
def test_an_order_knows_its_client_only_while_it_is_open_and_never_the_address(
    sandbox: Sandbox, mug: ProductVariant, end: str
) -> None:
    buy(1)
    order = Order.objects.get()
    assert len(order.client_fingerprint) == 64
    assert "192.0.2" not in str(Order.objects.values().get())
    if end == "paid":
        sandbox.pay(order.session_id)
        browser().get(f"/checkout/return/{order.return_token}/?session_id={order.session_id}")
    else:
        factories.cancel(order)
    order.refresh_from_db()
    assert (order.status, order.client_fingerprint) == (end, "")
    assert not OrderEvent.objects.filter(note__contains="192.0.2").exists()


# --- How often -------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("mug")
def test_a_client_over_the_checkout_limit_is_told_how_long_to_wait(sandbox: Sandbox) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(limits.CHECKOUTS.most):
            limits.CHECKOUTS.take("192.0.2.1")
        refused = buy(1)
        assert (refused.status_code, refused["Retry-After"]) == (429, "3600")
        assert "Try again in 60 minutes." in refused.content.decode()
        assert not Order.objects.exists()
        assert buy(1, address="192.0.2.2").status_code == 303
        clock.shift(timedelta(hours=1, seconds=1))
        assert limits.CHECKOUTS.take("192.0.2.1") == 0


@pytest.mark.usefixtures("mug")
def test_pressing_the_button_is_counted(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHECKOUTS", limits.Limit("few", most=2, window=limits.HOUR))
    assert [buy(1).status_code for _ in range(3)] == [303, 303, 429]


@pytest.mark.both_databases
@pytest.mark.usefixtures("mug")
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_client_over_the_basket_limit_is_told_how_long_to_wait(
    monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    monkeypatch.setattr(throttling, "NEW_BASKETS", limits.Limit("few", most=2, window=limits.HOUR))

    def add(client: Client) -> Any:
        return client.post("/basket/add/", {"sku": "MUG", "quantity": "1"}, headers={"Accept": accept})

    first = browser()
    add(first)
    add(browser())
    refused = add(browser())
    assert refused.status_code == 429
    assert "Try again in 60 minutes." in refused.content.decode()
    assert int(refused["Retry-After"]) > 0
    assert Basket.objects.count() == 2
    assert add(first).status_code in {200, 303}, "a basket that is there can be filled"
    assert Basket.objects.get(token=first.cookies["basket"].value).lines.get().quantity == 2
    assert add(browser("192.0.2.2")).status_code in {200, 303}


@pytest.mark.usefixtures("mug")
def test_baskets_started_at_the_same_moment_are_no_more_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throttling, "NEW_BASKETS", limits.Limit("few", most=1, window=limits.HOUR))
    statuses = []

    def add() -> None:
        answer = browser().post("/basket/add/", {"sku": "MUG", "quantity": "1"})
        statuses.append(answer.status_code)

    def add_while_another_does(**parts: Any) -> Basket:
        monkeypatch.setattr(contents, "add", original)
        add()
        return original(**parts)

    original = contents.add
    monkeypatch.setattr(contents, "add", add_while_another_does)
    add()
    assert statuses == [429, 303]
    assert Basket.objects.count() == 1


@pytest.mark.both_databases
def test_the_way_back_makes_no_more_baskets_than_others_do(
    sandbox: Sandbox, basket: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "NEW_BASKETS", limits.Limit("few", most=1, window=limits.HOUR))
    order = factories.awaiting_order(basket)
    for _ in range(3):
        assert browser().post(f"/checkout/cancel/{order.return_token}/")["Location"] == "/basket/?unpaid=1"
    assert Basket.objects.count() == 2
