"""An order by telephone: staff put it together on a telephone of their own, and the customer pays by the link."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect
from post_office.models import Email
from pytest_django.live_server_helper import LiveServer

from home import spam
from home.models import User
from policies.models import Policy
from store.models import Order
from tests import factories
from tools.stripe_sandbox.server import Sandbox

# Wagtail leaves the closing of a temporary file to the garbage collector.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("one_request_at_a_time"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def _fill() -> None:
    factories.version(factories.policy("terms", kind=Policy.Kind.TERMS), title="Terms of sale")
    factories.shipping()
    factories.product()
    User.objects.create_superuser("owner@example.com", "a-long-password")


def test_what_was_ordered_by_telephone_is_paid_by_its_link(
    browser: Browser,
    live_server: LiveServer,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    fill: Callable[[Callable[[], None]], None],
) -> None:
    monkeypatch.setattr(spam, "FASTEST", timedelta(0))
    fill(_fill)
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/admin/login/?next=/admin/offers/new/")
        page.locator("#id_username").fill("owner@example.com")
        page.locator("#id_password").fill("a-long-password")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Find a product").fill("mug")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Add Enamel mug").click()
        page.get_by_role("spinbutton", name="Quantity").fill("2")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.get_by_label("E-mail address of the customer").fill("ada@example.com")
        expect(page.locator("[data-total]")).to_have_text("£25.00")
        expect(page.locator("[data-line-total]")).to_have_text("£25.00")
        page.get_by_role("button", name="Make the offer").click()
        expect(page.get_by_text("Goods, at today’s prices")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.get_by_role("button", name="Send the link to ada@example.com").click()
        expect(page.get_by_text("The link is sent to ada@example.com.")).to_be_visible()
    link = re.search(r"http\S+/offers/\S+", Email.objects.get().message)
    assert link
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(link[0])
        page.get_by_role("button", name="Review and order").click()
        expect(page.get_by_label("E-mail address")).to_have_value("ada@example.com")
        page.get_by_label("I accept the terms").check()
        page.get_by_role("button", name="Order and pay").click()
        page.wait_for_url(f"{sandbox.url}/**")
        page.locator("button.pay").click()
        page.wait_for_url(f"{live_server.url}/orders/**")
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. Your order is paid")
        page.goto(link[0])
        expect(page.get_by_role("heading", level=1)).to_have_text("This was ordered already, or removed")
    order = Order.objects.get()
    assert (order.status, order.total, order.terms_accepted is not None) == ("paid", 2895, True)
