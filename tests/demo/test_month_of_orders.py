"""The demo's month of orders: made at a running sandbox on this machine, in every status, with stock that adds up."""

import time
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone
from post_office.models import Email

from demo import shop
from store.models import Order, OrderEvent, StockItem, StockMovement
from store.payments import reconciliation
from tests.store import paying
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    chosen = SimpleNamespace()
    with paying.stand_in(chosen) as running, override_settings(**vars(chosen)):
        yield running


@pytest.fixture(scope="module", autouse=True)
def _seeded(sandbox: Sandbox, database_of_module: None) -> None:
    call_command("seed_demo", stdout=StringIO())


def test_a_month_of_orders_stands_in_every_status() -> None:
    now = timezone.now()
    assert set(Order.objects.values_list("status", flat=True)) == set(Order.Status) - {Order.Status.REVIEW}
    placed = Order.objects.values_list("placed_at", flat=True)
    assert now - timedelta(days=31) < min(placed) < now - timedelta(days=28)
    assert max(placed) <= now
    for event in OrderEvent.objects.select_related("order"):
        assert event.order.placed_at <= event.happened_at <= now
    for order in Order.objects.exclude(status__in=Order.AWAITING_PAYMENT):
        history = [event.to_status for event in order.events.all() if event.to_status]
        assert history[-1] == order.status
        assert order.terms_accepted.effective_at < order.placed_at
        assert order.terms_accepted.facts["withdrawal"] == {"withdrawal_days": order.withdrawal_days}


def test_the_stock_of_the_month_adds_up() -> None:
    left = {variant.sku: variant.on_hand for product in shop.products() for variant in product.variants}
    free = StockItem.objects.available(left)
    assert free == left
    for item in StockItem.objects.all():
        movements = StockMovement.objects.filter(sku=item.sku)
        assert item.on_hand == sum(movement.on_hand_change for movement in movements)
        assert item.held == sum(movement.held_change for movement in movements)


def test_the_month_leaves_no_mail_to_send_and_is_lived_once() -> None:
    assert not Email.objects.exists()
    before = list(Order.objects.values_list("number", "status"))
    call_command("seed_demo", stdout=StringIO())
    assert list(Order.objects.values_list("number", "status")) == before


def test_the_history_of_each_order_to_look_at_says_why() -> None:
    marked = Order.objects.filter(needs_attention=True)
    assert marked
    for order in marked:
        event = order.events.get(reason=OrderEvent.Reason.MARKED)
        assert event.get_reason_display()
        assert event.note


def test_after_the_month_the_sandbox_goes_on_with_the_open_orders(sandbox: Sandbox) -> None:
    assert sandbox.deliveries.waiting() == []
    assert abs(sandbox.account.clock() - time.time()) < 1
    report = reconciliation.reconcile(everything=True)
    assert report.asked >= 3
    assert (report.changed, report.unanswered) == ({}, [])
    assert not Order.objects.filter(events__note__contains="does not know").exists()
    awaiting = Order.objects.filter(status=Order.Status.AWAITING)
    assert all(order.session_url.startswith(sandbox.url) for order in awaiting)
