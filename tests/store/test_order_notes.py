"""Notes that staff add to an order: plain text in its history, exported, and gone when the shopper's address goes."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from store.models import Order, ProductVariant
from store.orders import personal_data
from tests.staff import signed_in
from tests.store.paying import paid_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(mug: ProductVariant) -> Order:
    order = paid_order(MUG=2)
    Order.objects.update(email="shopper@example.com")
    return order


def add(client: Client, order: Order, note: str, *rights: str) -> str:
    staff = signed_in("view_order", *rights, client=client)
    return staff.post(f"/admin/orders/{order.pk}/notes/", {"note": note}, follow=True).content.decode()


@pytest.mark.both_databases
def test_a_note_says_who_wrote_it_is_exported_and_goes_with_the_address(client: Client, order: Order) -> None:
    page = add(client, order, "<b>Ada</b> rang.\nCall back." + "x" * 900, "change_order")
    assert "&lt;b&gt;Ada&lt;/b&gt; rang.<br>Call back." in page
    event = order.events.get(reason="note")
    assert event.by == "clerk@example.com"
    (exported,) = personal_data.export_orders("shopper@example.com")
    assert exported["notes"] == [event.note]
    assert "rang." not in Client().get(order.get_absolute_url()).content.decode()
    order.events.create(happened_at=timezone.now(), by="Stripe", note="A detail.")
    personal_data.expire_orders(timezone.now() + timedelta(days=20_000))
    assert [one.note for one in order.events.exclude(reason="placed")] == ["", "A detail."]


@pytest.mark.parametrize("note", ["", "  ", "x" * 1001, "A\x00"])
def test_a_note_that_is_none_is_refused_with_a_word(client: Client, order: Order, note: str) -> None:
    page = add(client, order, note, "change_order")
    assert any(words in page for words in ("This field is required", "at most 1000", "Null characters"))
    assert not order.events.filter(reason="note").exists()


def test_who_only_reads_orders_notes_nothing(client: Client, order: Order) -> None:
    add(client, order, "Ada rang.")
    assert not order.events.filter(reason="note").exists()
