"""Checkout limits: one client may begin enough for a whole office, and too little to empty the stock."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from store.basket import contents, throttling
from store.checkout import limits
from store.models import Basket, Order, OrderEvent, ProductVariant
from store.stock import movements
from tests import factories
from tests.store.paying import press_pay, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
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
@pytest.mark.usefixtures("many")
def test_no_client_holds_the_whole_stock(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert buy(99).status_code == 303
    refused = buy(99)
    assert refused.status_code == 429
    told = refused.content.decode()
    assert "Try again in 40 minutes." in told
    assert "your basket has not changed" in told
    assert 0 < int(refused["Retry-After"]) <= 40 * 60
    assert stock_of() == (1000, 99)
    assert dict(Basket.objects.latest("pk").lines.values_list("sku", "quantity")) == {"MUG": 99}
    assert buy(99, address="192.0.2.2").status_code == 303, "others are served"
    assert buy(limits.MOST_PIECES - 99).status_code == 303, "up to the limit"


@pytest.mark.usefixtures("many")
def test_one_order_that_is_too_large_says_so_and_not_to_wait(sandbox: Sandbox) -> None:
    factories.product("Tea towel", sku="TOWEL", on_hand=1000)
    client, basket = browser(), factories.basket(MUG=99, TOWEL=99)
    client.cookies["basket"] = basket.token
    response = press_pay(client, basket)
    assert response.status_code == 422
    assert "You cannot order more than 150 items at once." in response.content.decode()
    assert not Order.objects.exists()
    assert stock_of() == (1000, 0)
    assert basket.lines.count() == 2


@pytest.mark.usefixtures("many")
def test_no_client_has_more_orders_open_than_an_office(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_ORDERS", 2)
    assert [buy(1).status_code for _ in range(3)] == [303, 303, 429]
    factories.cancel(Order.objects.first())
    assert buy(1).status_code == 303, "what is closed no longer counts"


@pytest.mark.usefixtures("many")
def test_an_order_again_of_the_same_basket_counts_once(sandbox: Sandbox) -> None:
    client, basket = browser(), factories.basket(MUG=99)
    client.cookies["basket"] = basket.token
    assert [press_pay(client, basket).status_code for _ in range(3)] == [303] * 3
    assert stock_of() == (1000, 99)


# --- What is kept of a client ----------------------------------------------------------------------------
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


def test_the_way_back_makes_no_more_baskets_than_others_do(
    sandbox: Sandbox, basket: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "NEW_BASKETS", limits.Limit("few", most=1, window=limits.HOUR))
    order = factories.awaiting_order(basket)
    for _ in range(3):
        assert browser().get(f"/checkout/cancel/{order.return_token}/")["Location"] == "/basket/"
    assert Basket.objects.count() == 2
