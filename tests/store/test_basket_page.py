"""The basket as its owner sees it: today's prices, what stands in the way, and how it is changed."""

from typing import Any

import pytest
from django.test import Client

from store.basket import contents
from store.models import Basket, ProductVariant
from store.stock import movements
from tests import factories

pytestmark = pytest.mark.django_db


def page(client: Client) -> str:
    response = client.get("/basket/")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return response.content.decode()


def update(client: Client, quantity: str, sku: str = "MUG") -> Any:
    return client.post("/basket/update/", {"sku": sku, "quantity": quantity})


def test_an_empty_basket_says_so_and_leads_to_the_shop(client: Client, mug: ProductVariant) -> None:
    shown = page(client)
    assert "Your basket is empty</h1>" in shown
    assert 'href="/shop/"' in shown
    assert "/checkout/" not in shown


def test_looking_at_the_basket_writes_nothing_and_sets_no_cookie(client: Client, mug: ProductVariant) -> None:
    assert not client.get("/basket/").cookies
    assert not Basket.objects.exists()


def test_the_basket_page_shows_lines_and_their_sum_and_leads_to_the_checkout(shopper: Client) -> None:
    shown = page(shopper)
    assert "Enamel mug" in shown
    assert "£12.50 each" in shown
    assert "£25.00" in shown
    assert 'href="/checkout/"' in shown


def test_prices_are_todays(shopper: Client, mug: ProductVariant) -> None:
    ProductVariant.objects.update(price=1300)
    assert "£26.00" in page(shopper)


def test_a_line_that_cannot_be_bought_says_why_and_blocks_the_checkout(
    shopper: Client, mug: ProductVariant
) -> None:
    movements.count(sku="MUG", on_hand=1)
    shown = page(shopper)
    assert "Only 1 is left: your basket has 2." in shown
    assert 'href="/checkout/"' not in shown
    movements.count(sku="MUG", on_hand=0)
    assert "This has sold out since you put it in." in page(shopper)
    mug.page.unpublish()
    assert "We no longer sell this (MUG)." in page(shopper)
    assert shopper.get("/checkout/")["Location"] == "/basket/"


@pytest.mark.both_databases
def test_a_quantity_is_changed(shopper: Client, basket: Basket) -> None:
    response = update(shopper, "3")
    assert (response.status_code, response["Location"]) == (303, "/basket/")
    assert response.cookies["basket_count"].value == "3"
    assert basket.lines.get().quantity == 3


def test_the_last_thing_out_takes_the_cookies_along(shopper: Client, basket: Basket) -> None:
    response = update(shopper, "0")
    assert not basket.lines.exists()
    assert [response.cookies[name]["max-age"] for name in ("basket", "basket_count")] == [0, 0]
    assert "Your basket is empty</h1>" in page(shopper)


def test_an_unpublished_product_can_be_removed_from_the_basket(
    shopper: Client, mug: ProductVariant, basket: Basket
) -> None:
    mug.page.unpublish()
    assert update(shopper, "0").status_code == 303
    assert not basket.lines.exists()


def test_more_than_one_order_can_have_is_refused_and_fewer_never_are(shopper: Client, basket: Basket) -> None:
    movements.count(sku="MUG", on_hand=200)
    refused = update(shopper, "11")
    assert refused.status_code == 422
    assert "One order can have at most 10 of this." in refused.content.decode()
    assert basket.lines.get().quantity == 2
    basket.lines.update(quantity=30)
    assert update(shopper, "20").status_code == 303
    assert basket.lines.get().quantity == 20


def test_a_line_above_a_limit_that_was_lowered_says_so_and_blocks_the_checkout(
    shopper: Client, basket: Basket, mug: ProductVariant
) -> None:
    mug.page.most_in_one_order = 1
    mug.page.save_revision().publish()
    shown = page(shopper)
    assert "One order can have at most 1 of this." in shown
    assert "One order cannot have so many of an item. Change the quantity to continue." in shown
    assert 'aria-describedby="line-1-problem"' in shown
    assert 'href="/checkout/"' not in shown
    assert shopper.get("/checkout/")["Location"] == "/basket/"


def test_more_items_than_one_order_can_have_are_named_on_the_basket_page(
    shopper: Client, basket: Basket, settings: Any
) -> None:
    settings.MOST_UNPAID_ITEMS = 3
    assert 'href="/checkout/"' in page(shopper)
    factories.product("Tea towel", sku="TOWEL")
    contents.add(basket=basket, sku="TOWEL", quantity=2)
    shown = page(shopper)
    assert "One order can have at most 3 items. Remove some to continue." in shown
    assert 'href="/checkout/"' not in shown
    assert shopper.get("/checkout/")["Location"] == "/basket/"


@pytest.mark.parametrize("quantity", ["-1", "1000000000", "x", "1.5", "", "\x00"])
def test_a_bad_quantity_changes_nothing(shopper: Client, basket: Basket, quantity: str) -> None:
    response = update(shopper, quantity)
    assert response.status_code == 422
    assert "Enter a whole number" in response.content.decode()
    assert basket.lines.get().quantity == 2


@pytest.mark.parametrize("sku", ["NOTHING", "", "MUG\x00", "TOWEL"])
def test_a_quantity_change_adds_no_sku_that_is_not_in_the_basket(
    shopper: Client, basket: Basket, sku: str
) -> None:
    factories.product("Tea towel", sku="TOWEL")
    assert update(shopper, "5", sku=sku).status_code in {303, 422}
    assert list(basket.lines.values_list("sku", "quantity")) == [("MUG", 2)]


def test_a_basket_cannot_be_changed_by_another_client(client: Client, basket: Basket) -> None:
    update(client, "0")
    client.cookies["basket"] = str(basket.pk)
    update(client, "0")
    assert basket.lines.get().quantity == 2


def test_words_of_a_product_are_never_taken_for_markup(shopper: Client, mug: ProductVariant) -> None:
    mug.page.title = "<script>alert(1)</script>"
    mug.page.save_revision().publish()
    assert "<script>alert" not in page(shopper)
