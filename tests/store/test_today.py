"""What the shop shows on the first page of the admin: what waits, and what came in on the last days."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from store.models import Order, Refund, StockItem
from store.models.orders import new_number
from store.payments import takings
from tests.config.dashboard import OWNER, sign_in, tiles, today

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
NOW = datetime(2026, 7, 15, 12, tzinfo=UTC)


def order(**values: Any) -> Order:
    zero = dict.fromkeys(("subtotal", "shipping", "total"), 0)
    given = {
        "placed_at": timezone.now(),
        "currency": "GBP",
        "paid_currency": "GBP",
        "country": "GB",
        **zero,
        **values,
    }
    return Order.objects.create(number=new_number(), **given)


def refund(of: Order, amount: int, at: datetime, status: str = Refund.Status.SUCCEEDED) -> None:
    Refund.objects.create(order=of, amount=amount, created_at=at, status=status, by="Owner")


@pytest.fixture
def owner(client: Client) -> Client:
    sign_in(client, OWNER)
    return client


def test_each_kind_of_work_is_counted(owner: Client) -> None:
    order(status=Order.Status.PAID)
    order(status=Order.Status.PAID, needs_attention=True)
    order(status=Order.Status.PACKED)
    StockItem.objects.bulk_create(
        [StockItem(sku="FEW", on_hand=2), StockItem(sku="ENOUGH", on_hand=9), StockItem(sku="NONE")]
    )
    shown = tiles(today(owner))
    wanted = {"To pack": "2", "To send": "1", "Needs attention": "1", "Low in stock": "1"}
    assert {label: shown[label] for label in wanted} == wanted


def test_an_order_is_late_after_the_day_by_which_it_was_to_leave_until_it_has_left() -> None:
    with time_machine.travel(
        datetime(2026, 7, 15, 23, 30, tzinfo=UTC), tick=False
    ):  # in London it is the 16th
        made = [
            order(status=status, dispatch_by=day and date(2026, 7, day), shipping_name=f"{status} {day}")
            for status in Order.Status.values
            for day in (None, 14, 15, 16)
        ]
        late = {one.shipping_name: one.days_late for one in made if one.days_late}
        assert late == {"paid 14": 2, "paid 15": 1, "packed 14": 2, "packed 15": 1}
        assert {one.shipping_name for one in Order.objects.late()} == {*late}


def test_late_orders_come_first_and_lead_to_their_list(owner: Client) -> None:
    assert "Late" not in tiles(today(owner))
    yesterday = timezone.localdate() - timedelta(days=1)
    late = order(status=Order.Status.PACKED, dispatch_by=yesterday)
    in_time = order(status=Order.Status.PAID, dispatch_by=yesterday + timedelta(days=1))
    html = today(owner)
    assert next(iter(tiles(html).items())) == ("Late", "1")
    assert 'tile--alarm"> <a href="/admin/orders/?late=true">' in html
    buttons = re.findall(r'<a class="button( button-secondary)?" href="[^"]*">([^<]*)</a>', html)
    assert buttons[:2] == [("", "Send 1 late order"), (" button-secondary", "Pack 1 order")]
    listed = owner.get("/admin/orders/", {"late": "true"}).content.decode()
    assert late.number in listed
    assert in_time.number not in listed
    assert "pill--late" in listed
    assert "pill--late" not in owner.get("/admin/orders/", {"status": "paid"}).content.decode()
    page = owner.get(f"/admin/orders/inspect/{late.pk}/").content.decode()
    assert f"Promised to leave by {yesterday:%-d %b}: 1 day late" in page


@pytest.mark.parametrize(
    ("group", "shown", "money"),
    [
        ("Customer service", {"To pack", "Low in stock", "Messages to answer"}, True),
        ("Editors", set(), False),
    ],
)
def test_a_group_sees_its_own_work(client: Client, group: str, shown: set[str], money: bool) -> None:
    sign_in(client, group)
    html = today(client)
    assert shown <= set(tiles(html))
    assert bool(tiles(html)) == bool(shown)
    assert ("Takings, last" in html) == money


def test_takings_are_what_was_paid_less_what_was_refunded_on_days_of_the_site() -> None:
    late = datetime(2026, 7, 14, 23, 30, tzinfo=UTC)  # in London it is the 15th
    one = order(paid_at=late, paid_amount=5000)
    order(paid_at=NOW - timedelta(days=2), paid_amount=700)
    order(paid_at=NOW - timedelta(days=31), paid_amount=9900)
    order(paid_at=NOW, paid_amount=100, paid_currency="EUR")
    order(paid_amount=800)  # nobody has paid it
    refund(one, 1500, NOW)
    refund(one, 400, NOW, Refund.Status.FAILED)
    taken = takings.by_day(today=date(2026, 7, 15))
    assert len(taken) == 30
    assert {day.day: amount for day, amount in taken.items() if amount} == {15: 3500, 13: 700}


def test_a_day_with_more_refunds_than_payments_is_below_zero() -> None:
    refund(order(paid_at=NOW - timedelta(days=40), paid_amount=5000), 5000, NOW)
    with time_machine.travel(NOW, tick=False):
        shown = takings.TakingsPanel().get_context_data()
    assert shown["table"] == [(date(2026, 7, 15), "−£50.00")]
    assert shown["total"] == "−£50.00"


def test_the_page_asks_the_database_as_often_for_many_rows_as_for_few(owner: Client) -> None:
    def asked() -> int:
        today(owner)
        with CaptureQueriesContext(connection) as queries:
            today(owner)
        return len(queries)

    def fill(count: int) -> None:
        now = timezone.now()
        for number in range(count):
            one = order(
                status=Order.Status.PAID,
                dispatch_by=date(2026, 1, 1),
                needs_attention=True,
                paid_at=now - timedelta(days=number),
                paid_amount=10**9,
            )
            refund(one, 100, now)
            StockItem.objects.create(sku=f"S{one.number}", on_hand=1)

    fill(1)
    for_few = asked()
    fill(10)
    assert asked() == for_few
