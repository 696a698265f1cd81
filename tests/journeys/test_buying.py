"""Buying in a real browser, from the shelf to a paid order: by keyboard, without JavaScript, and with second thoughts.

The payment page is that of Stripe's stand-in, which tells the shop by really signed webhooks.
"""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from post_office.models import Email
from pypdf import PdfReader

from home.models import User
from store.documents import printing
from store.models import Order, ProductPage, ProductVariant, ShippingOption, StockItem
from store.orders import lifecycle
from store.payments import refunds
from tests import factories
from tests.journeys.shopping import go_to_payment, pay, put_in
from tests.journeys.windows import assert_accessible, each_window
from tests.store import paying
from tools.stripe_sandbox.server import Sandbox

Status = Order.Status


def press(page: Page, role: Any, name: str, *keys: str) -> None:
    """Go to something with the tab key alone, and press keys there: Enter, if no others are named."""
    wanted = page.get_by_role(role, name=name).first
    for _ in range(40):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            for key in keys or ("Enter",):
                page.keyboard.press(key)
            return
    pytest.fail(f"The tab key does not reach the {role} {name!r}.")


def test_a_shopper_buys_with_the_keyboard_alone(page: Page, shop: str, sandbox: Sandbox) -> None:
    page.goto(f"{shop}/shop/")
    press(page, "link", "Enamel mug")
    page.wait_for_url("**/shop/enamel-mug-mug/")
    press(page, "button", "Add to basket")
    result = page.get_by_role("status").filter(has_text="Your basket now has 1 item.")
    expect(result).to_be_visible()
    expect(page.locator("[data-basket-count]")).to_have_text("1")
    press(page, "link", "Go to the basket")
    page.wait_for_url("**/basket/")
    press(page, "link", "Go to the checkout")
    page.wait_for_url("**/checkout/")
    press(page, "textbox", "E-mail address", *"shopper@example.com")
    press(page, "checkbox", "I accept the terms", "Space")
    press(page, "button", "Order and pay")
    page.wait_for_url(f"{sandbox.url}/**")
    page.locator("button.pay").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop}/orders/**")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. Your order is paid")
    assert set(paying.deliver(sandbox).values()) == {200}
    order = Order.objects.get()
    assert (order.status, paying.sales(order), paying.mails_about(order)) == (Status.PAID, 1, 1)
    assert paying.stock_of() == (2, 0)
    expect(page.locator("[data-basket-count]")).to_be_hidden()
    page.emulate_media(media="print")  # a receipt
    for words in ("Seller", "Billing address", "Payment"):
        expect(page.get_by_role("heading", name=words)).to_be_visible()
    for part in (".site-header", ".site-footer", ".timeline__ahead", ".order__proof"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.get_by_role("link", name="Cancel the order")).to_be_hidden()
    page.emulate_media(media="screen")
    press(page, "link", "Cancel the order")
    page.wait_for_url("**/cancel/")
    press(page, "button", "Cancel the order and refund £16.45")
    expect(page.get_by_role("heading", level=1)).to_have_text("This order was cancelled")
    assert paying.stock_of() == (3, 0)


