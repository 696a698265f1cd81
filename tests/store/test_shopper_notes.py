"""A shopper's note to the shop: what may be it, and who reads it."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from home.models import User
from store.documents import packing_slips
from store.models import Basket, Order
from store.orders import emails, exports, personal_data
from tests.store.paying import press_pay
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
WORDS = "=Please ring twice.\r\n<b>The dog is kind.</b>"


@pytest.fixture
def noted(sandbox: Sandbox, shopper: Client) -> Order:
    press_pay(shopper, Basket.objects.get(), shopper_note=WORDS)
    Order.objects.update(status=Order.Status.PAID, paid_at=timezone.now())
    return Order.objects.get()


def slip(order: Order) -> str:
    return PdfReader(BytesIO(packing_slips.render([order]))).pages[0].extract_text()


def test_shopper_staff_and_whoever_packs_read_it_but_not_who_unpacks_a_present(
    shopper: Client, noted: Order
) -> None:
    assert noted.shopper_note == WORDS.replace("\r\n", "\n")
    escaped = "=Please ring twice.<br>&lt;b&gt;The dog is kind.&lt;/b&gt;"
    assert escaped in shopper.get(noted.get_absolute_url()).content.decode()
    shopper.force_login(User.objects.create_superuser(email="owner@example.com", password="x"))
    assert escaped in shopper.get(f"/admin/orders/inspect/{noted.pk}/").content.decode()
    mail = emails.order_paid(noted)
    assert mail is not None
    assert noted.shopper_note in mail.message
    assert escaped in mail.html_message
    assert "Note of the shopper: =Please ring twice." in slip(noted)
    rows = csv.DictReader(StringIO(exports.lines(Order.objects.all()).getvalue().decode()))
    assert [row["Note of the shopper"] for row in rows] == [f"'{noted.shopper_note}"]
    noted.gift_message = "Dear Anna"
    assert "Dear Anna" in slip(noted)
    assert "ring twice" not in slip(noted)


def test_a_bad_note_is_told_and_nothing_is_ordered(shopper: Client) -> None:
    for words in ("A" * 501, "An\u202ena", "An\x00na"):
        assert press_pay(shopper, Basket.objects.get(), shopper_note=words).status_code == 422, words
    assert not Order.objects.exists()


def test_it_stays_when_another_country_is_chosen(shopper: Client) -> None:
    page = shopper.post("/checkout/", {"update_total": "yes", "shopper_note": "Ring twice"})
    assert "Ring twice</textarea>" in page.content.decode()


def test_it_is_exported_and_goes_with_the_rest_of_who_bought(settings: Any, noted: Order) -> None:
    [exported] = personal_data.export_orders(noted.email)
    assert exported["shopper_note"] == noted.shopper_note
    settings.ORDER_KEEP_DAYS = 0
    personal_data.expire_orders(timezone.now() + timedelta(days=1))
    noted.refresh_from_db()
    assert noted.shopper_note == ""
