"""What changes after something was put into a basket: said, old and new, until the shopper has seen it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from policies.models import PolicyVersion
from store.basket import contents
from store.models import Basket, BasketLine, Order, ProductPage, ProductVariant, ShippingOption
from store.payments import fulfilment
from tests import factories
from tests.store.paying import press_pay
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
PRICE = "Enamel mug: was £12.50, now £14.00."


def text(client: Client, path: str = "/basket/") -> str:
    return words_of(client.get(path))


def words_of(response: Any) -> str:
    return " ".join(re.sub(r"</?bdi>", "", response.content.decode()).split())


def hidden(page: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def raise_price(to: int = 1400) -> None:
    ProductVariant.objects.update(price=to)


# --- Prices and availability -------------------------------------------------------------------------------
def test_a_changed_price_is_said_in_basket_and_review_until_the_shopper_has_read_it(
    shopper: Client, basket: Basket
) -> None:
    assert "Changed since" not in text(shopper)
    raise_price()
    for _ in range(2):
        for path in ("/basket/", "/checkout/"):
            assert PRICE in text(shopper, path)
    response = shopper.post("/basket/seen/", {"seen": hidden(text(shopper), "seen")})
    assert (response.status_code, response["Location"]) == (303, "/basket/")
    assert "Changed since" not in text(shopper) + text(shopper, "/checkout/")


def change(shopper: Client, basket: Basket) -> None:
    shopper.post("/basket/update/", {"sku": "MUG", "quantity": "1"})


def add_again(shopper: Client, basket: Basket) -> None:
    shopper.post("/basket/add/", {"sku": "MUG", "quantity": "1"})


def order(shopper: Client, basket: Basket) -> None:
    assert press_pay(shopper, basket).status_code == 303


@pytest.mark.parametrize("see", [change, add_again, order])
def test_who_changes_or_orders_it_has_seen_the_price(
    sandbox: Sandbox, shopper: Client, basket: Basket, see: Callable[[Client, Basket], None]
) -> None:
    raise_price()
    see(shopper, basket)
    assert "Changed since" not in text(shopper)


def test_what_changes_again_after_the_page_was_shown_is_said(shopper: Client, basket: Basket) -> None:
    raise_price()
    shown = hidden(text(shopper), "seen")
    raise_price(1500)
    shopper.post("/basket/seen/", {"seen": shown})
    assert "Enamel mug: was £14.00, now £15.00." in text(shopper)


def test_what_is_made_to_order_now_is_said_with_the_price_of_a_text(shopper: Client, basket: Basket) -> None:
    ProductPage.objects.update(text_label="Name", text_price=300)
    contents.add(basket=basket, sku="MUG", quantity=1, text="<b>Ann")
    ProductPage.objects.update(availability="to_order", made_in_days=5, text_price=350)
    shown = text(shopper)
    assert "Enamel mug: was in stock, now made to order in 5 working days." in shown
    both = "was £15.50, now £16.00; was in stock, now made to order in 5 working days."
    assert f"Enamel mug, Name: &lt;b&gt;Ann: {both}" in shown


def test_a_line_of_before_the_upgrade_says_nothing(shopper: Client, basket: Basket) -> None:
    BasketLine.objects.update(seen_price=None)
    assert "Changed since" not in text(shopper) + text(shopper, "/checkout/")
    raise_price()
    assert "Changed since" not in text(shopper)


def test_bad_words_about_what_was_seen_change_nothing(shopper: Client, basket: Basket) -> None:
    raise_price()
    for seen in ("", "x", "1:2", "9" * 40, "٣:٣:٣", "1:2:3 " * 400, "\x00"):
        assert shopper.post("/basket/seen/", {"seen": seen}).status_code in {303, 422}, seen
    assert basket.lines.get().seen_price == 1250


def test_nobody_else_says_what_a_shopper_has_seen(basket: Basket) -> None:
    seen = f"{basket.lines.get().pk}:1400:0"
    stranger = Client()
    stranger.post("/basket/seen/", {"seen": seen})
    stranger.cookies["basket"] = factories.basket(MUG=1).token
    stranger.post("/basket/seen/", {"seen": seen})
    assert basket.lines.get().seen_price == 1250


# --- Undo --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("is_last", [True, False])
def test_what_was_removed_is_put_back_with_its_quantity_and_text(
    shopper: Client, basket: Basket, is_last: bool
) -> None:
    ProductPage.objects.update(text_label="Name")
    contents.add(basket=basket, sku="MUG", quantity=3, text="“Ann” & Ben")
    if is_last:
        basket.lines.filter(text="").delete()
    page = words_of(shopper.post("/basket/update/", {"sku": "MUG", "text": "“Ann” & Ben", "quantity": "0"}))
    assert "Removed: 3 × Enamel mug, Name: “Ann” &amp; Ben." in page
    assert not basket.lines.exclude(text="").exists()
    back = {name: hidden(page, name).replace("&amp;", "&") for name in ("sku", "text", "quantity")}
    shopper.post("/basket/add/", back)
    assert BasketLine.objects.get(text="“Ann” & Ben").quantity == 3
    assert "Removed:" not in text(shopper)
    assert shopper.cookies["basket_count"].value == ("3" if is_last else "5")


def test_what_is_no_longer_sold_is_removed_for_good(shopper: Client, mug: ProductVariant) -> None:
    mug.page.unpublish()
    assert shopper.post("/basket/update/", {"sku": "MUG", "quantity": "0"}).status_code == 303


def test_what_stays_when_an_order_is_paid_still_tells_of_its_new_price(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    contents.add(basket=basket, sku="MUG", quantity=1)
    raise_price()
    session_id = Order.objects.get().session_id
    sandbox.pay(session_id)
    fulfilment.settle(session_id=session_id, by="test")
    assert basket.lines.get().quantity == 1
    assert PRICE in text(shopper)


# --- An order that is refused ------------------------------------------------------------------------------
def remove_and_add(basket: Basket) -> None:
    factories.product("Tea towel", sku="TOWEL", price=980)
    contents.set_quantity(basket=basket, sku="MUG", quantity=0)
    contents.add(basket=basket, sku="TOWEL", quantity=1)


CHANGES: dict[str, tuple[Callable[[Basket], object], list[str]]] = {
    "price": (lambda _basket: raise_price(), [PRICE, "Total: was £28.95, now £31.95."]),
    "quantity": (
        lambda basket: contents.set_quantity(basket=basket, sku="MUG", quantity=3),
        ["Enamel mug: quantity was 2, now 3.", "Total: was £28.95, now £41.45."],
    ),
    "lines": (remove_and_add, ["Something is no longer in your basket.", "Tea towel was added."]),
    "delivery": (
        lambda _basket: ShippingOption.objects.update(price=495, max_days=9),
        ["Delivery: was £3.95, now £4.95.", "Delivery: now Post, GB: 2 to 9 working days."],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_refused_order_names_what_is_another_now(shopper: Client, basket: Basket, what: str) -> None:
    page = text(shopper, "/checkout/")
    before = {name: hidden(page, name) for name in ("shown", "parts")}
    do, words = CHANGES[what]
    do(basket)
    refused = press_pay(shopper, basket, **before)
    assert refused.status_code == 422
    for said in words:
        assert f"<li>{said}</li>" in words_of(refused)
    assert not Order.objects.exists()
    again = hidden(words_of(refused), "parts")
    assert again == hidden(text(shopper, "/checkout/"), "parts")


def test_a_refused_order_names_the_text_that_changed(
    shopper: Client, basket: Basket, terms: PolicyVersion
) -> None:
    refused = words_of(press_pay(shopper, basket, terms_version="7", privacy_version="3"))
    assert "<li>The terms of sale have changed.</li><li>The privacy policy has changed.</li>" in refused


def test_bad_words_about_what_was_shown_are_not_repeated(shopper: Client, basket: Basket) -> None:
    for parts in ("1:2:3 " * 900, "x:1:1 delivery:1:1\x00 total:" + "9" * 99):
        assert press_pay(shopper, basket, shown="x", parts=parts).status_code == 422, parts
    assert not Order.objects.exists()
