"""Somebody else's order in a browser: another site opens its link back there, or its cookie comes there in any way."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from store.models import Basket, Order
from tests import factories
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status
PATHS = ("/basket/", "/checkout/")
TEXTS: dict[str, Any] = {
    "email": "attacker@example.com",
    "gift_message": "From the attacker",
    "shopper_note": "Send it elsewhere",
}


@pytest.fixture
def planted(sandbox: Sandbox, basket: Basket) -> Order:
    """The attacker's order, whose payment page is open."""
    Order.objects.filter(pk=factories.awaiting_order(basket).pk).update(**TEXTS)
    return Order.objects.get()


@pytest.fixture
def victim(planted: Order) -> Client:
    """A browser with a basket of its own."""
    client = Client()
    client.cookies["basket"] = factories.basket(MUG=1).token
    return client


def come_back(client: Client, order: Order) -> Any:
    """Follow the link back from the payment page, as a page of Stripe or of anybody leads there."""
    return client.get(f"/checkout/cancel/{order.return_token}/", headers={"Sec-Fetch-Site": "cross-site"})


def knows_nothing(client: Client, order: Order) -> bool:
    """Return whether basket and review page show nothing of the order."""
    words = ("You have not paid yet", "was not paid", order.return_token, *TEXTS.values())
    pages = [client.get(path) for path in PATHS]
    return all(
        page.status_code == 200 and not any(one in page.content.decode() for one in words) for page in pages
    )


def test_the_link_back_gives_no_rights_to_a_browser_with_another_basket(
    planted: Order, victim: Client
) -> None:
    for status in (Status.PLACED, Status.AWAITING, Status.EXPIRED, Status.PAID):
        Order.objects.update(status=status)
        for client in (victim, Client()):
            assert come_back(client, planted)["Location"] == planted.get_absolute_url(), status
            assert "order" not in client.cookies, status
    assert knows_nothing(victim, planted)
    Order.objects.update(status=Status.AWAITING)
    assert "Change basket" not in victim.get(planted.get_absolute_url()).content.decode()


def test_the_cookie_of_an_order_of_another_basket_is_told_nowhere_and_fills_in_nothing(
    planted: Order, victim: Client
) -> None:
    victim.cookies["order"] = planted.return_token
    for status in (Status.AWAITING, Status.EXPIRED):
        Order.objects.update(status=status)
        assert knows_nothing(victim, planted), status
    Basket.objects.filter(orders=planted).delete()
    del victim.cookies["basket"]
    assert "paid" not in victim.get("/basket/").content.decode(), "no basket is not the same basket"


def test_the_link_back_gives_no_rights_over_what_cannot_be_paid_any_more(
    planted: Order, shopper: Client
) -> None:
    for status in sorted(set(Status) - Order.PAYABLE):
        Order.objects.update(status=status, paid_at=None if status in Order.OVER else timezone.now())
        come_back(shopper, planted)
        assert "order" not in shopper.cookies, status
        assert shopper.get(f"{planted.get_absolute_url()}cancel/").status_code == 403, status


def test_the_browser_whose_basket_was_ordered_may_go_on_though_it_lost_the_cookie(
    planted: Order, shopper: Client
) -> None:
    for lost in ("", "x" * 43):
        shopper.cookies["order"] = lost
        assert come_back(shopper, planted)["Location"] == "/basket/"
        assert shopper.cookies["order"].value == planted.return_token
    for path in PATHS:
        assert "Continue payment" in shopper.get(path).content.decode()
