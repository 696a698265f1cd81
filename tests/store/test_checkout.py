"""From the basket to the payment page and back: what is agreed, what is held, and what a second try does."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from policies.models import Policy
from store.basket import contents
from store.checkout import place_order
from store.models import Basket, Order, ProductVariant, ShippingOption, StockItem
from store.payments import fulfilment, gateway, money, stripe_amounts
from store.stock import movements
from tests import factories
from tests.store.paying import is_as_it_was, press_pay, sessions, shown, stock_of
from tools.stripe_sandbox.server import Sandbox
from tools.stripe_sandbox.visitor import StayedError

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
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


def test_a_basket_of_many_things_is_ordered_all_or_nothing(basket: Basket) -> None:
    factories.product("Tea towel", sku="TOWEL", on_hand=1)
    contents.add(basket=basket, sku="TOWEL", quantity=1)
    movements.count(sku="TOWEL", on_hand=0)
    with pytest.raises(place_order.CheckoutError):
        factories.placed_order(basket)
    assert stock_of("MUG") == (10, 0)


# --- The payment page ------------------------------------------------------------------------------------
def test_the_payment_page_asks_for_what_was_ordered(sandbox: Sandbox, basket: Basket) -> None:
    order = factories.placed_order(basket)
    url = fulfilment.start_payment(order=order)
    order.refresh_from_db()
    (session,) = sessions(sandbox)
    assert (order.status, order.session_id, order.session_url) == (Status.AWAITING, session["id"], url)
    assert session["amount_total"] == order.total
    assert session["customer_email"] == order.email
    assert session["metadata"] == {"order": order.number}


def test_asked_again_it_is_the_same_payment_page(sandbox: Sandbox, basket: Basket) -> None:
    order = factories.placed_order(basket)
    assert fulfilment.start_payment(order=order) == fulfilment.start_payment(order=order)
    assert len(sessions(sandbox)) == 1


def test_a_refusal_of_stripe_cancels_the_order_and_releases_the_goods(
    sandbox: Sandbox, basket: Basket
) -> None:
    order = factories.placed_order(basket)
    order.session_params["mode"] = "nonsense"
    with pytest.raises(gateway.RefusedError):
        fulfilment.start_payment(order=order)
    order.refresh_from_db()
    assert order.status == Status.CANCELLED
    assert stock_of() == (10, 0)
    assert is_as_it_was(basket)


def test_an_email_that_stripe_refuses_is_a_field_error_and_is_kept_nowhere(
    sandbox: Sandbox, shopper: Client, basket: Basket, caplog: pytest.LogCaptureFixture
) -> None:
    response = press_pay(shopper, basket, email="somebody@localhost")
    assert response.status_code == 422
    assert "does not accept this e-mail address" in response.content.decode()
    order = Order.objects.get()
    assert (order.status, stock_of()) == (Status.CANCELLED, (10, 0))
    assert is_as_it_was(basket)
    told = [*caplog.messages, *order.events.values_list("note", flat=True)]
    assert "somebody" not in " ".join(told)
    assert "email_invalid" in order.events.get(reason="refused").note


def test_a_refused_api_key_is_shown_as_permanent_and_logged_as_an_error(
    sandbox: Sandbox, shopper: Client, basket: Basket, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STRIPE_SECRET_KEY = "not a key"
    response = press_pay(shopper, basket)
    assert response.status_code == 502
    assert "trying again will not help" in response.content.decode()
    assert [record.levelname for record in caplog.records if record.name == "store.checkout.views"] == [
        "ERROR"
    ]
    assert (Order.objects.get().status, stock_of()) == (Status.CANCELLED, (10, 0))


def test_too_much_at_once_is_an_outage_that_passes(sandbox: Sandbox, shopper: Client, basket: Basket) -> None:
    sandbox.faults.add(operation="create", kind="error_429", times=9)
    response = press_pay(shopper, basket)
    assert response.status_code == 502
    assert "Try again in a few minutes" in response.content.decode()


def test_an_order_cancelled_while_its_page_was_being_made_leaves_no_open_page(
    sandbox: Sandbox, basket: Basket
) -> None:
    """Two tabs: the second one found nothing at Stripe yet and cancelled the first one's order."""
    first = factories.placed_order(basket)
    second = factories.placed_order(basket)
    with pytest.raises(fulfilment.SupersededError):
        fulfilment.start_payment(order=first)
    url = fulfilment.start_payment(order=second)
    assert [session["url"] for session in sessions(sandbox, "open")] == [url]
    assert stock_of() == (10, 2), "the goods are held once"


