"""The staff’s screens of papers: the list, many as one PDF, and totals by day."""

import csv
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from home.models import User
from store.documents import issuing, viewsets
from store.models import (
    DeliveryCountry,
    Document,
    Order,
    ProductPage,
    ProductVariant,
    ShopSettings,
    VatClass,
    VatRate,
    VatScheme,
)
from store.payments import refunds
from tests import factories, queries
from tests.staff import signed_in
from tests.store.paying import mug_paid_in_cash

pytestmark = pytest.mark.django_db
PAPERS = "/admin/papers/"
CORRECTED = "Your order %s: a corrected invoice"
ADDRESS = {"name": "Ann & Co", "line1": "2 Low Road", "city": "Bonn", "postal_code": "53111", "country": "DE"}


@pytest.fixture(autouse=True)
def _registered(mug: ProductVariant) -> None:
    factories.vat(GB=20)


@pytest.fixture
def paid() -> Order:
    return mug_paid_in_cash()


def refund(order: Order, amount: int) -> None:
    refunds.request_refund(order=order, wanted=refunds.Wanted(amount=amount, reason="Late."), by="Staff")


@pytest.fixture
def client() -> Client:
    """Staff who see papers, and see and change orders."""
    return signed_in("view_document", "view_order", "change_order")


def shown(client: Client, path: str = PAPERS, **query: str) -> str:
    response = client.get(path, query, follow=True)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


# --- The list ----------------------------------------------------------------------------------------------
def test_the_list_is_filtered_by_kind_and_day_and_costs_the_same_for_many(
    client: Client, paid: Order
) -> None:
    refund(paid, 100)
    page = shown(client)
    assert "INV-000001" in page
    assert paid.number in page
    assert "£16.45" in page
    assert "−£1.00" in page, "credit notes are subtracted"
    assert Document.objects.latest("pk").personal["buyer"][0] in page
    assert "INV-000001" not in shown(client, kind="credit_note")
    assert "CN-000001" in shown(client, kind="credit_note")
    assert "CN-000001" not in shown(client, issued_at_to="2020-01-01")
    assert "CN-000001" in shown(client, q=paid.number)
    assert "CN-000001" not in shown(client, q="261122-XXXXXX")
    for_two = queries.warm(client, PAPERS)
    for _ in range(3):
        mug_paid_in_cash()
    assert queries.warm(client, PAPERS) == for_two


def test_the_export_is_in_words_with_the_buyer_the_vat_and_the_local_time(
    client: Client, paid: Order
) -> None:
    refund(paid, 120)
    response = client.get(PAPERS, {"export": "csv"})
    lines = b"".join(response.streaming_content).decode().splitlines()
    note, _invoice = csv.DictReader(lines)
    issued = Document.objects.get(kind="credit_note")
    assert note["Kind"] == "credit note"
    assert note["Date"] == timezone.localtime(issued.issued_at).isoformat(timespec="seconds")
    assert (note["Buyer"], note["VAT included"]) == (issued.personal["buyer"][0], "-0.20")


def test_a_paper_is_shown_and_its_pdf_handed_out(client: Client, paid: Order) -> None:
    document = Document.objects.get()
    assert "Enamel mug" in shown(client, f"{PAPERS}inspect/{document.pk}/")
    response = client.get(f"{PAPERS}{document.pk}/pdf/")
    assert response["Content-Disposition"] == 'attachment; filename="INV-000001.pdf"'


