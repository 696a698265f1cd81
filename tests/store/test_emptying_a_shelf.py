"""Nobody empties a shelf by orders that are never paid: the two attacks that once did, and the buyers they kept out."""

from typing import Any

import pytest
from django.test import Client

from store.models import BasketLine, Order, ProductVariant
from store.stock import movements
from tests import factories
from tests.store.paying import press_pay, settle, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


def buy(address: str = "192.0.2.1", **quantities: int) -> Any:
    """Press the button with a basket that holds so many, however they came into it; return the answer."""
    client, basket = Client(REMOTE_ADDR=address), factories.basket()
    BasketLine.objects.bulk_create(
        BasketLine(basket=basket, sku=sku, quantity=quantity) for sku, quantity in quantities.items()
    )
    client.cookies["basket"] = basket.token
    return press_pay(client, basket)


def test_one_order_cannot_take_all_thirty_jars(sandbox: Sandbox, mug: ProductVariant) -> None:
    factories.product("Jam", sku="JAR", on_hand=30)
    refused = buy(JAR=30)
    assert refused.status_code == 422
    assert "One order can have at most 10 of this." in refused.content.decode()
    assert stock_of("JAR") == (30, 0)
    assert not Order.objects.exists()


def test_thirteen_unpaid_orders_of_one_client_leave_something_on_each_shelf(
    sandbox: Sandbox, mug: ProductVariant
) -> None:
    movements.count(sku="MUG", on_hand=30)
    factories.product("Jam", sku="JAR", on_hand=30)
    factories.product("Honey", sku="HONEY", on_hand=30)
    wanted = [{"MUG": 10}, {"JAR": 10}, {"HONEY": 10}] * 4 + [{"MUG": 1}]
    statuses = [buy(**goods).status_code for goods in wanted]
    assert statuses == [303] * 2 + [429] * 11
    assert [stock_of(sku) for sku in ("MUG", "JAR", "HONEY")] == [(30, 10), (30, 10), (30, 0)]


def test_no_mixture_in_one_order_is_above_what_a_client_can_hold(
    sandbox: Sandbox, mug: ProductVariant
) -> None:
    factories.product("Jam", sku="JAR", on_hand=30)
    factories.product("Honey", sku="HONEY", on_hand=30)
    refused = buy(MUG=10, JAR=10, HONEY=1)
    assert refused.status_code == 422
    assert "One order can have at most 20 items. Remove some to continue." in refused.content.decode()
    assert not Order.objects.exists()
    assert buy(MUG=10, JAR=10).status_code == 303


def test_the_last_piece_goes_to_an_honest_buyer_while_the_attacker_is_at_the_limit(
    sandbox: Sandbox, mug: ProductVariant
) -> None:
    movements.count(sku="MUG", on_hand=21)
    assert [buy(MUG=quantity).status_code for quantity in (10, 10, 1)] == [303, 303, 429]
    assert buy("192.0.2.2", MUG=1).status_code == 303
    assert stock_of() == (21, 21)
    order = Order.objects.latest("pk")
    sandbox.pay(order.session_id)
    assert settle(order).status == Order.Status.PAID


def test_who_holds_the_last_piece_can_press_again_as_often_as_wanted(
    sandbox: Sandbox, mug: ProductVariant
) -> None:
    movements.count(sku="MUG", on_hand=1)
    client, basket = Client(REMOTE_ADDR="192.0.2.2"), factories.basket(MUG=1)
    client.cookies["basket"] = basket.token
    assert [press_pay(client, basket).status_code for _ in range(5)] == [303] * 5
    assert stock_of() == (1, 1)
