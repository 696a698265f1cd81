"""Closed days, orders that are not taken, and the cut-off hour: what shoppers read, and what they can order."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from home.page_cache import tokens
from store.basket.contents import count
from store.models import Basket, ClosedPeriod, Order, ProductVariant, ShopSettings
from tests import factories
from tests.home.page_cache.asking import get
from tests.store.paying import press_pay, settle, shown
from tests.store.refunding import pay
from tests.store.shop_settings import save
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
AWAY = "We are on holiday."


@pytest.fixture
def friday() -> Iterator[Any]:
    """Noon of a Friday where the site is, two hours before the cut-off."""
    with time_machine.travel("2026-11-27 12:00 +0100", tick=False) as clock:
        yield clock


@pytest.fixture
def promised(friday: Any, mug: ProductVariant) -> ShopSettings:
    return factories.shop_settings(cut_off=time(14))


def close(shop: ShopSettings, begin: date, end: date, **values: Any) -> None:
    ClosedPeriod.objects.create(shop=shop, begin=begin, end=end, sentence=AWAY, **values)


def text(response: Any) -> str:
    content = response.body if hasattr(response, "body") else response.content
    return " ".join(content.decode().split())


# --- By when -------------------------------------------------------------------------------------------------
def test_product_basket_and_review_say_by_when(promised: ShopSettings, shopper: Client) -> None:
    product = text(shopper.get("/shop/enamel-mug-mug/"))
    for page in (product, text(shopper.get("/basket/"))):
        assert "Arrives Tue 1 to Thu 3 December if ordered by 2 p.m. today" in page
        assert "This is for “Post” to GB." in page
    page = text(shopper.get("/checkout/"))
    assert '<span class="variant__left">Tue 1 to Thu 3 December</span>' in page
    assert "Arrives Tue 1 to Thu 3 December" in page


def test_nothing_is_promised_before_the_cut_off_is_stated(friday: Any, shopper: Client) -> None:
    assert "Delivery in 2 to 4 working days" in text(shopper.get("/shop/enamel-mug-mug/"))
    assert '<span class="variant__left">2 to 4 working days</span>' in text(shopper.get("/checkout/"))


def test_an_order_keeps_the_days_that_were_promised(
    promised: ShopSettings, sandbox: Sandbox, order: Order, shopper: Client, admin_client: Client
) -> None:
    factories.shop_settings(cut_off=None)
    order = pay(sandbox, order)
    assert (order.dispatch_by, order.arrives) == (date(2026, 11, 27), "Tue 1 to Thu 3 December")
    page = text(shopper.get(order.get_absolute_url()))
    assert "It should arrive on Tue 1 to Thu 3 December." in page
    assert "Post, Tue 1 to Thu 3 December" in page
    staff = text(admin_client.get(f"/admin/orders/inspect/{order.pk}/"))
    assert "it leaves by 27 Nov 2026 and arrives Tue 1 to Thu 3 December." in staff


def test_days_that_pass_before_the_payment_are_promised_anew(
    promised: ShopSettings, sandbox: Sandbox, order: Order, friday: Any
) -> None:
    sandbox.pay(order.session_id, outcome="delayed_success")
    assert settle(order).arrives == "Tue 1 to Thu 3 December"
    friday.shift(timedelta(days=3))  # a Monday
    sandbox.decide(order.session_id, succeeds=True)
    order = settle(order)
    assert (order.dispatch_by, order.arrives) == (date(2026, 11, 30), "Wed 2 to Fri 4 December")


def test_a_cut_off_that_passes_before_the_order_is_shown_first(
    promised: ShopSettings, sandbox: Sandbox, shopper: Client, basket: Basket, friday: Any
) -> None:
    before = shown(basket)
    friday.shift(timedelta(hours=2))
    refused = press_pay(shopper, basket, **before)
    assert refused.status_code == 422
    assert "Arrives Wed 2 to Fri 4 December" in text(refused)
    assert not Order.objects.exists()


# --- Closed --------------------------------------------------------------------------------------------------
def test_a_closed_week_begins_and_ends_at_midnight_with_the_caches(promised: ShopSettings) -> None:
    close(promised, date(2026, 12, 7), date(2026, 12, 11))
    get("/")  # makes the rows of the settings
    tokens.reset()
    shop, product, home = "/shop/", "/shop/enamel-mug-mug/", "/"
    with time_machine.travel("2026-12-06 23:58:20 +0100", tick=False) as clock:
        assert "Arrives Wed 9 to" not in text(get(product))
        assert "Arrives Wed 16 to Fri 18 December" in text(get(product))
        assert "if ordered by 2 p.m. on Mon 14 December" in text(get(product))
        assert AWAY not in text(get(shop))
        assert [get(path).headers["Cache-Control"][-12:] for path in (shop, home)] == [
            "s-maxage=100",
            "s-maxage=300",
        ]
        clock.shift(100)
        assert AWAY in text(get(shop))
        assert AWAY in text(get(product))
        clock.move_to(datetime.fromisoformat("2026-12-11T23:59:59+01:00"))
        assert AWAY in text(get(shop))
        clock.shift(1)
        assert AWAY not in text(get(shop))


def test_closed_days_on_which_orders_are_taken_say_so_everywhere_and_order(
    promised: ShopSettings, sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    close(promised, date(2026, 11, 27), date(2026, 12, 4))
    for path in ("/shop/", "/shop/enamel-mug-mug/", "/basket/", "/checkout/"):
        assert AWAY in text(shopper.get(path)), path
    assert press_pay(shopper, basket).status_code == 303
    assert Order.objects.get().dispatch_by == date(2026, 12, 7)


# --- Orders that are not taken -------------------------------------------------------------------------------
def stop(shop: ShopSettings) -> None:
    factories.shop_settings(takes_orders=False, not_taken_note=AWAY)


def stop_for_a_week(shop: ShopSettings) -> None:
    close(shop, date(2026, 11, 27), date(2026, 12, 4), takes_orders=False)


@pytest.mark.parametrize("how", [stop, stop_for_a_week])
def test_no_orders_are_taken_and_the_shop_says_why(
    promised: ShopSettings, sandbox: Sandbox, shopper: Client, basket: Basket, how: Any
) -> None:
    before = shown(basket)
    how(promised)
    page = text(shopper.get("/shop/enamel-mug-mug/"))
    assert AWAY in page
    assert "Add to basket" not in page
    page = text(shopper.get("/basket/"))
    assert AWAY in page
    assert "Go to the checkout" not in page
    answer = shopper.post("/basket/add/", {"sku": "MUG", "quantity": 1}, HTTP_ACCEPT="application/json")
    assert (answer.status_code, answer.json()["error"], count(basket)) == (422, AWAY, 2)
    for answer in (shopper.get("/checkout/", follow=True), press_pay(shopper, basket, **before)):
        assert answer.status_code in {200, 302}
        assert AWAY in text(shopper.get("/basket/"))
    assert not Order.objects.exists()


def test_what_was_ordered_before_is_still_paid(
    promised: ShopSettings, sandbox: Sandbox, order: Order
) -> None:
    stop(promised)
    assert pay(sandbox, order).status == Order.Status.PAID


# --- The settings --------------------------------------------------------------------------------------------
ROW = {
    "closed-TOTAL_FORMS": "1",
    "closed-0-sentence": AWAY,
    "closed-0-takes_orders": "on",
    "takes_orders": "on",
}


def days(begin: str, end: str) -> dict[str, str]:
    return {**ROW, "closed-0-begin": begin, "closed-0-end": end}


def test_closed_days_are_rows_of_the_settings(promised: ShopSettings, admin_client: Client) -> None:
    save(admin_client, **days("2026-12-07", "2026-12-07"))
    assert str(ClosedPeriod.objects.get()) == "2026-12-07 – 2026-12-07"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (days("2026-12-07", "2026-12-06"), "The last day is before the first."),
        (days("2026-02-30", "soon"), "Enter a valid date."),
        ({"takes_orders": "", "not_taken_note": " "}, "Enter what shoppers read meanwhile."),
        ({"takes_orders": "on", "cut_off": "25:00"}, "Enter a valid time."),
        ({"takes_orders": "on", "dispatch_days": "7"}, "7 is not one of the available choices."),
        ({"takes_orders": "on", "dispatch_days": ()}, "This field is required."),
    ],
)
def test_what_makes_no_sense_is_refused(
    promised: ShopSettings, admin_client: Client, typed: dict[str, str], words: str
) -> None:
    assert words in save(admin_client, **typed)
    shop = ShopSettings.current()
    assert (shop.takes_orders, shop.cut_off, shop.dispatch_days) == (True, time(14), [0, 1, 2, 3, 4])
    assert not ClosedPeriod.objects.exists()
