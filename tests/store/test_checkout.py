"""From the basket to the payment page and back: what is agreed, what is held, and what a second try does."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from policies.models import Policy
from store.basket import contents
from store.checkout import place_order
from store.models import Basket, Order, ProductVariant, ShippingOption
from store.models.tokens import new_token
from store.payments import money, stripe_amounts
from store.stock import movements
from tests import factories
from tests.store.paying import is_as_it_was, press_pay, sessions, shown, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status


# --- Placing an order ------------------------------------------------------------------------------------
def test_placing_an_order_holds_its_goods_and_leaves_the_basket(basket: Basket) -> None:
    order = factories.placed_order(basket)
    assert (order.status, order.subtotal, order.shipping, order.total) == (Status.PLACED, 2500, 395, 2895)
    assert stock_of() == (10, 2)
    assert is_as_it_was(basket)
    assert order.session_params["client_reference_id"] == order.number


@pytest.mark.parametrize("what", ["sold out", "gone", "empty"])
def test_a_basket_that_cannot_be_bought_makes_no_order(
    mug: ProductVariant, basket: Basket, what: str
) -> None:
    if what == "sold out":
        movements.count(sku="MUG", on_hand=1)
    elif what == "gone":
        mug.page.unpublish()
    else:
        basket.lines.all().delete()
    with pytest.raises(place_order.CheckoutError):
        factories.placed_order(basket)
    assert not Order.objects.exists()
    assert stock_of()[1] == 0


@pytest.mark.parametrize("way", ["another token", "deleted"])
def test_a_basket_that_was_taken_from_the_browser_meanwhile_makes_no_order(basket: Basket, way: str) -> None:
    if way == "deleted":  # erased with the offer that it was made for
        Basket.objects.filter(pk=basket.pk).delete()
    else:  # the offer was withdrawn
        Basket.objects.update(token=new_token())
    with pytest.raises(place_order.CheckoutError):
        factories.placed_order(basket)
    assert (Order.objects.count(), stock_of()) == (0, (10, 0))


def test_a_basket_of_many_things_is_ordered_all_or_nothing(basket: Basket) -> None:
    factories.product("Tea towel", sku="TOWEL", on_hand=1)
    contents.add(basket=basket, sku="TOWEL", quantity=1)
    movements.count(sku="TOWEL", on_hand=0)
    with pytest.raises(place_order.CheckoutError):
        factories.placed_order(basket)
    assert stock_of("MUG") == (10, 0)


# --- The payment page ------------------------------------------------------------------------------------


# --- A second checkout -----------------------------------------------------------------------------------


# --- Through the pages -----------------------------------------------------------------------------------
def test_the_review_page_is_shown_and_never_kept(shopper: Client) -> None:
    response = shopper.get("/checkout/")
    assert response.status_code == 200
    assert "28.95" in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_pressing_pay_leads_to_the_payment_page(sandbox: Sandbox, shopper: Client, basket: Basket) -> None:
    response = press_pay(shopper, basket)
    assert response.status_code == 303
    assert urlsplit(response["Location"]).netloc == urlsplit(sandbox.url).netloc
    assert Order.objects.get().status == Status.AWAITING


def test_a_buyer_pays_returns_and_finds_the_order_paid_and_the_basket_empty(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    back = urlsplit(sandbox.pay(order.session_id))
    response = shopper.get(f"{back.path}?{back.query}", follow=True)
    order.refresh_from_db()
    assert response.redirect_chain[-1][0] == order.get_absolute_url()
    assert order.status == Status.PAID
    assert not basket.lines.exists()
    assert shopper.cookies["basket"].value == ""


def test_an_order_keeps_the_accepted_terms_and_the_shown_privacy_policy(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    accepted = factories.version(factories.policy("terms", kind=Policy.Kind.TERMS))
    seen = factories.version(factories.policy("privacy", kind=Policy.Kind.PRIVACY))
    assert press_pay(shopper, basket).status_code == 303
    order = Order.objects.get()
    assert (order.terms_accepted, order.privacy_shown) == (accepted, seen)


def test_terms_changed_since_the_review_page_are_shown_and_nothing_is_ordered(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    terms = factories.policy("terms", kind=Policy.Kind.TERMS)
    factories.version(terms)
    form = shown(basket)
    factories.version(terms, html="<p>Be kinder.</p>")
    assert shopper.post("/checkout/", form).status_code == 422
    assert not Order.objects.exists()


def test_a_price_risen_since_the_review_page_is_shown_and_nothing_is_ordered(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    form = shown(basket)
    ProductVariant.objects.update(price=1300)
    response = shopper.post("/checkout/", form)
    assert response.status_code == 422
    assert "29.95" in response.content.decode()
    assert not Order.objects.exists()
    assert sessions(sandbox) == []


def deliver_elsewhere() -> None:
    """The option chosen is gone; what is left costs as much, but goes to another country."""
    ShippingOption.objects.all().delete()
    factories.shipping(country="IE")


def rename() -> None:
    page = ProductVariant.objects.get(sku="MUG").page
    page.title = "Tin mug"
    page.save_revision().publish()


def swap() -> None:
    """In another tab: goods of the same price instead."""
    factories.product("Tea towel", sku="TOWEL", price=1250)
    Basket.objects.get().lines.update(sku="TOWEL")


CHANGES = {
    "another service": lambda: ShippingOption.objects.update(name="Pigeon post"),
    "a longer wait": lambda: ShippingOption.objects.update(max_days=30),
    "another country": deliver_elsewhere,
    "other words": rename,
    "other goods": swap,
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_at_the_same_total_is_shown_and_nothing_is_ordered(
    sandbox: Sandbox, shopper: Client, basket: Basket, what: str
) -> None:
    form = shown(basket)
    CHANGES[what]()
    response = shopper.post("/checkout/", form)
    assert response.status_code == 422
    assert "The order or the terms have changed." in response.content.decode()
    assert not Order.objects.exists()
    assert press_pay(shopper, basket).status_code == 303, "what is shown now can be ordered"


@pytest.mark.both_databases
def test_a_way_of_sending_that_is_gone_is_not_replaced_by_another_unseen(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    there = factories.shipping("Courier", country="IE", price=395)
    form = {**shown(basket), "shown": place_order.Quote(contents.look_up(basket), there).digest}
    there.delete()
    response = shopper.post("/checkout/", {**form, "country": "IE", "shipping": str(there.pk)})
    assert response.status_code == 422
    assert not Order.objects.exists()


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("country", "way", "total"),
    [("IE", "Courier", "34.50"), ("GB", "Express", "33.00"), ("IE", "Post", "34.50")],
)
def test_a_delivery_other_than_the_total_shown_is_shown_and_not_ordered(
    sandbox: Sandbox, shopper: Client, basket: Basket, country: str, way: str, total: str
) -> None:
    ways = {"Post": ShippingOption.objects.get()}
    ways["Express"] = factories.shipping("Express", price=800)
    ways["Courier"] = factories.shipping("Courier", country="IE", price=950)
    chosen = {"country": country, "shipping": str(ways[way].pk)}
    response = press_pay(shopper, basket, **chosen)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Check them before you pay." in page
    assert f"Order and pay £{total}" in page
    assert not Order.objects.exists()


def test_the_order_goes_where_the_form_says_whatever_the_address_says(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    there = factories.shipping("Courier", country="IE", price=950)
    digest = place_order.Quote(contents.look_up(basket), there).digest
    chosen = {"country": "IE", "shipping": str(there.pk), "shown": digest}
    response = shopper.post("/checkout/?country=GB", {**shown(basket), **chosen})
    assert response.status_code == 303
    assert (Order.objects.get().country, Order.objects.get().total) == ("IE", 3450)


@pytest.mark.both_databases
@pytest.mark.parametrize("what", CHANGES)
def test_place_order_refuses_a_change_made_after_the_form_was_read(basket: Basket, what: str) -> None:
    option = ShippingOption.objects.select_related("country").get()
    agreement = place_order.Agreement(
        shown_digest=place_order.Quote(contents.look_up(basket), option).digest, terms=None, privacy=None
    )
    CHANGES[what]()
    with pytest.raises(place_order.CheckoutError):
        place_order.place_order(basket=basket, email="a@example.com", option=option, agreement=agreement)
    assert not Order.objects.exists()
    assert stock_of() == (10, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"shown": ""}, {"shown": "x"}, {"shown": "0" * 64}, {"shown": "a" * 5000}, {"email": ""}, {"email": "x"},
        {"email": "a\x00b@example.com"}, {"email": f"{'a' * 300}@example.com"},
    ],
)  # fmt: skip
def test_a_form_that_is_wrong_is_shown_again_and_orders_nothing(
    sandbox: Sandbox, shopper: Client, basket: Basket, changes: dict[str, str]
) -> None:
    assert press_pay(shopper, basket, **changes).status_code == 422
    assert not Order.objects.exists()
    assert stock_of() == (10, 0)


@pytest.mark.parametrize(
    ("price", "shipping", "words"),
    [
        (10, 0, "This is below the smallest amount that can be paid"),
        (60_000_000, 395, "This is more than can be paid"),
    ],
)
def test_a_total_that_cannot_be_charged_is_told_before_anything_is_ordered(
    sandbox: Sandbox, shopper: Client, basket: Basket, price: int, shipping: int, words: str
) -> None:
    ProductVariant.objects.update(price=price)
    ShippingOption.objects.update(price=shipping)
    page = shopper.get("/checkout/").content.decode()
    assert words in page
    assert "Order and pay" not in page
    assert press_pay(shopper, basket).status_code == 422
    with pytest.raises(place_order.CheckoutError, match=words):
        factories.placed_order(basket)
    assert not Order.objects.exists()


@pytest.mark.both_databases
@pytest.mark.parametrize("currency", ["GBP", "EUR", "JPY", "HUF", "ISK", "KWD"])
def test_the_least_that_is_ordered_is_the_least_that_can_be_paid(
    sandbox: Sandbox, settings: Any, mug: ProductVariant, currency: str
) -> None:
    settings.CURRENCY = currency
    least = next(minor for minor in range(10, 20_000, 10) if is_payable(minor))
    ProductVariant.objects.update(price=least)
    ShippingOption.objects.update(price=0)
    assert factories.awaiting_order(factories.basket(MUG=1)).status == Status.AWAITING


def is_payable(minor: int) -> bool:
    try:
        stripe_amounts.check_total(minor, settings.CURRENCY)
    except money.AmountError:
        return False
    return True


def test_terms_have_to_be_accepted(sandbox: Sandbox, shopper: Client, basket: Basket) -> None:
    factories.version(factories.policy("terms", kind=Policy.Kind.TERMS))
    assert press_pay(shopper, basket, terms="").status_code == 422
    assert not Order.objects.exists()


def test_prices_and_currencies_in_the_post_are_ignored(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket, price="1", unit_price="1", subtotal="1", currency="JPY", discount="2800")
    order = Order.objects.get()
    assert (order.total, order.currency) == (2895, "GBP")
    assert sessions(sandbox)[0]["amount_total"] == 2895


def test_a_country_or_shipping_that_does_not_exist_falls_back_to_one_that_does(shopper: Client) -> None:
    for query in ("country=XX", "country=%01&shipping=x", "shipping=999999", "shipping=-1"):
        assert shopper.get(f"/checkout/?{query}").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "\x00", "a" * 5000])
def test_without_a_basket_there_is_nothing_to_review(client: Client, mug: ProductVariant, token: str) -> None:
    client.cookies["basket"] = token
    assert client.get("/checkout/")["Location"] == "/basket/"
    assert client.post("/checkout/", {"email": "shopper@example.com"})["Location"] == "/basket/"


def test_from_another_site_nobody_can_be_made_to_order(basket: Basket) -> None:
    client = Client(enforce_csrf_checks=True, headers={"sec-fetch-site": "cross-site"})
    client.cookies["basket"] = basket.token
    assert press_pay(client, basket).status_code == 403
    assert not Order.objects.exists()