def test_an_order_cancelled_during_start_is_superseded_if_its_page_stays_open(
    sandbox: Sandbox, basket: Basket
) -> None:
    first = factories.placed_order(basket)
    factories.placed_order(basket)
    sandbox.faults.add(operation="expire", kind="error_500", times=9)
    with pytest.raises(fulfilment.SupersededError):
        fulfilment.start_payment(order=first)


def test_a_page_that_was_made_before_is_found_by_the_key_of_every_release(
    sandbox: Sandbox, basket: Basket
) -> None:
    order = factories.placed_order(basket)
    session = gateway.create_session(order.session_params, idempotency_key=f"order-{order.number}")
    assert fulfilment.start_payment(order=order) == session.url


# --- A second checkout -----------------------------------------------------------------------------------
def test_a_second_checkout_closes_the_first_ones_payment_page(sandbox: Sandbox, basket: Basket) -> None:
    first = factories.placed_order(basket)
    fulfilment.start_payment(order=first)
    second = factories.placed_order(basket)
    fulfilment.start_payment(order=second)
    first.refresh_from_db()
    assert first.status == Status.CANCELLED
    with pytest.raises(StayedError):
        sandbox.pay(first.session_id)
    sandbox.pay(Order.objects.get(pk=second.pk).session_id)


def test_a_shoppers_own_hold_never_counts_against_them(sandbox: Sandbox, basket: Basket) -> None:
    others = factories.basket(MUG=1)
    movements.count(sku="MUG", on_hand=2)
    fulfilment.start_payment(order=factories.placed_order(basket))
    assert StockItem.objects.available(["MUG"]) == {"MUG": 0}
    assert contents.look_up(basket).can_be_bought
    assert not contents.look_up(others).can_be_bought, "it counts against others"
    fulfilment.start_payment(order=factories.placed_order(basket))
    assert stock_of() == (2, 2)


def test_a_second_checkout_of_what_was_paid_meanwhile_leads_to_the_paid_order(
    sandbox: Sandbox, basket: Basket
) -> None:
    first = factories.placed_order(basket)
    fulfilment.start_payment(order=first)
    first.refresh_from_db()
    sandbox.pay(first.session_id)
    with pytest.raises(fulfilment.AlreadyUnderWayError) as error:
        factories.placed_order(basket)
    assert error.value.order == first
    first.refresh_from_db()
    assert first.status == Status.PAID
    assert Order.objects.count() == 1


def test_while_stripe_is_silent_an_open_page_is_neither_released_nor_doubled(
    sandbox: Sandbox, basket: Basket
) -> None:
    fulfilment.start_payment(order=factories.placed_order(basket))
    sandbox.faults.add(operation="any", kind="error_500", times=9)
    with pytest.raises(gateway.UnreachableError):
        factories.placed_order(basket)
    assert Order.objects.get().status == Status.AWAITING
    assert stock_of() == (10, 2)


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


def test_a_way_of_sending_that_is_gone_is_not_replaced_by_another_unseen(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    there = factories.shipping("Courier", country="IE", price=395)
    form = {**shown(basket), "shown": place_order.Quote(contents.look_up(basket), there).digest}
    there.delete()
    response = shopper.post("/checkout/", {**form, "country": "IE", "shipping": str(there.pk)})
    assert response.status_code == 422
    assert not Order.objects.exists()


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


def test_a_refused_second_checkout_leaves_the_first_payment_page_open(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    form = shown(basket)
    ProductVariant.objects.update(price=1300)
    assert shopper.post("/checkout/", form).status_code == 422
    assert Order.objects.get().status == Status.AWAITING
    assert len(sessions(sandbox, "open")) == 1
