"""The payment page of an order: made once, closed by a second checkout, and what a refusal or an outage leaves."""

from typing import Any, get_args

import pytest
import stripe
from django.conf import settings
from django.test import Client

from store.basket import contents
from store.models import Basket, Order, ProductVariant, ShippingOption, StockItem
from store.payments import errors, fulfilment, gateway
from store.stock import movements
from tests import factories
from tests.factories import add_pictures
from tests.store.paying import is_as_it_was, press_pay, sessions, shown, stock_of
from tools.stripe_sandbox.checking import fields_of
from tools.stripe_sandbox.server import Sandbox
from tools.stripe_sandbox.visitor import StayedError

pytestmark = pytest.mark.django_db


Status = Order.Status


def test_the_payment_page_asks_for_what_was_ordered(sandbox: Sandbox, basket: Basket) -> None:
    order = factories.placed_order(basket)
    url = fulfilment.start_payment(order=order)
    order.refresh_from_db()
    (session,) = sessions(sandbox)
    assert (order.status, order.session_id, order.session_url) == (Status.AWAITING, session["id"], url)
    assert session["amount_total"] == order.total
    assert session["customer_email"] == order.email
    assert session["metadata"] == {"order": order.number}


def test_the_payment_page_shows_pictures_in_the_language_of_the_shop(
    sandbox: Sandbox, client: Client, basket: Basket, mug: ProductVariant
) -> None:
    contents.add(basket=basket, sku=factories.product("Atlas", sku="ATLAS").sku, quantity=1)
    add_pictures(mug.page, count=1)
    client.get(mug.page.url)  # makes the photograph
    order = factories.placed_order(basket)
    fulfilment.start_payment(order=order)
    (session,) = sessions(sandbox)
    (url,) = session["_lines"][0]["images"]
    assert url.startswith(f"{settings.SITE_URL}/media/images/")
    assert "images" not in session["_lines"][1], "there is no picture of an atlas"
    assert session["locale"] == "en-GB"


def test_stripe_gets_only_pictures_that_it_can_fetch(settings: Any, basket: Basket) -> None:
    settings.STRIPE_API_URL = ""
    order = factories.placed_order(basket)
    (line,) = order.lines.all()

    def told(url: str) -> dict[str, Any]:
        option = ShippingOption.objects.get()
        params = gateway.session_params(order=order, lines=[line], option=option, pictures={"MUG": url})
        return params["line_items"][0]["price_data"]["product_data"]

    assert told("https://shop.example/mug.jpg")["images"] == ["https://shop.example/mug.jpg"]
    assert told("http://localhost:8000/mug.jpg") == {"name": "Enamel mug"}
    line.made_in_days = 5
    assert told("") == {"name": "Enamel mug", "description": "Made to order in 5 working days"}


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("en-gb", "en-GB"),
        ("de-at", "de"),
        ("pt-br", "pt-BR"),
        ("zh-hant", "zh-TW"),
        ("nn", "nb"),
        ("ga", "auto"),
    ],
)
def test_the_language_of_the_shop_is_one_of_stripes_or_left_to_the_browser(
    language: str, locale: str
) -> None:
    assert gateway.locale_of(language) == locale


def test_stripes_languages_are_those_of_the_sdk() -> None:
    declared = fields_of(stripe.params.checkout.SessionCreateParams)["locale"]
    words = [word for kind in get_args(declared) for word in get_args(kind) or get_args(kind)]
    assert {*gateway.LOCALES, "auto"} == set(words)


def test_asked_again_it_is_the_same_payment_page(sandbox: Sandbox, basket: Basket) -> None:
    order = factories.placed_order(basket)
    assert fulfilment.start_payment(order=order) == fulfilment.start_payment(order=order)
    assert len(sessions(sandbox)) == 1


def test_a_refusal_of_stripe_cancels_the_order_and_releases_the_goods(
    sandbox: Sandbox, basket: Basket
) -> None:
    order = factories.placed_order(basket)
    order.session_params["mode"] = "nonsense"
    with pytest.raises(errors.RefusedError):
        fulfilment.start_payment(order=order)
    order.refresh_from_db()
    assert order.status == Status.CANCELLED
    assert stock_of() == (10, 0)
    assert is_as_it_was(basket)


@pytest.mark.both_databases
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
    with pytest.raises(errors.UnreachableError):
        factories.placed_order(basket)
    assert Order.objects.get().status == Status.AWAITING
    assert stock_of() == (10, 2)


def test_a_refused_second_checkout_leaves_the_first_payment_page_open(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    form = shown(basket)
    ProductVariant.objects.update(price=1300)
    assert shopper.post("/checkout/", form).status_code == 422
    assert Order.objects.get().status == Status.AWAITING
    assert len(sessions(sandbox, "open")) == 1
