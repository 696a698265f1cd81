"""Until an order is packed, whose it is corrects where it goes, and staff correct it, too."""

import re
from typing import Any

import pytest
from django.test import Client

from home.models import User
from store.models import Basket, Order
from store.orders import addresses, lifecycle
from store.payments import refunds
from tests.staff import signed_in
from tests.store.order_pages import ADDRESS, NEW, dispute, path, pay_for, words_of
from tests.store.paying import history

pytestmark = pytest.mark.django_db
Status = Order.Status


@pytest.fixture
def paid(basket: Basket) -> Order:
    return pay_for(basket)


@pytest.fixture
def own(client: Client, paid: Order) -> Client:
    """The browser that placed the order."""
    client.cookies["order"] = paid.return_token
    return client


@pytest.mark.both_databases
def test_the_shopper_corrects_where_it_goes_and_the_history_says_so_without_it(
    own: Client, paid: Order
) -> None:
    page = words_of(own.get(path(paid, "address/")))
    assert 'value="1 Example Street"' in page
    assert "The country stays United Kingdom." in page
    assert own.post(path(paid, "address/"), {**NEW, "country": "FR"}).status_code == 303
    paid.refresh_from_db()
    assert paid.shipping_address == NEW
    assert "2 Other Road" in addresses.of_delivery(paid), "as papers and labels print it"
    assert history(paid, 1) == [("", "shopper", "address")]
    assert paid.events.last().note == ""
    assert "2 Other Road" in words_of(own.get(path(paid)))
    again = own.post(path(paid, "address/"), NEW)
    assert again.status_code == 422
    assert "Nothing was changed: the order has this address." in words_of(again)
    assert paid.events.filter(reason="address").count() == 1, "the same again is no correction"


def test_a_browser_can_fill_the_fields_of_an_address(own: Client, paid: Order) -> None:
    page = words_of(own.get(path(paid, "address/")))
    tokens = ["name", "address-line1", "address-line2", "address-level2", "address-level1", "postal-code"]
    assert re.findall(r'autocomplete="(.*?)"', page) == tokens


def test_who_saved_an_address_reads_so_on_the_page_of_the_order_and_nobody_else_does(
    own: Client, paid: Order
) -> None:
    saved = own.post(path(paid, "address/"), NEW)["Location"]
    page = own.get(saved)
    assert "<title>The delivery address is saved: Order" in words_of(page)
    note = '<p class="callout" role="status" tabindex="-1" autofocus>'
    assert (
        f"{note}<strong>The delivery address is saved.</strong> We will send your order there."
        in words_of(page)
    )
    assert "no-store" in page["Cache-Control"]
    for client, url in ((own, path(paid)), (own, f"{path(paid)}?saved=x"), (Client(), saved)):
        assert "is saved" not in words_of(client.get(url))
    Order.objects.update(status=Status.PACKED)
    assert "is saved" not in words_of(own.get(saved)), "nobody saves one any more"


def test_while_the_payment_is_disputed_only_staff_correct_where_it_goes(
    own: Client, paid: Order, admin_user: User
) -> None:
    dispute(paid)
    response = own.post(path(paid, "address/"), NEW)
    assert response.status_code == 409
    assert "the address stays as it is" in words_of(response)
    paid.refresh_from_db()
    assert paid.shipping_address == ADDRESS
    lifecycle.correct_address(order_id=paid.pk, address=NEW, by="Staff", actor=admin_user)
    paid.refresh_from_db()
    assert paid.shipping_address == NEW


@pytest.mark.parametrize(
    "line",
    ["x" * 300, "a\x00b", "a\nb", "a\tb", "a\u202eb", "a\u2028b", "a\x85b", "", "   "],
)
def test_a_line_that_cannot_be_printed_is_refused(own: Client, paid: Order, line: str) -> None:
    response = own.post(path(paid, "address/"), {**NEW, "line1": line})
    assert response.status_code == 422
    assert "There is a problem" in words_of(response)
    paid.refresh_from_db()
    assert paid.shipping_address == ADDRESS


@pytest.mark.parametrize(
    "line", ["Οδός 1", "Улица 1", "🏠 1", "רחוב 1", "شارع\u200c 1", "<b>&1</b>", "{{ x }}", "x" * 200]
)
@pytest.mark.both_databases
def test_a_line_in_any_script_is_taken_as_it_is(own: Client, paid: Order, line: str) -> None:
    assert own.post(path(paid, "address/"), {**NEW, "line1": line}).status_code == 303
    paid.refresh_from_db()
    assert paid.shipping_address["line1"] == line
    assert "<b>&1" not in words_of(own.get(path(paid)))


@pytest.mark.parametrize("missing", ["name", "line1", "city", "postal_code"])
def test_what_the_country_needs_cannot_be_left_out(own: Client, paid: Order, missing: str) -> None:
    assert own.post(path(paid, "address/"), {**NEW, missing: ""}).status_code == 422


def give_back(order: Order) -> None:
    refunds.request_refund(order=order, wanted=refunds.Wanted(amount=order.refundable), by="Staff")


@pytest.mark.parametrize(
    ("happens", "status", "words"),
    [
        (lambda order: Order.objects.update(status=Status.PACKED), 409, "Your order has been packed."),
        (lambda order: Order.objects.update(status=Status.CANCELLED), 303, ""),
        (give_back, 409, "All of your money went back"),
    ],
)
def test_an_order_that_goes_nowhere_else_keeps_its_address(
    own: Client, paid: Order, happens: Any, status: int, words: str
) -> None:
    happens(paid)
    response = own.post(path(paid, "address/"), NEW)
    assert response.status_code == status
    assert words in words_of(response)
    assert "Correct the delivery address" not in words_of(own.get(path(paid)))
    paid.refresh_from_db()
    assert paid.shipping_address == ADDRESS


# --- Staff ---------------------------------------------------------------------------------------------------
def test_staff_correct_it_and_the_history_says_who(paid: Order) -> None:
    staff, screen = signed_in("view_order", "change_order"), f"/admin/orders/{paid.pk}/address/"
    assert screen in words_of(staff.get(f"/admin/orders/inspect/{paid.pk}/"))
    assert 'value="1 Example Street"' in words_of(staff.get(screen))
    assert "This field is required." in words_of(staff.post(screen, {**NEW, "name": ""}))
    page = words_of(staff.post(screen, NEW, follow=True))
    assert "The delivery address was corrected." in page
    assert "2 Other Road" in page
    assert history(paid, 1) == [("", "clerk@example.com", "address")]
    Order.objects.update(status=Status.PACKED)
    assert screen not in words_of(staff.get(f"/admin/orders/inspect/{paid.pk}/"))
    assert "The address was not changed" in words_of(staff.post(screen, ADDRESS, follow=True))


def test_staff_who_only_view_orders_correct_nothing(paid: Order) -> None:
    staff, screen = signed_in("view_order"), f"/admin/orders/{paid.pk}/address/"
    assert screen not in words_of(staff.get(f"/admin/orders/inspect/{paid.pk}/"))
    staff.post(screen, NEW)
    paid.refresh_from_db()
    assert paid.shipping_address == ADDRESS