def test_what_is_filtered_comes_as_one_pdf_within_reason(
    client: Client, paid: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund(paid, 100)
    response = client.get(f"{PAPERS}as-one.pdf")
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    assert "The list shows no papers." in shown(client, f"{PAPERS}as-one.pdf", issued_at_to="2020-01-01")
    monkeypatch.setattr(viewsets, "MOST", 1)
    assert "These are more than 1 papers." in shown(client, f"{PAPERS}as-one.pdf")
    assert client.get(f"{PAPERS}as-one.pdf", {"kind": "invoice"})["Content-Type"] == "application/pdf"


def test_who_may_not_see_papers_sees_none(paid: Order) -> None:
    client = signed_in("view_order")
    pk = paid.documents.get().pk
    for path in ("", f"inspect/{pk}/", f"{pk}/pdf/", "as-one.pdf", "totals.csv"):
        assert client.get(f"{PAPERS}{path}").status_code == 302, path
    assert client.post(f"/admin/orders/{paid.pk}/billing-address/", ADDRESS).status_code == 302
    page = shown(client, f"/admin/orders/inspect/{paid.pk}/")
    assert "Invoice INV-000001" in page
    assert PAPERS not in page.partition("<main")[2]
    rights = Group.objects.get(name="Customer service").permissions
    assert rights.filter(codename="view_document").exists()


# --- Totals by day -----------------------------------------------------------------------------------------
def totals(client: Client, first: str, last: str) -> list[list[str]]:
    response = client.get(f"{PAPERS}totals.csv", {"issued_at_from": first, "issued_at_to": last})
    assert response["Content-Type"] == "text/csv"
    return list(csv.reader(response.content.decode().splitlines()))


@pytest.mark.both_databases
def test_totals_by_day_and_rate_with_credit_notes_subtracted(client: Client, settings: Any) -> None:
    zone = ZoneInfo(settings.TIME_ZONE)
    with time_machine.travel(datetime(2026, 6, 1, 23, 59, tzinfo=zone), tick=False):
        order = mug_paid_in_cash()
    with time_machine.travel(datetime(2026, 6, 2, 0, 1, tzinfo=zone), tick=False):
        factories.vat_rate("GB", 5, valid_from=datetime(2026, 6, 2, tzinfo=zone).date())
        mug_paid_in_cash()
        refund(order, 1645)
    with time_machine.travel(datetime(2026, 6, 3, 0, 0, tzinfo=zone), tick=False):
        mug_paid_in_cash()
        user = User.objects.get(email="clerk@example.com")
        client.force_login(user)
        assert totals(client, "2026-06-01", "2026-06-02") == [
            ["Date", "Country of VAT", "VAT rate", "Gross", "Net", "VAT", "Currency", "Paid by"],
            ["2026-06-01", "GB", "20.00", "16.45", "13.71", "2.74", "GBP", "cash"],
            ["2026-06-02", "GB", "20.00", "-16.45", "-13.71", "-2.74", "GBP", "cash"],
            ["2026-06-02", "GB", "5.00", "16.45", "15.67", "0.78", "GBP", "cash"],
            ["Total", "GB", "20.00", "0.00", "0.00", "0.00", "GBP", "cash"],
            ["Total", "GB", "5.00", "16.45", "15.67", "0.78", "GBP", "cash"],
        ]


def test_totals_without_vat_have_no_rate(client: Client) -> None:
    factories.vat(VatScheme.NOT_REGISTERED, not_registered_note="Small business.")
    order = mug_paid_in_cash()
    day = timezone.localdate(order.documents.get().issued_at).isoformat()
    assert totals(client, day, day)[1:] == [
        [day, "", "", "16.45", "16.45", "0.00", "GBP", "cash"],
        ["Total", "", "", "16.45", "16.45", "0.00", "GBP", "cash"],
    ]


def test_the_list_leads_to_the_totals_of_its_days_or_of_the_month_before(client: Client, paid: Order) -> None:
    with time_machine.travel(datetime(2026, 3, 14, 12, tzinfo=ZoneInfo("UTC")), tick=False):
        client.force_login(User.objects.get(email="clerk@example.com"))
        page = shown(client, kind="credit_note")
        assert "Totals of February 2026" in page
        assert "totals.csv?kind=credit_note&amp;issued_at_from=2026-02-01&amp;issued_at_to=2026-02-28" in page
        page = shown(client, issued_at_from="2026-03-01")
        assert "Totals of these days" in page
        assert "totals.csv?issued_at_from=2026-03-01" in page


def test_totals_are_of_all_papers_of_the_days_whatever_else_the_list_shows(
    client: Client, paid: Order
) -> None:
    refund(paid, 1645)
    rows = {"issued_at_from": "2020-01-01", "issued_at_to": "", "kind": "invoice", "q": "INV"}
    table = client.get(f"{PAPERS}totals.csv", rows).content.decode().splitlines()
    assert table[-1] == "Total,GB,20.00,0.00,0.00,0.00,GBP,cash"


@pytest.mark.parametrize(
    ("first", "last"), [("x", ""), ("", ""), ("2026-02-01", "2026-13-31"), ("0001-01-01", "")]
)
def test_without_days_the_list_asks_for_them(client: Client, first: str, last: str) -> None:
    page = shown(client, f"{PAPERS}totals.csv", issued_at_from=first, issued_at_to=last)
    assert "Choose the days first" in page


# --- An invoice that an order lacks ------------------------------------------------------------------------
def state_vat() -> None:
    """State it again, with the rates that are there."""
    factories.shop_settings(vat_scheme=VatScheme.RATES, country="GB", vat_number="GB999999973")


def ask_for_invoice(client: Client, order: Order) -> str:
    response = client.post(f"/admin/orders/{order.pk}/invoice/", follow=True)
    assert response.status_code == 200
    order.refresh_from_db()
    return response.content.decode()


def offers_invoice(client: Client, order: Order) -> bool:
    return f"/admin/orders/{order.pk}/invoice/" in shown(client, f"/admin/orders/inspect/{order.pk}/")


def test_an_order_from_before_vat_was_stated_gets_its_invoice_at_the_rate_of_its_day(client: Client) -> None:
    factories.vat("")
    order = mug_paid_in_cash()
    refund(order, 300)
    assert not offers_invoice(client, order)
    assert "No invoice was issued. First state VAT" in ask_for_invoice(client, order)
    state_vat()
    books = VatClass.objects.create(name="Books")
    factories.vat_rate("GB", 5, vat_class=books)
    ProductPage.objects.update(vat_class=books)
    factories.vat_rate("GB", 25, valid_from=timezone.localdate() + timedelta(days=1))
    assert offers_invoice(client, order)
    assert "The invoice was issued." in ask_for_invoice(client, order)
    note, invoice = [issuing.paper_of(one) for one in order.documents.order_by("kind")]
    assert (invoice.total, invoice.vat) == (1645, (("5.00", 1645, 78),))
    assert note.total == 300
    assert order.events.latest("pk").note == "INV-000001, CN-000001"
    assert not offers_invoice(client, order)
    assert "No invoice was issued." in ask_for_invoice(client, order)
    assert order.documents.count() == 2


def test_a_day_without_a_rate_has_no_invoice_and_stays_as_it_was(client: Client) -> None:
    factories.vat("")
    order = mug_paid_in_cash()
    state_vat()
    Order.objects.update(placed_at=datetime(2019, 12, 31, 12, tzinfo=ZoneInfo("UTC")))
    words = "First enter the standard rate of United Kingdom of 31 Dec 2019 or before"
    assert words in ask_for_invoice(client, order)
    DeliveryCountry.objects.all().delete()
    assert "First enter United Kingdom under Settings → Delivery countries" in ask_for_invoice(client, order)
    assert (order.vat_scheme, order.documents.count(), order.lines.get().vat_percent) == ("", 0, None)


def test_what_stripe_tax_did_not_work_out_is_invoiced_at_the_rates_that_are_entered(client: Client) -> None:
    VatRate.objects.all().delete()
    factories.vat(VatScheme.STRIPE_TAX)
    order = mug_paid_in_cash()
    assert "First enter the country of the business" in ask_for_invoice(client, order)
    factories.shop_settings(country="GB")
    assert "First enter the standard rate of United Kingdom" in ask_for_invoice(client, order)
    assert (order.vat_scheme, order.documents.count()) == (VatScheme.STRIPE_TAX, 0)
    factories.vat_rate("GB", 20)
    factories.vat_rate("GB", 25, valid_from=timezone.localdate() + timedelta(days=1))
    assert "The invoice was issued." in ask_for_invoice(client, order)
    refund(order, order.refundable)
    note, invoice = [issuing.paper_of(one) for one in order.documents.order_by("kind")]
    assert invoice.vat == note.vat == (("20.00", 1645, 274),)
    assert (order.vat_scheme, order.vat_country) == (VatScheme.RATES, "GB")


def test_who_is_not_registered_issues_it_with_the_sentence(client: Client) -> None:
    factories.vat("")
    order = mug_paid_in_cash()
    factories.vat(VatScheme.NOT_REGISTERED, not_registered_note="Small business.")
    ask_for_invoice(client, order)
    assert "Small business." in issuing.paper_of(order.documents.get()).notes


@pytest.mark.parametrize("change", [{"status": Order.Status.REVIEW}, {"email": ""}])
def test_an_order_under_review_or_no_longer_kept_gets_none(change: dict[str, str], client: Client) -> None:
    factories.vat("")
    order = mug_paid_in_cash()
    state_vat()
    Order.objects.update(**change)
    assert not offers_invoice(client, order)
    assert "No invoice was issued." in ask_for_invoice(client, order)
    assert not order.documents.exists()


def test_who_may_not_change_orders_issues_none(paid: Order) -> None:
    response = signed_in("view_order").post(f"/admin/orders/{paid.pk}/invoice/")
    assert response.status_code == 302
    assert paid.documents.count() == 1


# --- How numbers begin -------------------------------------------------------------------------------------
@pytest.mark.parametrize("prefix", ["", "A1", "-A", "A--", "A B", "Ä-", "(", "/", "CN-", "A" * 13])
def test_a_prefix_that_could_confuse_is_refused(prefix: str) -> None:
    shop = ShopSettings.objects.get()
    shop.invoice_prefix = prefix
    with pytest.raises(ValidationError):
        shop.full_clean()


@pytest.mark.both_databases
def test_a_prefix_of_papers_of_the_other_kind_is_refused(paid: Order) -> None:
    shop = ShopSettings.objects.get()
    shop.invoice_prefix, shop.credit_note_prefix = "2026/", "INV-"
    with pytest.raises(ValidationError, match="other kind"):
        shop.full_clean()
    shop.credit_note_prefix = "INV"
    shop.full_clean()
