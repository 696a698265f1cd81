"""Tracking numbers from a carrier's CSV file: a preview, then each packed order is sent, all or none."""

import pytest
from django.test import Client
from post_office.models import Email

from store.models import Carrier, Order, Parcel, ProductVariant
from store.orders import lifecycle
from tests.staff import signed_in
from tests.store.paying import paid_order
from tests.store.uploading import answer, shown, upload

pytestmark = pytest.mark.django_db
URL = "/admin/orders/tracking/"
Status = Order.Status


@pytest.fixture
def orders(mug: ProductVariant) -> list[Order]:
    Carrier.objects.create(name="Royal Post", tracking_url="https://post.example/{number}")
    for _time in range(2):
        paid_order(MUG=1)
    Order.objects.update(status=Status.PACKED, email="shopper@example.com", customer_name="Ada")
    return [*Order.objects.order_by("pk")]


@pytest.fixture
def staff(client: Client) -> Client:
    return signed_in("view_order", "change_order", client=client)


def statuses() -> list[str]:
    return [*Order.objects.order_by("pk").values_list("status", flat=True)]


@pytest.mark.both_databases
def test_each_order_is_sent_once_with_its_number_and_mail(staff: Client, orders: list[Order]) -> None:
    one, two = orders
    upload(
        staff, URL, f"Order;Carrier;Tracking number\n{one.number.lower()};royal post;A1\n{two.number};;B 2\n"
    )
    assert [planned.problem for planned in staff.context["planned"]] == ["", ""]
    assert statuses() == [Status.PACKED, Status.PACKED]
    sent = shown(staff)
    assert "2 orders were marked as sent." in answer(staff, URL, sent)
    answer(staff, URL, sent)
    assert statuses() == [Status.SENT, Status.SENT]
    told = [(parcel.order, str(parcel), parcel.url, parcel.by) for parcel in Parcel.objects.all()]
    assert told == [
        (one, "Royal Post. Tracking number: A1", "https://post.example/A1", "clerk@example.com"),
        (two, "Tracking number: B 2", "", "clerk@example.com"),
    ]
    assert Email.objects.count() == 2
    assert all(lifecycle.may_undo(order) for order in Order.objects.all())


def test_rows_with_a_problem_are_named_and_nothing_is_sent(staff: Client, orders: list[Order]) -> None:
    one, two = orders
    Order.objects.filter(pk=two.pk).update(status=Status.PAID)
    table = "order,carrier,number\n"
    for row, problem in {
        f"{two.number},,A1": "This order is not packed: paid.",
        "261128-XXXXXX,,A1": "There is no order with this number.",
        f"{one.number},Nobody,A1": "No carrier has this name.",
        f"{one.number},,": "Enter the tracking number.",
        f"{one.number},,=1+1": "Enter letters (A to Z), digits, spaces and dashes.",
        f"{one.number},,<b>": "Enter letters (A to Z), digits, spaces and dashes.",
        f"{one.number},,{'1' * 41}": "at most 40 characters",
        f"{one.number},,A1\n{one.number},,A2": "This order is in several rows.",
    }.items():
        assert problem in upload(staff, URL, f"{table}{row}\n")
        answer(staff, URL, shown(staff))
    Order.objects.filter(pk=two.pk).update(status=Status.CANCELLED)
    assert "cancelled" in upload(staff, URL, f"{table}{two.number},,A1\n")
    assert (statuses(), Email.objects.count()) == ([Status.PACKED, Status.CANCELLED], 0)


def test_an_order_that_was_cancelled_since_the_preview_keeps_the_others_here(
    staff: Client, orders: list[Order]
) -> None:
    upload(staff, URL, "order,number\n" + "".join(f"{order.number},A1\n" for order in orders))
    sent = shown(staff)
    Order.objects.filter(pk=orders[1].pk).update(status=Status.CANCELLED)
    assert "One row has a problem. Nothing was changed" in answer(staff, URL, sent)
    assert (statuses(), Parcel.objects.count()) == ([Status.PACKED, Status.CANCELLED], 0)


def test_who_only_reads_orders_uploads_none(client: Client, orders: list[Order]) -> None:
    reader = signed_in("view_order", client=client)
    assert reader.get(URL).status_code == 302
    assert URL not in reader.get("/admin/orders/").content.decode()
