"""The list of orders: who bought what, found by what was bought; and that an order’s page is named by its number."""

from typing import Any

import pytest
from django.test import Client

from home import viewsets
from home.models import User
from store.catalogue.columns import unbroken
from store.models import Order, ProductVariant
from store.orders import lifecycle
from tests import factories, queries
from tests.staff import signed_in
from tests.store.paying import paid_order

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/"


@pytest.fixture
def staff(client: Client) -> Client:
    return signed_in("view_order", client=client)


def shown(staff: Client, path: str = LIST, **query: Any) -> str:
    return " ".join(staff.get(path, query).content.decode().split())


def test_the_list_says_who_bought_what_and_where_there_is_something_to_do(
    staff: Client, mug: ProductVariant
) -> None:
    for sku in ("ATLAS", "PEN", "CUP"):
        factories.product(sku.title(), sku=sku)
    order = paid_order(MUG=2, ATLAS=1)
    page = shown(staff)
    assert "2 × Enamel mug 1 × Atlas<" in page
    Order.objects.update(customer_name="<b>Ada</b>", needs_attention=True)
    order.lines.create(sku="PEN", title="Pen", unit_price=1, quantity=1)
    order.lines.create(sku="CUP", title="Cup", unit_price=1, quantity=1)
    page = shown(staff)
    assert "2 × Enamel mug 1 × Atlas and 2 more<" in page
    assert "&lt;b&gt;Ada" in page
    assert "Needs attention</span>" in page
    assert 'pill--to-do">Paid<' in page
    Order.objects.update(status=Order.Status.SENT, needs_attention=False)
    page = shown(staff)
    assert 'pill--done">Sent<' in page
    assert "Needs attention</span>" not in page


def test_tabs_lead_to_what_waits_and_mark_what_is_shown(staff: Client, mug: ProductVariant) -> None:
    paid_order(MUG=1)

    def current(**query: str) -> str:
        return shown(staff, **query).partition('aria-current="page">')[2].partition("</a>")[0]

    assert current() == "All"
    assert current(status="paid", q="x") == "To pack <strong>1</strong>"
    assert current(late="true") == "Late"
    assert current(status="sent") == ""


def test_a_tab_names_the_list_and_is_no_filter_that_somebody_has_set(
    staff: Client, mug: ProductVariant
) -> None:
    paid_order(MUG=1)
    page = shown(staff, status="paid")
    assert ("Orders to pack </h1>" in page, "There is 1 match" in page) == (True, False)
    assert 'data-w-active-filter-id="' not in page
    page = shown(staff, status="paid", country="GB")
    assert 'data-w-active-filter-id="id_country' in page
    assert 'data-w-active-filter-id="id_status' not in page
    page = shown(staff, status="sent")
    assert ("All orders </h1>" in page, 'data-w-active-filter-id="id_status' in page) == (True, True)


def test_goods_are_listed_without_a_break_beside_their_numbers() -> None:
    assert unbroken("2 × Twine, 100 m, 1 × A5 pad") == "2\xa0×\xa0Twine, 100\xa0m, 1\xa0×\xa0A5 pad"


def test_an_order_says_why_it_needs_attention_until_that_is_resolved(
    staff: Client, mug: ProductVariant
) -> None:
    order = paid_order(MUG=1)
    lifecycle.mark_needs_attention(order=order, by="Ada", reason="asked_to_look", note="Rang.", tell=False)
    path = f"/admin/orders/inspect/{order.pk}/"
    banner = shown(staff, path).partition("help-warning")[2].partition("</div>")[0]
    assert "This order needs attention:" in banner
    assert "Rang." in banner
    assert "Marked as needing attention" not in banner, "it is said above"
    lifecycle.mark_resolved(order=order, actor=User.objects.get())
    lifecycle.mark_needs_attention(order=order, by="Ada", reason="no_vat", tell=False)
    banner = shown(staff, path).partition("help-warning")[2].partition("</div>")[0]
    assert "Stripe Tax worked out no VAT" in banner
    assert "Rang." not in banner


@pytest.mark.both_databases
@pytest.mark.parametrize("many", [False, True])
def test_an_order_is_found_once_by_what_was_bought(
    staff: Client, mug: ProductVariant, monkeypatch: pytest.MonkeyPatch, *, many: bool
) -> None:
    order, other = paid_order(MUG=2), paid_order(MUG=1)
    order.lines.create(sku="BOOK-1", title="Book", unit_price=1, quantity=1)
    order.lines.create(sku="BOOK-2", title="Book", unit_price=1, quantity=1)
    if many:  # the older are found by how their SKUs begin
        monkeypatch.setattr(viewsets, "MOST_SEARCHED", 1)
    page = shown(staff, q="book-")
    assert page.count(f"/admin/orders/inspect/{order.pk}/") == shown(staff, q=order.number).count(
        f"/admin/orders/inspect/{order.pk}/"
    )
    assert f"/admin/orders/inspect/{order.pk}/" in page
    assert f"/admin/orders/inspect/{other.pk}/" not in page


@pytest.mark.both_databases
def test_a_long_list_asks_as_much_as_a_short_one(staff: Client, mug: ProductVariant) -> None:
    paid_order(MUG=1)
    queries.cold(staff, LIST)
    for_one = queries.cold(staff, LIST)
    for _ in range(4):
        paid_order(MUG=1)
    assert queries.cold(staff, LIST) == for_one


@pytest.mark.parametrize(("livemode", "mode"), [(False, "test/"), (True, "")])
def test_a_page_is_named_by_its_number_and_leads_to_the_payment(
    staff: Client, mug: ProductVariant, *, livemode: bool, mode: str
) -> None:
    order = paid_order(MUG=1)
    page = shown(staff, f"/admin/orders/inspect/{order.pk}/")
    title = page.partition("<title>")[2].partition("</title>")[0]
    assert "Order" in title
    assert order.number in title
    assert "dashboard.stripe.com" not in page
    Order.objects.update(payment_intent_id='pi_1"/../x', livemode=livemode)
    page = shown(staff, f"/admin/orders/inspect/{order.pk}/")
    assert f'href="https://dashboard.stripe.com/{mode}payments/pi_1%22%2F..%2Fx"' in page
