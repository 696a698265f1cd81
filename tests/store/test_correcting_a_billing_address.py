"""Staff correct a billing address: which papers that makes, and who is told."""

import re
from typing import Any

import pytest
from django.test import Client
from post_office.models import Email

from store.documents import issuing, references
from store.models import (
    Order,
    OrderEvent,
    ProductVariant,
)
from store.orders.forms import BillingAddressForm
from store.payments import refunds
from tests import factories
from tests.staff import signed_in
from tests.store.paying import mug_paid_in_cash, pay_in_cash

pytestmark = pytest.mark.django_db
CORRECTED = "Your order %s: a corrected invoice"
ADDRESS = {"name": "Ann & Co", "line1": "2 Low Road", "city": "Bonn", "postal_code": "53111", "country": "DE"}
PAPERS = "/admin/papers/"


@pytest.fixture(autouse=True)
def _registered(mug: ProductVariant) -> None:
    factories.vat(GB=20)


@pytest.fixture
def paid() -> Order:
    return mug_paid_in_cash()


@pytest.fixture
def client() -> Client:
    """Staff who see papers, and see and change orders."""
    return signed_in("view_document", "view_order", "change_order")


def refund(order: Order, amount: int) -> None:
    refunds.request_refund(order=order, wanted=refunds.Wanted(amount=amount, reason="Late."), by="Staff")


def shown(client: Client, path: str = PAPERS, **query: str) -> str:
    response = client.get(path, query, follow=True)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def correct(client: Client, order: Order, **changes: str) -> Any:
    return client.post(f"/admin/orders/{order.pk}/billing-address/", {**ADDRESS, **changes})


def test_of_an_order_that_was_refunded_in_full_no_paper_is_issued_and_staff_read_so(
    client: Client, paid: Order
) -> None:
    refund(paid, paid.refundable)
    response = client.post(
        f"/admin/orders/{paid.pk}/billing-address/", {**ADDRESS, "name": "Right Name"}, follow=True
    )
    assert "no paper was issued" in response.content.decode()
    assert paid.documents.count() == 2


def test_an_invoice_over_nothing_is_corrected_too(client: Client, paid: Order) -> None:
    order = factories.placed_order(factories.basket(MUG=1))
    order.discount, order.total = order.total, 0
    order.save()
    assert correct(client, pay_in_cash(order)).status_code == 302
    assert [(one.kind, one.total) for one in order.documents.order_by("pk")] == [
        ("invoice", 0),
        ("credit_note", 0),
        ("invoice", 0),
    ]


def test_an_order_that_is_not_paid_keeps_its_billing_address(client: Client, mug: Any) -> None:
    order = factories.placed_order()
    assert f"/admin/orders/{order.pk}/billing-address/" not in shown(
        client, f"/admin/orders/inspect/{order.pk}/"
    )
    assert correct(client, order).status_code == 200
    order.refresh_from_db()
    assert order.billing_address == {}


def test_lists_of_papers_say_which_corrects_or_replaces_which(client: Client, paid: Order) -> None:
    correct(client, paid)
    wanted = {"INV-000001": "", "CN-000001": "corrects INV-000001", "INV-000002": "replaces INV-000001"}
    assert {paper.number: about for paper, _other, about in references.listed(paid)} == wanted
    first = paid.documents.get(number="INV-000001")
    for page, url in (
        (shown(client, f"/admin/orders/inspect/{paid.pk}/"), f"/admin/papers/inspect/{first.pk}/"),
        (shown(client, paid.get_absolute_url()), f"{paid.get_absolute_url()}papers/INV-000001/"),
    ):
        for words in filter(None, wanted.values()):
            assert re.search(f'href="{url}">{words}</a>', page)


def test_a_corrected_address_makes_a_credit_note_and_a_new_invoice(client: Client, paid: Order) -> None:
    refund(paid, 300)
    page = shown(client, f"/admin/orders/inspect/{paid.pk}/")
    assert f"/admin/orders/{paid.pk}/billing-address/" in page
    assert correct(client, paid).status_code == 302
    invoice, _first, note, new = [issuing.paper_of(one) for one in paid.documents.order_by("pk")]
    assert (note.kind, note.total, note.vat) == ("credit_note", 1345, (("20.00", 1345, 224),))
    assert (new.kind, new.number, new.total, new.vat) == ("invoice", "INV-000002", 1345, note.vat)
    assert note.buyer == invoice.buyer == ("shopper@example.com",)
    assert new.buyer == ("Ann & Co", "2 Low Road", "53111 Bonn", "Germany")
    assert [(one.title, one.total) for one in new.lines] == [
        ("Enamel mug", 1250),
        ("Post", 395),
        ("Refunded before", -300),
    ]
    assert new.notes[0].startswith("This invoice replaces invoice INV-000001 of")
    event = paid.events.get(reason=OrderEvent.Reason.BILLING)
    assert (event.who, event.note) == ("clerk@example.com", "CN-000002, INV-000002")
    paid.refresh_from_db()
    assert paid.billing_address == ADDRESS
    refund(paid, 1345)
    assert paid.documents.get(number="CN-000003").corrects.number == "INV-000002"


@pytest.mark.both_databases
def test_the_shopper_is_told_which_papers_correct_the_address_and_that_no_money_moves(
    client: Client, paid: Order
) -> None:
    correct(client, paid)
    mail = Email.objects.get(to=paid.email, subject=CORRECTED % paid.number)
    for text in (mail.message, mail.html_message):
        for number in ("CN-000001", "INV-000002"):
            assert f"{paid.get_absolute_url()}papers/{number}/" in text
        assert "INV-000001" not in text
        for words in ("the billing address", "No money goes back, and nothing is to be paid.", "2 Low Road"):
            assert words in text
    refund(paid, 100)
    preview = shown(client, "/admin/orders/mails/", mail="billing")
    assert f"Made from order {paid.number}" in preview
    assert "INV-000002" in preview
    assert "CN-000002" not in preview, "the credit note of the refund"


def test_the_same_address_twice_changes_nothing(client: Client, paid: Order) -> None:
    correct(client, paid)
    again = correct(client, paid)
    assert "Nothing was changed:" in again.content.decode()
    assert paid.documents.count() == 3
    assert Email.objects.filter(subject=CORRECTED % paid.number).count() == 1


def test_an_order_without_invoice_or_with_nothing_left_gets_no_papers(client: Client, paid: Order) -> None:
    refund(paid, 1645)
    factories.vat("")
    other = mug_paid_in_cash()
    told = Email.objects.count()
    correct(client, paid)
    assert paid.documents.count() == 2
    correct(client, other)
    other.refresh_from_db()
    assert (other.billing_address, other.documents.count()) == (ADDRESS, 0)
    assert Email.objects.count() == told


def test_an_order_that_is_no_longer_kept_gets_no_address(client: Client, paid: Order) -> None:
    Order.objects.update(email="")
    assert "Nothing was changed:" in correct(client, paid).content.decode()
    assert Order.objects.get().billing_address == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"country": "XX"},
        {"line1": "x" * 201},
        {"name": ""},
        {"city": "a\x00b"},
        {"name": "a\u202eb"},
        {"line2": "a\nb"},
    ],
)
def test_an_address_that_cannot_be_is_refused(changes: dict[str, str]) -> None:
    assert BillingAddressForm(ADDRESS, order=Order()).is_valid()
    assert not BillingAddressForm({**ADDRESS, **changes}, order=Order()).is_valid()
