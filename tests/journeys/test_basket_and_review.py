"""The basket and the review page in a real browser: totals that follow what is chosen, and a script that fails."""

import re

from playwright.sync_api import Page, Route, expect

from store.models import Basket, Order
from tests.journeys.shopping import put_in
from tools.stripe_sandbox.server import Sandbox


def order_to_ireland_at_once(page: Page, shop: str) -> None:
    """Choose another country and order, before the page can show the total of that."""
    put_in(page, shop, "Enamel mug")
    page.goto(f"{shop}/checkout/")
    page.get_by_label("E-mail address").fill("shopper@example.com")
    page.get_by_label("I accept the terms").check()
    page.get_by_label("Deliver to").select_option("IE")
    page.get_by_role("button", name="Order and pay £16.45").click()
    expect(page.get_by_role("alert")).to_contain_text("Check them before you pay.")
    assert not Order.objects.exists()
    expect(page.get_by_label("Deliver to")).to_have_value("IE")
    page.get_by_role("button", name="Order and pay £22.00").click()


def test_without_javascript_the_order_goes_where_the_page_says(
    plain: Page, shop: str, sandbox: Sandbox
) -> None:
    order_to_ireland_at_once(plain, shop)
    plain.wait_for_url(f"{sandbox.url}/**")
    assert (Order.objects.get().country, Order.objects.get().total) == ("IE", 2200)


def test_who_orders_before_the_new_total_has_come_is_shown_it_first(
    page: Page, shop: str, sandbox: Sandbox
) -> None:
    late: list[Route] = []  # answers that are on their way

    def hold_back(route: Route) -> None:
        late.append(route)

    page.route(re.compile(r"/checkout/\?country=IE"), hold_back)
    order_to_ireland_at_once(page, shop)
    page.wait_for_url(f"{sandbox.url}/**")
    assert late
    assert (Order.objects.get().country, Order.objects.get().total) == ("IE", 2200)


def test_totals_follow_what_is_chosen_and_nothing_typed_is_lost(page: Page, shop: str) -> None:
    put_in(page, shop, "Enamel mug")
    page.goto(f"{shop}/checkout/")
    page.get_by_label("E-mail address").fill("shopper@example.com")
    page.get_by_label("Deliver to").select_option("IE")
    expect(page.get_by_role("button", name="Order and pay £22.00")).to_be_visible()
    expect(page.locator("[data-announce]")).to_have_text("The final total is now £22.00.")
    expect(page.get_by_label("E-mail address")).to_have_value("shopper@example.com")
    expect(page.get_by_role("button", name="Update the total")).to_be_hidden()
    page.get_by_role("button", name="Order and pay").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.get_by_label("Deliver to")).to_have_value("IE")


def test_a_quantity_changes_without_leaving_the_page_and_is_announced(page: Page, shop: str) -> None:
    put_in(page, shop, "Tea towel")
    expect(page.locator("[data-basket-count]")).to_have_text("1")
    page.goto(f"{shop}/basket/")
    quantity = page.get_by_label("Quantity: Tea towel")
    quantity.fill("4")
    quantity.press("Tab")
    expect(page.locator("[data-announce]")).to_have_text("The goods now cost £39.20.")
    expect(page.locator("[data-basket-count]")).to_have_text("4")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="Your basket is empty")).to_be_visible()
    expect(page.locator("[data-basket-count]")).to_be_hidden()
    assert "basket" not in {cookie["name"] for cookie in page.context.cookies()}


def test_nobody_walks_past_a_quantity_that_is_wrong(page: Page, shop: str) -> None:
    put_in(page, shop, "Tea towel")
    page.goto(f"{shop}/basket/")
    quantity = page.get_by_label("Quantity: Tea towel")
    for wrong in ("-1", "1000", ""):
        quantity.fill(wrong)
        page.get_by_role("link", name="Go to the checkout").click()
        expect(quantity).to_be_focused()
        assert page.url == f"{shop}/basket/"
    quantity.fill("2")
    page.get_by_role("link", name="Go to the checkout").click()
    page.wait_for_url("**/checkout/")
    expect(page.get_by_text("£19.60").first).to_be_visible()


def test_the_checkout_waits_until_a_changed_quantity_has_arrived(page: Page, shop: str) -> None:
    put_in(page, shop, "Tea towel")
    page.goto(f"{shop}/basket/")

    def slowly(route: Route) -> None:
        page.wait_for_timeout(600)
        route.continue_()

    page.route("**/basket/update/", slowly)
    page.get_by_label("Quantity: Tea towel").fill("4")
    page.get_by_role("link", name="Go to the checkout").click()
    page.wait_for_url("**/checkout/")
    expect(page.get_by_text("£39.20").first).to_be_visible()


def test_who_only_looks_gets_no_cookie_and_asks_for_no_basket(page: Page, shop: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/shop/", "/shop/enamel-mug-mug/"):
        page.goto(shop + path)
        page.wait_for_load_state("networkidle")
    assert page.context.cookies() == []
    assert not [url for url in asked if "/basket/" in url]
    assert not Basket.objects.exists()


def test_where_the_script_cannot_reach_the_shop_the_shopper_is_told(page: Page, shop: str) -> None:
    page.route("**/basket/add/", lambda route: route.abort())
    page.goto(f"{shop}/shop/enamel-mug-mug/")
    page.get_by_role("button", name="Add to basket").click()
    expect(page.get_by_role("status").filter(has_text="could not be added to your basket")).to_be_visible()
    assert not Basket.objects.exists()
