"""Parcels: the carriers' links, what staff enter when they send, and what the shopper can follow."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from home.models import User
from store.models import Carrier, Order, Parcel, ProductVariant
from store.models.parcels import validate_tracking_url
from store.orders import personal_data
from tests.staff import signed_in
from tests.store.paying import paid_order

pytestmark = pytest.mark.django_db
LINK = "https://post.example/track?number={number}"
Status = Order.Status


@pytest.fixture
def order(mug: ProductVariant) -> Order:
    order = paid_order(MUG=2)
    Order.objects.update(status=Status.PACKED, email="shopper@example.com")
    order.refresh_from_db()
    return order


@pytest.fixture
def carrier(db: None) -> Carrier:
    return Carrier.objects.create(name="Royal Post", tracking_url=LINK)


@pytest.fixture
def staff(client: Client) -> Client:
    return signed_in("view_order", "change_order", client=client)


def post(staff: Client, order: Order, number: str = "", *, parcel: str = "", **fields: Any) -> str:
    answer = staff.post(
        f"/admin/orders/{order.pk}/parcels/{parcel}", {"number": number, **fields}, follow=True
    )
    assert answer.status_code == 200
    order.refresh_from_db()
    return unescape(answer.content.decode())


def send(staff: Client, order: Order, number: str = "", **fields: Any) -> str:
    return post(staff, order, number, sends="yes", **fields)


# --- Carriers --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "link",
    [
        "http://post.example/{number}",
        "https://post.example/",
        "https://post.example/{number}/{number}",
        "https://post.example/{number}/{other}",
        "https://{number}.example/",
        "https://{number}@post.example/",
        "https://post.example@{number}/",
        "https://post.example\\{number}",
        "https://[/{number}",
        "javascript:alert({number})",
        "https:{number}",
        "{number}",
        "https://post.example/ {number}",
    ],
)
def test_a_link_that_is_not_https_with_one_place_for_the_number_is_refused(link: str) -> None:
    with pytest.raises(ValidationError):
        validate_tracking_url(link)


def test_the_owner_adds_a_carrier(admin_client: Client) -> None:
    answer = admin_client.post(
        "/admin/carriers/new/", {"name": "Royal Post", "tracking_url": "http://x.example"}
    )
    assert "Enter a link that begins with https://" in answer.content.decode()
    admin_client.post("/admin/carriers/new/", {"name": "Royal Post", "tracking_url": LINK})
    assert Carrier.objects.get().url_of("A 1-2") == "https://post.example/track?number=A%201-2"
    assert "Royal Post" in admin_client.get("/admin/carriers/").content.decode()


# --- Sending ---------------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_what_is_sent_is_followed_from_page_and_mail(staff: Client, order: Order, carrier: Carrier) -> None:
    assert "Mark as sent" in staff.get(f"/admin/orders/inspect/{order.pk}/").content.decode()
    page = send(staff, order, "AB 12-3", carrier=carrier.pk)
    assert order.status == Status.SENT
    assert "Royal Post. Tracking number: AB 12-3" in page
    mail = Email.objects.get()
    url = "https://post.example/track?number=AB%2012-3"
    shown = unescape(Client().get(order.get_absolute_url()).content.decode())
    for text in (mail.message, unescape(mail.html_message), shown):
        assert "Royal Post. Tracking number: AB 12-3" in text
        assert url in text
    assert "YOUR PARCEL\n\nRoyal Post. Tracking number: AB 12-3\n" in mail.message


def test_no_carrier_is_needed_to_send(staff: Client, order: Order) -> None:
    send(staff, order)
    assert (order.status, Parcel.objects.count(), Email.objects.count()) == (Status.SENT, 0, 1)
    assert "PARCEL" not in Email.objects.get().message


@pytest.mark.parametrize(
    "number", ["<b>1</b>", "1" * 41, "A\u202e1", "A\x001", "é", "=1+1", "-1", "1\n2", "A/1", "😀"]
)
def test_a_number_that_is_none_is_refused_with_a_word(staff: Client, order: Order, number: str) -> None:
    assert "error-message" in send(staff, order, number)
    assert (order.status, Parcel.objects.count(), Email.objects.count()) == (Status.PACKED, 0, 0)


@pytest.mark.parametrize("carrier", ["0", "x", "9" * 30, "\x00"])
def test_a_carrier_that_does_not_exist_is_refused(staff: Client, order: Order, carrier: str) -> None:
    assert "error-message" in send(staff, order, "1", carrier=carrier)
    assert order.status == Status.PACKED


def test_a_form_that_sends_twice_adds_no_parcel(staff: Client, order: Order) -> None:
    send(staff, order, "A1")
    assert "The order has changed." in send(staff, order, "A2")
    assert [one.number for one in Parcel.objects.all()] == ["A1"]


@pytest.mark.parametrize("status", [Status.PAID, Status.CANCELLED, Status.EXPIRED])
def test_what_is_not_packed_is_neither_sent_nor_gets_parcels(
    staff: Client, order: Order, status: str
) -> None:
    Order.objects.update(status=status)
    words = "Do not send it." if status == Status.CANCELLED else "The order has changed."
    assert words in send(staff, order, "A1")
    assert words in post(staff, order, "A1")
    assert (order.status, Parcel.objects.count(), Email.objects.count()) == (status, 0, 0)


# --- Later parcels ---------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_a_later_parcel_and_a_corrected_number_are_told(
    staff: Client, order: Order, carrier: Carrier
) -> None:
    send(staff, order, "A1", carrier=carrier.pk)
    post(staff, order, "A2")
    parcel = Parcel.objects.get(number="A1")
    post(staff, order, "A3", parcel=f"{parcel.pk}/", carrier=carrier.pk)
    post(staff, order, "A3", parcel=f"{parcel.pk}/", carrier=carrier.pk)  # which is nothing new
    mails = [*Email.objects.order_by("pk")]
    assert [mail.subject.partition(": ")[2] for mail in mails[1:]] == [
        "another parcel is on its way",
        "how to follow your parcel",
    ]
    assert "Tracking number: A2" in mails[1].message
    assert "A1" not in mails[1].message
    assert "number=A3" in mails[2].message
    page = Client().get(order.get_absolute_url()).content.decode()
    assert "Tracking number: A2" in page
    assert "number=A3" in page
    assert [event.reason for event in order.events.filter(reason__startswith="parcel")] == [
        "parcel_added",
        "parcel_corrected",
    ]


def test_a_later_parcel_needs_a_carrier_or_a_number_of_its_own(staff: Client, order: Order) -> None:
    send(staff, order, "A1")
    assert "Choose a carrier or enter a tracking number." in post(staff, order)
    assert "This order has a parcel with this number." in post(staff, order, "A1")
    assert Parcel.objects.count() == Email.objects.count() == 1


def test_a_parcel_keeps_its_link_when_the_carrier_is_gone(
    staff: Client, order: Order, carrier: Carrier
) -> None:
    send(staff, order, "A1", carrier=carrier.pk)
    carrier.delete()
    assert "Royal Post" in Client().get(order.get_absolute_url()).content.decode()


def test_a_parcel_of_another_order_is_not_found_and_who_only_reads_sends_nothing(
    staff: Client, order: Order
) -> None:
    other = Parcel.objects.create(order=paid_order(MUG=1), number="A9", sent_at=timezone.now())
    assert staff.get(f"/admin/orders/{order.pk}/parcels/{other.pk}/").status_code == 404
    User.objects.get(email="clerk@example.com").user_permissions.remove(
        Permission.objects.get(codename="change_order")
    )
    assert staff.post(f"/admin/orders/{order.pk}/parcels/", {"sends": "yes"}).status_code in {302, 403}
    order.refresh_from_db()
    assert order.status == Status.PACKED


# --- Personal data ---------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_a_tracking_number_is_exported_and_kept_as_long_as_the_shopper(
    staff: Client, order: Order, carrier: Carrier
) -> None:
    send(staff, order, "A1", carrier=carrier.pk)
    (exported,) = personal_data.export_orders("shopper@example.com")
    assert [(one["carrier"], one["number"]) for one in exported["parcels"]] == [("Royal Post", "A1")]
    assert not order.events.filter(note__contains="A1").exists()
    personal_data.expire_orders(timezone.now() + timedelta(days=20_000))
    parcel = Parcel.objects.get()
    assert (parcel.carrier_name, parcel.number, parcel.url) == ("Royal Post", "", "")
