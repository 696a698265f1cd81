"""Pages and PDFs of invoices and credit notes, as shoppers see them, and the job that makes the PDFs."""

import logging
import re

import pytest
from django.core.files.base import ContentFile
from django.db.models import QuerySet
from django.test import Client
from django.utils.html import escape
from post_office.models import Email

from store.documents import issuing, printing
from store.models import Document, Order, ProductVariant, VatScheme
from store.payments import refunds
from store.wagtail_hooks import worker_jobs
from tests import factories, queries
from tests.store.paying import pay_in_cash
from tests.visible_text import visible_text

pytestmark = pytest.mark.django_db
LONG = "Ж" * 300
NAMES = (
    "Ann Other",
    LONG,
    "Ελένη Παπαδοπούλου",
    "🏺 Pots & more",
    "محمد العربي",
    "<script>alert(1)</script>",
)


@pytest.fixture(autouse=True)
def _registered(mug: ProductVariant) -> None:
    factories.vat(GB=20)


@pytest.fixture
def paid() -> Order:
    return pay_in_cash(factories.placed_order(factories.basket(MUG=2)))


def page(client: Client, order: Order, number: str = "INV-000001", *, status: int = 200) -> str:
    response = client.get(f"{order.get_absolute_url()}papers/{number}/")
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def test_the_page_of_an_invoice_shows_what_was_frozen(client: Client, paid: Order) -> None:
    response = client.get(f"{paid.get_absolute_url()}papers/INV-000001/")
    shown = " ".join(response.content.decode().split())
    assert "<h1>Invoice INV-000001</h1>" in shown
    assert "VAT number: GB999999973" in shown
    assert '<td data-label="Unit price">£12.50</td>' in shown
    assert shown.count('<td data-label="VAT">20%</td>') == 2, "of the goods and their delivery"
    assert "VAT 20% on £24.12</dt> <dd>£4.83</dd>" in shown
    assert "Total, tax included</dt><dd>£28.95</dd>" in shown
    assert "Paid by cash on" in shown
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]


def test_a_paper_says_where_it_was_delivered_only_if_that_is_not_the_buyers_address(client: Client) -> None:
    address = {"name": "Ann Other", "line1": "2 Low Road", "city": "Exampleton", "country": "GB"}
    for elsewhere in ({}, {"line2": "Flat 3"}):
        order = factories.placed_order()
        order.billing_address, order.shipping_address = address, {**address, **elsewhere}
        order.customer_name = "Ann Other"
        order.save()
        number = pay_in_cash(order).documents.get().number
        assert ("Delivered to" in page(client, order, number)) == bool(elsewhere)


def test_the_order_lists_its_papers_below_its_money_and_above_its_progress(
    client: Client, paid: Order
) -> None:
    refunds.request_refund(order=paid, wanted=refunds.Wanted(amount=500, reason="Late."), by="Staff")
    shown = " ".join(client.get(paid.get_absolute_url()).content.decode().split())
    titles = [shown.index(f'id="{name}-title"') for name in ("money", "papers", "history", "address")]
    assert titles == sorted(titles)
    papers = shown[titles[1] : titles[2]]
    assert f"{paid.get_absolute_url()}papers/INV-000001/" in papers
    assert '<time class="summary__variant" datetime="' in papers, "on a line of its own"
    assert re.findall(r'summary__price">(.*?)<', papers) == ["£28.95", "−£5.00"]


def test_the_mails_name_and_link_the_papers(client: Client, paid: Order) -> None:
    refunds.request_refund(order=paid, wanted=refunds.Wanted(amount=500, reason="Late."), by="Staff")
    confirmation, refunded = Email.objects.filter(to=paid.email).order_by("pk")
    for mail, name, number, other in (
        (confirmation, "Invoice", "INV-000001", "CN-"),
        (refunded, "Credit note", "CN-000001", "INV-"),
    ):
        url = f"{paid.get_absolute_url()}papers/{number}/"
        for text in (mail.message, mail.html_message):
            assert f"{name} {number}" in text
            assert url in text
            assert other not in text
        assert "\n\n\n\n" not in mail.message
        assert client.get(url).status_code == 200


def test_nobody_who_is_not_registered_says_vat(client: Client) -> None:
    factories.vat(VatScheme.NOT_REGISTERED, not_registered_note="Small business.")
    shown = visible_text(page(client, pay_in_cash(factories.placed_order())))
    assert "VAT" not in shown
    assert "Small business." in shown


def test_a_paper_is_found_only_below_its_own_order(client: Client, paid: Order) -> None:
    other = pay_in_cash(factories.placed_order())
    assert other.documents.get().number == "INV-000002"
    for number in ("INV-000002", "INV-000003", "x/../INV-000001", "%00"):
        response = client.get(f"{paid.get_absolute_url()}papers/{number}/")
        assert response.status_code in {400, 404}, number


