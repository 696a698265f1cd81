"""Orders that shoppers collect, or that go to a carrier's pick-up point: no address is asked for, here or by Stripe."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from post_office.models import Email

from home.models import User
from policies.personal_data.register import registered
from store.documents import address_labels, printouts
from store.models import Basket, Carrier, Order, ProductVariant, ShippingOption
from store.orders import emails, exports, lifecycle
from store.orders.addresses import of_delivery
from store.payments import refunds
from tests import factories
from tests.store.paying import press_pay, sessions, settle, shown
from tests.store.refunding import pay
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status, Kind = Order.Status, ShippingOption.Kind
PLACE = "The workshop, 5 Kiln Lane, Leeds\nTuesday to Friday, 10 to 16"


@pytest.fixture
def collection(mug: ProductVariant) -> ShippingOption:
    ShippingOption.objects.update(name="Collect it", kind=Kind.COLLECTION, collect_at=PLACE, price=0)
    return ShippingOption.objects.get()


@pytest.fixture
def collected(collection: ShippingOption, sandbox: Sandbox, basket: Basket) -> Order:
    """An order that is paid and will be collected."""
    return pay(sandbox, factories.awaiting_order(basket))


@pytest.fixture
def point(mug: ProductVariant) -> ShippingOption:
    ShippingOption.objects.update(kind=Kind.POINT)
    return ShippingOption.objects.get()


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def step(order: Order, to: str, user: User) -> Order:
    lifecycle.take_staff_step(order_id=order.pk, to=to, user=user)
    order.refresh_from_db()
    return order


# --- Collection ----------------------------------------------------------------------------------------------
def test_nobody_is_asked_for_an_address(
    collection: ShippingOption, sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    page = text(shopper.get("/checkout/"))
    assert "2 to 4 working days · The workshop, 5 Kiln Lane, Leeds</span>" in page
    assert "5 Kiln Lane, Leeds<br>Tuesday to Friday" in page
    assert "You enter the address" not in page
    assert press_pay(shopper, basket).status_code == 303
    (session,) = sessions(sandbox)
    assert session["shipping_address_collection"] is None
    order = pay(sandbox, Order.objects.get())
    assert (order.status, order.shipping_address, order.customer_name) == (Status.PAID, {}, "Demo shopper")
    assert of_delivery(order) == ["Demo shopper", *PLACE.splitlines()]
    assert "5 Kiln Lane" in text(shopper.get(order.get_absolute_url()))


def test_an_order_is_laid_ready_with_a_mail_and_then_collected(collected: Order, colleague: User) -> None:
    order = step(step(collected, Status.PACKED, colleague), Status.READY, colleague)
    mail = Email.objects.get(pk=order.sent_mail)
    assert mail.subject.endswith("is ready to collect")
    assert "WHERE TO COLLECT IT\n\nDemo shopper\nThe workshop, 5 Kiln Lane, Leeds\nTuesday" in mail.message
    step(order, Status.COLLECTED, colleague)
    done = order.events.get(to_status=Status.COLLECTED)
    assert (order.status, done.who) == (Status.COLLECTED, "staff@example.com")


def test_the_shopper_is_told_from_when_it_can_be_collected_and_that_it_is_free(collected: Order) -> None:
    Order.objects.update(arrives_from=date(2026, 12, 7), arrives_until=date(2026, 12, 8))
    collected.refresh_from_db()
    mail = emails.order_paid(collected)
    assert mail is not None
    page = text(Client().get(collected.get_absolute_url()))
    for told in (page, mail.message, mail.html_message):
        assert "It can be collected from Tue 8 December." in told
        assert "£0.00" not in told
    assert "Collect it: free\n" in mail.message


def test_what_is_collected_is_not_sent_nor_the_other_way_round(
    collected: Order, colleague: User, mug: ProductVariant, sandbox: Sandbox
) -> None:
    ShippingOption.objects.update(kind=Kind.ADDRESS)
    sent = step(pay(sandbox, factories.awaiting_order()), Status.PACKED, colleague)
    step(collected, Status.PACKED, colleague)
    for order, wrong in ((collected, Status.SENT), (sent, Status.READY), (sent, Status.COLLECTED)):
        with pytest.raises(lifecycle.IllegalTransitionError):
            step(order, wrong, colleague)


def test_ready_is_undone_until_the_shopper_is_told_and_collected_at_any_time(
    collected: Order, colleague: User
) -> None:
    order = step(step(collected, Status.PACKED, colleague), Status.READY, colleague)
    lifecycle.undo_staff_step(order_id=order.pk, status=Status.READY, user=colleague)
    order.refresh_from_db()
    assert (order.status, Email.objects.filter(subject__contains="ready").count()) == (Status.PACKED, 0)
    step(step(order, Status.READY, colleague), Status.COLLECTED, colleague)
    assert lifecycle.may_undo(order)
    lifecycle.undo_staff_step(order_id=order.pk, status=Status.COLLECTED, user=colleague)
    Email.objects.update(status=0)
    with pytest.raises(lifecycle.TooLateError):
        lifecycle.undo_staff_step(order_id=order.pk, status=Status.READY, user=colleague)


def test_the_pages_of_staff_and_shopper_say_it(
    collected: Order, colleague: User, admin_client: Client
) -> None:
    url = f"/admin/orders/inspect/{collected.pk}/"
    step(collected, Status.PACKED, colleague)
    page = text(admin_client.get(url))
    assert "Mark as ready to collect" in page
    assert "Mark as sent" not in page
    assert "Correct the delivery address" not in page
    step(collected, Status.READY, colleague)
    page = text(admin_client.get(url))
    assert "Undo: it is not ready to collect" in page
    assert "Mark as collected" in page
    assert "Your order is ready to collect" in text(admin_client.get(collected.get_absolute_url()))


def test_what_waits_to_be_collected_can_be_cancelled(collected: Order, colleague: User) -> None:
    step(step(collected, Status.PACKED, colleague), Status.READY, colleague)
    refunds.cancel_and_refund(order=collected, by="Staff", actor=colleague)
    collected.refresh_from_db()
    assert collected.status == Status.CANCELLED


def test_what_is_collected_needs_a_slip_and_no_label(collected: Order, admin_client: Client) -> None:
    pages = [
        text(admin_client.get(f"/admin/orders/?printouts={kind}"))
        for kind in ("packing-slips", "address-labels")
    ]
    assert ["collected from us" in page for page in pages] == [False, True]


def test_an_invoice_names_no_delivery_address(registered: None, collected: Order) -> None:
    invoice = collected.documents.get()
    assert not invoice.personal["deliver_to"]
    assert collected.vat_country == "GB"


def test_a_collection_that_costs_nothing_is_not_chosen_by_itself(
    mug: ProductVariant, shopper: Client
) -> None:
    factories.shipping("Collect it", price=0)
    ShippingOption.objects.filter(price=0).update(kind=Kind.COLLECTION, collect_at=PLACE)
    assert "Order and pay £28.95" in text(shopper.get("/checkout/"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"collect_at": " "}, "Enter where and when to collect."),
        (
            {"collect_at": PLACE, "country": "elsewhere"},
            "Goods are collected in the country of the business.",
        ),
    ],
)
def test_a_collection_nowhere_or_abroad_is_refused(
    collection: ShippingOption, admin_client: Client, values: dict[str, str], words: str
) -> None:
    elsewhere = factories.shipping(country="IE").country
    type(elsewhere).objects.filter(pk=elsewhere.pk).update(vat="none", vat_note="Export.")
    country = elsewhere if "country" in values else collection.country
    typed = {"name": "Here", "kind": "collection", "price": "0", "min_days": "1", "max_days": "1"}
    page = admin_client.post("/admin/shipping-options/new/", {**typed, **values, "country": country.pk})
    assert words in page.content.decode()
    assert not ShippingOption.objects.filter(name="Here").exists()


# --- Pick-up points ------------------------------------------------------------------------------------------
POINT = {"point": "DE 1234", "point_address": "Kiosk Lane 3, 10115 Berlin"}


def test_a_pick_up_point_is_asked_for_kept_and_printed(
    point: ShippingOption, sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    assert "Number or name of the pick-up point" in text(shopper.get("/checkout/"))
    assert press_pay(shopper, basket, **POINT).status_code == 303
    (session,) = sessions(sandbox)
    assert session["shipping_address_collection"] is None
    order = pay(sandbox, Order.objects.get())
    lines = ["Demo shopper", "Pick-up point DE 1234", "Kiosk Lane 3, 10115 Berlin", "United Kingdom"]
    assert of_delivery(order) == lines
    assert "Pick-up point DE 1234<br>Kiosk Lane 3" in text(shopper.get(order.get_absolute_url()))
    assert not printouts.left_out([order])
    carrier = Carrier(name="Post", columns="To = name\nShop = point\nWhere = line1")
    file = b"".join(exports.for_carrier(carrier, [order])).decode().splitlines()
    assert file[1] == 'Demo shopper,DE 1234,"Kiosk Lane 3, 10115 Berlin"'
    assert address_labels.render([order], sheet="single")
    (orders,) = (one for one in registered() if one.key == "store.orders")
    assert next(iter(orders.export(order.email)))["shipping_address"]["point"] == "DE 1234"


def test_a_pick_up_point_is_corrected_until_the_order_is_packed(
    point: ShippingOption, sandbox: Sandbox, shopper: Client, basket: Basket, owner: Client
) -> None:
    press_pay(shopper, basket, **POINT)
    order = pay(sandbox, basket.orders.get())
    screen, kept = f"{order.get_absolute_url()}address/", {"name": "Ada", "line1": "Kiosk Lane 4"}
    form = shopper.get(screen).context["form"]
    assert (list(form.fields), form["point"].value()) == (["name", "point", "line1"], "DE 1234")
    for wrong in ("", "x" * 41, "a\u202e"):
        assert shopper.post(screen, {**kept, "point": wrong}).status_code == 422
    for client, where, number in (
        (shopper, screen, "DE 1"),
        (owner, f"/admin/orders/{order.pk}/address/", "DE 2"),
    ):
        client.post(where, {**kept, "point": number, "city": "Bonn"})
        order.refresh_from_db()
        assert order.shipping_address == {**kept, "point": number, "country": "GB"}
    assert order.events.filter(reason="address").count() == 2


@pytest.mark.parametrize("wrong", [{"point": ""}, {"point": "x" * 41}, {"point_address": "a\x00b\u202e"}])
def test_a_pick_up_point_that_is_none_orders_nothing(
    point: ShippingOption, sandbox: Sandbox, shopper: Client, basket: Basket, wrong: dict[str, str]
) -> None:
    assert press_pay(shopper, basket, **{**POINT, **wrong}).status_code == 422
    assert not Order.objects.exists()


def test_a_pick_up_point_is_asked_for_as_soon_as_it_is_chosen(
    mug: ProductVariant, sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    before = shown(basket)
    ShippingOption.objects.update(kind=Kind.POINT)
    assert press_pay(shopper, basket, **before, **POINT).status_code == 422
    order = factories.awaiting_order(basket)
    sandbox.pay(order.session_id)
    assert settle(order).status == Status.PAID
