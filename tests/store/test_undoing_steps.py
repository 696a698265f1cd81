"""Undoing “sent” and “packed”: what the shopper was told decides."""

import pytest
from django.db.models import F
from django.test import Client
from post_office.models import Email

from home import mail_queue
from store.models import Order, Parcel, ProductVariant
from store.orders import emails, timeline
from store.orders.situation import Situation
from tests.staff import signed_in
from tests.store.paying import paid_order

pytestmark = pytest.mark.django_db
Status = Order.Status


@pytest.fixture
def order(mug: ProductVariant) -> Order:
    order = paid_order(MUG=2)
    Order.objects.update(email="shopper@example.com")
    return order


@pytest.fixture
def staff(client: Client) -> Client:
    return signed_in("view_order", "change_order", client=client)


def take(staff: Client, order: Order, step: str, **data: str) -> str:
    answer = staff.post(f"/admin/orders/{order.pk}/{step}/", data, follow=True)
    order.refresh_from_db()
    return answer.content.decode()


def send(staff: Client, order: Order) -> str:
    take(staff, order, "advance", to="packed")
    return take(staff, order, "parcels", sends="yes", number="A1")


def undo(staff: Client, order: Order, status: str) -> str:
    return take(staff, order, "undo", status=status)


def minute_passes() -> None:
    Email.objects.update(scheduled_time=F("scheduled_time") - emails.UNDO)


@pytest.mark.both_databases
def test_the_mail_waits_a_minute_and_is_gone_when_sending_is_undone(staff: Client, order: Order) -> None:
    assert "Undo: it is not sent" in send(staff, order)
    assert mail_queue.send_due().sent == 0
    assert "Mark as sent" in undo(staff, order, "sent")
    assert (order.status, Parcel.objects.count(), Email.objects.count()) == (Status.PACKED, 0, 0)
    last = order.events.last()
    assert (last.reason, last.to_status, last.by) == ("undone", "packed", "clerk@example.com")
    undo(staff, order, "packed")
    assert order.status == Status.PAID
    shown = [step.label for step in timeline.steps(Situation.of(order), order.events.all()) if step.at]
    assert not {"Packed", "Sent"} & set(shown)
    send(staff, order)
    assert (order.status, Email.objects.count()) == (Status.SENT, 1)


@pytest.mark.both_databases
def test_after_a_minute_the_mail_leaves_and_undoing_is_refused_with_a_word(
    staff: Client, order: Order
) -> None:
    send(staff, order)
    minute_passes()
    assert "Too late to undo" in undo(staff, order, "sent"), "before the worker has come"
    assert mail_queue.send_due().sent == 1
    page = undo(staff, order, "sent")
    assert "Too late to undo" in page
    assert "Undo: it is not sent" not in page
    assert order.status == Status.SENT


def test_a_mail_that_a_worker_has_claimed_is_not_taken_back(staff: Client, order: Order) -> None:
    send(staff, order)
    Email.objects.update(scheduled_time=F("scheduled_time") - emails.UNDO + mail_queue.CLAIM)
    assert "Too late to undo" in undo(staff, order, "sent")
    assert Email.objects.count() == 1


def test_once_another_parcel_was_told_nothing_is_undone(staff: Client, order: Order) -> None:
    send(staff, order)
    take(staff, order, "parcels", number="A2")
    assert "Too late to undo" in undo(staff, order, "sent")
    assert Parcel.objects.count() == 2


@pytest.mark.parametrize("status", ["sent", "paid", "cancelled", "", "nonsense", "\x00"])
def test_only_the_step_that_the_page_shows_is_undone(staff: Client, order: Order, status: str) -> None:
    take(staff, order, "advance", to="packed")
    assert "The order has changed." in undo(staff, order, status)
    assert order.status == Status.PACKED


def test_who_packs_what_was_cancelled_meanwhile_is_told_to_stop(staff: Client, order: Order) -> None:
    Order.objects.update(status=Status.CANCELLED)
    for answer in (take(staff, order, "advance", to="packed"), undo(staff, order, "packed")):
        assert f"Stop: order {order.number} was cancelled. Do not send it." in answer


def test_who_only_reads_orders_undoes_nothing(client: Client, order: Order) -> None:
    Order.objects.update(status=Status.PACKED)
    reader = signed_in("view_order", client=client)
    assert "Undo:" not in reader.get(f"/admin/orders/inspect/{order.pk}/").content.decode()
    undo(reader, order, "packed")
    assert order.status == Status.PACKED