def words_of(path: Path) -> str:
    """Return the words of a PDF."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


def test_order_payment_refund_and_papers_agree(page: Page, shop: str, sandbox: Sandbox) -> None:
    factories.vat(GB=20)
    put_in(page, shop, "Enamel mug", 2)
    go_to_payment(page, shop, sandbox)
    pay(page, shop)
    order = Order.objects.get()
    line = order.lines.get()
    refunds.request_refund(order=order, wanted=refunds.Wanted(lines={line.pk: 1}), by="Staff")
    printing.print_missing()
    page.reload()
    money = page.get_by_role("region", name="Payment")
    for words in ("£28.95", "−£12.50", "£16.45"):
        expect(money).to_contain_text(words)
    # Prices include VAT: 28.95 / 6 = 4.825, of which 12.50 took back what then is not due.
    stated = {"Invoice INV-000001": ("£28.95", "£4.83"), "Credit note CN-000001": ("£12.50", "£2.09")}
    for name, figures in stated.items():
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        page.emulate_media(media="print")
        expect(page.get_by_role("link", name="Download as PDF")).to_be_hidden()
        page.emulate_media(media="screen")
        for figure in figures:
            expect(page.get_by_role("article")).to_contain_text(figure)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download as PDF").click()
        assert all(figure in words_of(download.value.path()) for figure in figures)
        page.go_back()


def test_a_present_with_names_on_it_is_bought_and_packed_on_a_telephone(
    page: Page, shop: str, sandbox: Sandbox
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    asked = {"text_label": "Name on the mug", "text_length": 12, "text_price": 300}
    ProductPage.objects.filter(slug="enamel-mug-mug").update(**asked)
    page.goto(f"{shop}/shop/enamel-mug-mug/")
    for number, name in enumerate(("Anna", "Tom"), start=1):
        page.get_by_label("Name on the mug (+ £3.00)").fill(name)
        page.get_by_role("button", name="Add to basket").click()
        expect(page.get_by_text(f"Your basket now has {number} item")).to_be_visible()
    assert_accessible(page)
    page.goto(f"{shop}/checkout/")
    page.get_by_label("E-mail address").fill("shopper@example.com")
    page.get_by_label("Gift message").fill("Dear both,\nall the best")
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Order and pay £34.95").click()
    page.wait_for_url(f"{sandbox.url}/**")
    pay(page, shop)
    order = Order.objects.get()
    words = ("Name on the mug: Anna", "Name on the mug: Tom", "Dear both, all the best")
    for part in words:
        expect(page.locator("main")).to_contain_text(part.replace(", all", ",all"))
    mail = Email.objects.get(to=order.email).message
    staff = Client()
    staff.force_login(User.objects.create_superuser(email="owner@example.com", password="x"))
    session = staff.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": shop}])
    page.goto(f"{shop}/admin/orders/inspect/{order.pk}/")
    page.get_by_role("button", name="Mark as packed").click()
    expect(page.get_by_role("button", name="Undo: it is not packed")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Packing slip").click()
    slip = words_of(download.value.path())
    assert all(part in slip and part in " ".join(mail.split()) for part in words)
    assert "£" not in slip


def test_a_shopper_buys_without_javascript(plain: Page, shop: str, sandbox: Sandbox) -> None:
    put_in(plain, shop, "Enamel mug", 2)
    plain.wait_for_url("**/basket/")
    put_in(plain, shop, "Tea towel")
    quantity = plain.get_by_label("Quantity: Enamel mug")
    quantity.fill("5")
    plain.get_by_role("button", name="Update").first.click()
    expect(plain.get_by_text("Only 3 are left: your basket has 5.")).to_be_visible()
    expect(plain.get_by_role("link", name="Go to the checkout")).to_have_count(0)
    quantity.fill("3")
    plain.get_by_role("button", name="Update").first.click()
    plain.get_by_role("button", name="Remove").nth(1).click()
    plain.get_by_role("button", name="Undo").click()
    plain.get_by_role("button", name="Remove").nth(1).click()
    plain.get_by_role("link", name="Go to the checkout").click()
    plain.get_by_label("Deliver to").select_option("IE")
    plain.get_by_role("button", name="Update the total").click()
    expect(plain.get_by_label("Deliver to")).to_have_value("IE")
    expect(plain.get_by_role("button", name="Order and pay £47.00")).to_be_visible()
    plain.get_by_role("button", name="Order and pay").click()
    expect(plain.get_by_role("alert")).to_contain_text("Accept the terms")
    plain.get_by_label("E-mail address").fill("shopper@example.com")
    plain.get_by_label("I accept the terms").check()
    plain.get_by_role("button", name="Order and pay £47.00").click()
    plain.wait_for_url(f"{sandbox.url}/**")
    pay(plain, shop)
    order = Order.objects.get()
    assert (order.status, order.country, order.total) == (Status.PAID, "IE", 4700)


def test_a_shopper_collects_what_was_ordered_on_a_phone(
    page: Page, shop: str, sandbox: Sandbox, admin_user: User
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    post = ShippingOption.objects.first()
    values = {"country": post.country, "name": "Collect it", "price": 0, "kind": "collection"}
    ShippingOption.objects.create(**values, collect_at="5 Kiln Lane, Leeds\nTuesday to Friday, 10 to 16")
    put_in(page, shop, "Enamel mug")
    page.goto(f"{shop}/checkout/")
    expect(page.get_by_text("You enter the address on the payment page.")).to_be_visible()
    page.get_by_label("E-mail address").fill("shopper@example.com")
    page.get_by_label("Collect it").check()
    expect(page.get_by_text("Tuesday to Friday, 10 to 16")).to_be_visible()
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Order and pay £12.50").click()
    page.wait_for_url(f"{sandbox.url}/**")
    expect(page.get_by_text("Delivery address")).to_have_count(0)
    pay(page, shop)
    expect(page.get_by_role("region", name="Delivery")).to_contain_text("5 Kiln Lane, Leeds")
    order = Order.objects.get()
    for step in (Status.PACKED, Status.READY):
        lifecycle.take_staff_step(order_id=order.pk, to=step, user=admin_user)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your order is ready to collect")
    assert "5 Kiln Lane, Leeds" in Email.objects.get(subject__contains="ready to collect").message


def test_who_turns_round_reads_everywhere_that_nothing_is_paid_and_what_changed_meanwhile(
    page: Page, shop: str, sandbox: Sandbox
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    put_in(page, shop, "Enamel mug", 2)
    expect(page.locator("[data-basket-count]")).to_have_text("2")
    ProductVariant.objects.filter(sku="MUG").update(price=1400)
    page.goto(f"{shop}/basket/")
    expect(page.get_by_text("Enamel mug: was £12.50, now £14.00.")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    expect(page.locator("[data-basket-count]")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Quantity: Enamel mug")).to_have_value("2")
    expect(page.get_by_text("was £12.50")).to_be_hidden()
    ProductVariant.objects.filter(sku="MUG").update(price=1500)
    page.reload()
    page.get_by_role("button", name="OK").click()
    expect(page.get_by_text("now £15.00")).to_be_hidden()
    page.goto(f"{shop}/checkout/")
    page.get_by_label("E-mail address").fill("shopper@example.com")
    page.get_by_role("button", name="Order and pay").click()  # refused: the terms are not accepted
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url(f"{sandbox.url}/**")
    page.go_back()  # by the browser's own button
    expect(page).to_have_url(f"{shop}/checkout/")
    expect(page.get_by_role("link", name="Continue payment (39 minutes left)")).to_be_visible()
    assert_accessible(page)
    page.go_forward()
    page.locator("a.back").first.click()
    expect(page).to_have_url(f"{shop}/basket/")
    expect(page.get_by_text("You have not paid yet")).to_be_visible()
    assert paying.stock_of() == (3, 2)
    page.get_by_role("button", name="Change basket").click()
    page.wait_for_url(f"{shop}/basket/?unpaid=1")
    expect(page.get_by_label("Quantity: Enamel mug")).to_have_value("2")
    assert paying.stock_of() == (3, 0)
    assert Order.objects.get().status == Status.CANCELLED
    assert paying.sessions(sandbox, "expired")


def test_who_pays_by_bank_debit_can_order_more_while_the_bank_takes_its_time(
    page: Page, shop: str, sandbox: Sandbox
) -> None:
    put_in(page, shop, "Enamel mug")
    go_to_payment(page, shop, sandbox)
    first = Order.objects.get()
    back = sandbox.pay(first.session_id, outcome="delayed_success")
    page.goto(back)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. The payment is under way")
    expect(page.locator("[data-basket-count]")).to_be_hidden()
    put_in(page, shop, "Tea towel")
    go_to_payment(page, shop, sandbox)
    pay(page, shop)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. Your order is paid")
    first.refresh_from_db()
    assert first.status == Status.PROCESSING
    assert paying.stock_of() == (3, 1)


def test_who_comes_back_with_all_cookies_gone_still_sees_the_order(
    page: Page, context: BrowserContext, shop: str, sandbox: Sandbox
) -> None:
    put_in(page, shop, "Enamel mug")
    expect(page.locator("[data-basket-count]")).to_have_text("1")
    go_to_payment(page, shop, sandbox)
    context.clear_cookies()
    pay(page, shop)
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. Your order is paid")
    expect(page.get_by_text("Enamel mug")).to_be_visible()
    assert StockItem.objects.get(sku="MUG").on_hand == 2


def test_the_shops_pages_are_accessible_and_fit_the_screen(page: Page, shop: str, sandbox: Sandbox) -> None:
    put_in(page, shop, "Enamel mug")
    expect(page.get_by_role("link", name="Go to the basket")).to_be_visible()
    assert_sound(page)
    for path in ("/shop/", "/basket/", "/orders/find/", "/checkout/"):
        page.goto(shop + path)
        assert_sound(page)
    page.get_by_role("button", name="Order and pay").click()
    expect(page.locator(".error-summary")).to_be_visible()
    assert_sound(page)
    go_to_payment(page, shop, sandbox)
    page.goto(shop + Order.objects.get().get_absolute_url())
    expect(page.get_by_role("link", name="Continue payment")).to_be_visible()
    assert_sound(page)
    page.get_by_role("link", name="Continue payment").click()
    pay(page, shop)
    assert_sound(page)
    page.get_by_role("link", name="Correct the delivery address").click()
    page.wait_for_url("**/address/")
    assert_sound(page)
    page.locator("#id_name").fill("Ann Other")
    page.get_by_role("button", name="Save the address").click()
    expect(page.get_by_role("status").filter(has_text="The delivery address is saved.")).to_be_focused()
    assert_sound(page)


def assert_sound(page: Page) -> None:
    for width in each_window(page, ((320, 800), (1280, 800))):
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width, page.url