@pytest.mark.parametrize("name", NAMES)
def test_any_name_and_address_is_shown_and_escaped(client: Client, name: str) -> None:
    order = factories.placed_order()
    address = {"name": name, "line1": name, "city": name, "country": "GB"}
    elsewhere = {**address, "line2": "Flat 3"}
    Order.objects.update(billing_address=address, shipping_address=elsewhere, customer_name=name[:200])
    order = pay_in_cash(order)
    shown = page(client, order)
    assert "<script>alert" not in shown
    assert shown.count(f"<bdi>{escape(name)}</bdi>") == 6, "name, street and town of buyer and delivery"
    document = order.documents.get()
    assert printing.print_missing() == 1
    response = client.get(f"{order.get_absolute_url()}papers/{document.number}.pdf")
    assert response.content.startswith(b"%PDF-")


def test_an_order_shows_its_papers_with_one_more_query(client: Client, paid: Order) -> None:
    for_one = queries.warm(client, paid.get_absolute_url())
    for _ in range(3):
        refunds.request_refund(order=paid, wanted=refunds.Wanted(amount=100, reason="Late."), by="Staff")
    shown = client.get(paid.get_absolute_url()).content.decode()
    assert f"{paid.get_absolute_url()}papers/CN-000003/" in shown
    assert "Credit note CN-000003" in shown
    assert queries.warm(client, paid.get_absolute_url()) - for_one <= 2  # refunds and their lines


def test_a_number_with_a_slash_has_a_page_and_a_file(client: Client) -> None:
    shop = factories.vat(VatScheme.NOT_REGISTERED, not_registered_note="Small business.")
    shop.invoice_prefix = "2026/A-"
    shop.save()
    order = pay_in_cash(factories.placed_order())
    printing.print_missing()
    assert "2026/A-000001" in page(client, order, "2026/A-000001")
    response = client.get(f"{order.get_absolute_url()}papers/2026/A-000001.pdf")
    assert response["Content-Disposition"] == 'attachment; filename="2026-A-000001.pdf"'


# --- PDFs --------------------------------------------------------------------------------------------------
def test_a_pdf_is_handed_out_before_the_worker_made_it_and_after_it_was_lost(
    client: Client, paid: Order
) -> None:
    url = f"{paid.get_absolute_url()}papers/INV-000001.pdf"
    before = client.get(url).content
    assert printing.print_missing() == 1
    assert printing.print_missing() == 0
    response = client.get(url)
    assert response.content == before
    assert response.content.startswith(b"%PDF-")
    assert response["Content-Disposition"] == 'attachment; filename="INV-000001.pdf"'
    assert response["X-Robots-Tag"] == "noindex"
    document = Document.objects.get()
    assert document.pdf.name == f"papers/{document.pk}.pdf"
    document.pdf.storage.delete(document.pdf.name)
    assert client.get(url).content == before


def test_what_cannot_be_printed_is_logged_and_keeps_no_other_waiting(
    paid: Order, caplog: pytest.LogCaptureFixture
) -> None:
    QuerySet(Document).update(data={})
    pay_in_cash(factories.placed_order())
    with caplog.at_level(logging.ERROR):
        assert printing.print_missing() == 1
    assert "No PDF could be made of INV-000001." in caplog.text
    assert Document.objects.exclude(pdf="").get().number == "INV-000002"


def test_a_file_that_a_crash_left_is_replaced(paid: Order) -> None:
    document = Document.objects.get()
    storage = document.pdf.storage
    storage.delete(f"papers/{document.pk}.pdf")
    storage.save(f"papers/{document.pk}.pdf", ContentFile(b"half"))
    printing.print_missing()
    document.refresh_from_db()
    assert document.pdf.name == f"papers/{document.pk}.pdf"
    with document.pdf.open() as file:
        assert file.read(5) == b"%PDF-"


def test_what_was_forgotten_is_printed_without_it(paid: Order) -> None:
    QuerySet(Document).update(personal={})
    assert issuing.paper_of(Document.objects.get()).buyer == ()
    assert printing.print_missing() == 1


def test_the_worker_makes_them(paid: Order) -> None:
    (job,) = [job for job in worker_jobs() if job.name == "papers"]
    job.run()
    document = Document.objects.get()
    assert document.pdf.storage.exists(document.pdf.name)


@pytest.mark.both_databases
@pytest.mark.parametrize("path", ["/orders/x/papers/a%00/", "/orders/x/papers/a%00.pdf"])
def test_a_number_that_no_database_takes_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
