"""The gift message of an order: what may be it, and who reads it."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from home.models import User
from store.documents import packing_slips
from store.models import Basket, Order
from store.orders import emails, personal_data
from tests.store.paying import press_pay, settle
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
WORDS = "Dear Anna,\r\n<b>all the best</b>\r\nTom"


@pytest.fixture
def present(sandbox: Sandbox, shopper: Client) -> Order:
    press_pay(shopper, Basket.objects.get(), gift_message=WORDS)
    order = Order.objects.get()
    sandbox.pay(order.session_id)
    return settle(order)


def test_shopper_staff_and_whoever_opens_the_parcel_read_it(shopper: Client, present: Order) -> None:
    assert present.gift_message == "Dear Anna,\n<b>all the best</b>\nTom"
    escaped = "Dear Anna,<br>&lt;b&gt;all the best&lt;/b&gt;<br>Tom"
    assert escaped in shopper.get(present.get_absolute_url()).content.decode()
    shopper.force_login(User.objects.create_superuser(email="owner@example.com", password="x"))
    assert escaped in shopper.get(f"/admin/orders/inspect/{present.pk}/").content.decode()
    slip = PdfReader(BytesIO(packing_slips.render([present]))).pages[0].extract_text()
    assert "Dear Anna,\n<b>all the best</b>\nTom" in slip
    mail = emails.order_paid(present)
    assert mail is not None
    assert present.gift_message in mail.message
    assert escaped in mail.html_message


BAD: dict[str, Any] = {
    "A" * 301: "at most 300 characters",
    "An\u202ena": "U+202E",
    "An\x00na": "Null characters are not allowed",
    "\u200b": "nothing of it can be seen",
}


@pytest.mark.parametrize("words", BAD)
def test_a_bad_message_is_told_and_nothing_is_ordered(shopper: Client, words: str) -> None:
    response = press_pay(shopper, Basket.objects.get(), gift_message=words)
    assert response.status_code == 422
    assert BAD[words] in response.content.decode()
    assert not Order.objects.exists()


@pytest.mark.parametrize("words", ["", " \r\n ", "A\r\n" * 149 + "AA"])
def test_it_may_be_left_out_or_have_three_hundred_characters(
    sandbox: Sandbox, shopper: Client, words: str
) -> None:
    assert press_pay(shopper, Basket.objects.get(), gift_message=words).status_code == 303
    assert Order.objects.get().gift_message == words.replace("\r\n", "\n").strip()


def test_it_stays_when_another_country_is_chosen(shopper: Client) -> None:
    page = shopper.post("/checkout/", {"update_total": "yes", "gift_message": "Dear Anna"})
    assert "Dear Anna</textarea>" in page.content.decode()


def test_it_is_exported_and_goes_with_the_rest_of_who_bought(settings: Any, present: Order) -> None:
    [exported] = personal_data.export_orders(present.email)
    assert exported["gift_message"] == present.gift_message
    settings.ORDER_KEEP_DAYS = 0
    personal_data.expire_orders(timezone.now() + timedelta(days=1))
    present.refresh_from_db()
    assert present.gift_message == ""
