"""What a trader states of a product, beside its stock: whether it can be bought then, and what shoppers are told."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from store.basket import contents
from store.catalogue.product_list import states_of, with_figures
from store.models import BasketLine, Order, ProductPage, ProductVariant, StockMovement
from store.orders import emails
from store.payments import refunds
from tests import factories
from tests.store.paying import stock_of
from tests.store.refunding import pay, request
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
COMES = date(2027, 3, 1)
STATED = {
    "later": ({}, "Not in stock yet"),
    "coming": ({"available_on": COMES}, f"Coming on {date_format(COMES)}"),
    "ended": ({}, "Discontinued"),
}


def state(variant: ProductVariant, availability: str, **fields: Any) -> None:
    """State it on the page, as an editor does."""
    page = ProductPage.objects.get(pk=variant.page_id)
    for name, value in {"availability": availability, **fields}.items():
        setattr(page, name, value)
    page.save_revision().publish()


def make_to_order(variant: ProductVariant, *, days: int = 5) -> None:
    state(variant, "to_order", made_in_days=days)


def text(client: Client, path: str) -> str:
    return client.get(path).content.decode()


@pytest.mark.parametrize("availability", STATED)
def test_what_cannot_be_bought_has_words_in_place_of_the_button(
    client: Client, mug: ProductVariant, availability: str
) -> None:
    fields, words = STATED[availability]
    state(mug, availability, **fields)
    page = text(client, mug.page.url)
    assert f"{words}." in page
    assert "Add to basket" not in page
    response = client.post("/basket/add/", {"sku": "MUG", "quantity": 1})
    assert (response.status_code, BasketLine.objects.count()) == (422, 0)
    assert f"{words}." in response.content.decode()


@pytest.mark.parametrize("availability", STATED)
def test_a_basket_says_what_can_no_longer_be_bought_and_no_order_is_placed(
    shopper: Client, mug: ProductVariant, availability: str
) -> None:
    fields, words = STATED[availability]
    state(mug, availability, **fields)
    page = text(shopper, "/basket/")
    assert f"{words}. Remove it to continue." in page
    assert "Go to the checkout" not in page
    assert shopper.get("/checkout/")["Location"] == "/basket/"
    with pytest.raises(contents.BasketError, match=words):
        contents.add(basket=None, sku="MUG", quantity=1)


def test_an_order_is_refused_whose_goods_were_stopped_while_it_was_reviewed(
    shopper: Client, mug: ProductVariant
) -> None:
    page = shopper.get("/checkout/")
    state(mug, "ended")
    form = page.context["form"].initial | {"email": "shopper@example.com", "country": "GB"}
    assert shopper.post("/checkout/", {name: value or "" for name, value in form.items()}).status_code == 302
    assert not Order.objects.exists()


def test_the_shop_lists_what_comes_but_not_what_is_discontinued(client: Client, mug: ProductVariant) -> None:
    state(mug, "coming", available_on=COMES)
    listed = text(client, "/shop/")
    assert f'<p class="good__note">Coming on {date_format(COMES)}</p>' in listed
    assert re.search(r'<span class="tag tag--past">\s*£12.50\s*</span>', listed)
    assert "Sold out" not in listed
    state(mug, "ended")
    assert "Enamel mug" not in text(client, "/shop/")
    assert client.get(mug.page.url).status_code == 200


def test_what_comes_is_sold_by_its_stock_from_its_day_on(client: Client, mug: ProductVariant) -> None:
    state(mug, "coming", available_on=COMES)
    midnight = timezone.make_aware(datetime.combine(COMES, time.min))
    with time_machine.travel(midnight - timedelta(seconds=90), tick=False) as clock:
        response = client.get(mug.page.url)
        assert "Coming on" in response.content.decode()
        assert "s-maxage=90" in response["Cache-Control"]
        assert "s-maxage=90" in client.get("/shop/")["Cache-Control"]
        clock.move_to(midnight)
        page = text(client, mug.page.url)
        assert "In stock" in page
        assert "Add to basket" in page


def test_what_is_made_to_order_takes_nothing_from_the_stock(sandbox: Sandbox, mug: ProductVariant) -> None:
    factories.product("Tea towel", sku="TOWEL", price=980, on_hand=2)
    make_to_order(mug)
    order = factories.awaiting_order(factories.basket(MUG=3, TOWEL=1))
    assert (stock_of("MUG"), stock_of("TOWEL")) == ((10, 0), (2, 1))
    order = pay(sandbox, order)
    assert (stock_of("MUG"), stock_of("TOWEL")) == ((10, 0), (1, 0))
    line = order.lines.get(sku="MUG")
    request(order, lines={line.pk: 1})
    assert stock_of("MUG") == (10, 0)
    refunds.cancel_and_refund(order=order, by="Staff")
    assert (stock_of("MUG"), stock_of("TOWEL")) == ((10, 0), (2, 0))
    order.refresh_from_db()
    assert order.status == Order.Status.CANCELLED
    assert not StockMovement.objects.filter(sku="MUG", order=order).exists()


def test_what_is_made_to_order_can_be_bought_without_any_stock(client: Client, mug: ProductVariant) -> None:
    vase = factories.product("Vase", sku="VASE", on_hand=0)
    make_to_order(vase)
    page = text(client, vase.page.url)
    assert "Made to order in 5 working days" in page
    assert "Add to basket" in page
    assert factories.placed_order(factories.basket(VASE=2)).made_in_days == 5


def test_wherever_delivery_is_promised_the_days_to_make_it_count(
    sandbox: Sandbox, shopper: Client, mug: ProductVariant
) -> None:
    make_to_order(mug)
    assert "Made to order in 5 working days" in text(shopper, "/basket/")
    review = text(shopper, "/checkout/")
    assert review.count("7 to 9 working days") == 2  # beside the choice and the sum
    assert "2 to 4 working days" not in review
    order = factories.awaiting_order(factories.basket(MUG=1))
    estimate = order.session_params["shipping_options"][0]["shipping_rate_data"]["delivery_estimate"]
    assert [estimate[end]["value"] for end in ("minimum", "maximum")] == [7, 9]
    order = pay(sandbox, order)
    state(mug, "stock")  # an order keeps what it was told
    assert "Before that, 5 working days to make it." in text(shopper, order.get_absolute_url())
    assert "We make some of it to order, which takes 5 working days." in text(
        shopper, order.get_absolute_url()
    )
    mail = emails.order_paid(order)
    assert mail is not None
    assert "which takes 5 working days" in mail.message


def test_an_order_that_was_reviewed_is_shown_again_when_it_takes_longer(mug: ProductVariant) -> None:
    digest = factories.quote(factories.basket(MUG=1)).digest
    make_to_order(mug)
    assert factories.quote(factories.basket(MUG=1)).digest != digest


@pytest.mark.parametrize(
    ("availability", "field"), [("coming", "available_on"), ("to_order", "made_in_days")]
)
def test_a_statement_without_its_date_or_days_is_refused(
    mug: ProductVariant, availability: str, field: str
) -> None:
    mug.page.availability = availability
    with pytest.raises(ValidationError) as error:
        mug.page.full_clean()
    assert list(error.value.message_dict) == [field]


def test_staff_read_what_is_stated_in_place_of_the_stock(mug: ProductVariant) -> None:
    state(mug, "ended")
    assert states_of(with_figures(ProductPage.objects.all()).get()) == ["Discontinued"]
    assert not ProductPage.objects.sold_by_stock().exists()
    state(mug, "coming", available_on=timezone.localdate())
    assert ProductPage.objects.sold_by_stock().exists()
