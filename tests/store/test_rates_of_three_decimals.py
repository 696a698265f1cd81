"""A rate of VAT may have three decimals, as 8.875 % has: it is summed, shown and frozen as it is."""

from decimal import Decimal
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation
from post_office.models import Email
from pypdf import PdfReader

from store.documents import daily_totals, issuing
from store.models import Basket, Document, Order, ProductPage, VatClass, VatRate, VatScheme
from store.payments import refunds
from store.vat import percent, sums
from store.vat.sums import VatSum
from tests import factories
from tests.store.paying import pay_in_cash, settle
from tests.visible_text import visible_text
from tools.stripe_sandbox import tax
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
RATE = Decimal("8.875")


@pytest.fixture
def order(basket: Basket) -> Order:
    """Two mugs for £25.00 at 8.875 %, an atlas for £15.00 at 5.5 %, and £3.95 of delivery."""
    factories.vat(GB=8.875)
    books = VatClass.objects.create(name="Books")
    factories.vat_rate("GB", 5.5, vat_class=books)
    factories.product("Atlas", sku="ATLAS", price=1500)
    ProductPage.objects.filter(title="Atlas").update(vat_class=books)
    basket.lines.create(sku="ATLAS", quantity=1)
    return pay_in_cash(factories.placed_order(basket))


def test_it_is_kept_summed_and_shown_as_it_is(order: Order, client: Client) -> None:
    assert {line.vat_percent for line in order.lines.all()} == {RATE, Decimal("5.5")}
    # Delivery is divided 2.47 and 1.48; 27.47 × 8.875 / 108.875 = 2.239, 16.48 × 5.5 / 105.5 = 0.859.
    assert sums.of_order(order) == [VatSum(RATE, 2747, 224), VatSum(Decimal("5.5"), 1648, 86)]
    mail = Email.objects.get(to=order.email)
    page = visible_text(client.get(order.get_absolute_url()).content)
    for text in (page, mail.message, mail.html_message):
        assert "VAT 8.875% on £25.23" in text
        assert "VAT 5.5% on £15.62" in text


def test_papers_state_it_in_data_on_the_page_and_as_pdf(order: Order, client: Client) -> None:
    paper = issuing.paper_of(order.documents.get())
    assert paper.vat == (("8.875", 2747, 224), ("5.50", 1648, 86))
    url = f"{order.get_absolute_url()}papers/INV-000001/"
    page = visible_text(client.get(url).content)
    pdf = " ".join(PdfReader(BytesIO(client.get(f"{url[:-1]}.pdf").content)).pages[0].extract_text().split())
    for text in (page, pdf):
        assert "8.875%" in text
        assert "5.5%" in text
        assert "5.50" not in text


def test_credit_notes_of_all_take_back_the_vat_of_all_and_totals_keep_the_rate(order: Order) -> None:
    for amount in (1000, order.total - 1000):
        refunds.request_refund(order=order, wanted=refunds.Wanted(amount=amount, reason="Late."), by="Staff")
    table = daily_totals.as_csv(Document.objects.all()).splitlines()
    assert table[-2:] == ["Total,GB,8.875,0.00,0.00,0.00,GBP,cash", "Total,GB,5.50,0.00,0.00,0.00,GBP,cash"]


def test_stripe_tax_may_have_it(sandbox: Sandbox, basket: Basket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tax.RATES, "GB", {None: 8.875})
    factories.vat(VatScheme.STRIPE_TAX)
    order = factories.awaiting_order(basket)
    sandbox.pay(order.session_id)
    order = settle(order)
    assert {line.vat_percent for line in order.lines.all()} == {RATE}
    assert [one.percent for one in sums.of_order(order)] == [RATE]
    assert issuing.paper_of(order.documents.get()).vat[0][0] == "8.875"


def test_a_fourth_decimal_is_refused() -> None:
    with pytest.raises(ValidationError, match="3 decimal places"):
        VatRate(country="GB", percent=Decimal("8.8755"), valid_from="2026-01-01").full_clean()


def test_the_form_and_the_list_show_a_rate_without_idle_decimals(admin_client: Client) -> None:
    rate = factories.vat_rate("GB", 20)
    factories.vat_rate("IE", 8.875)
    page = visible_text(admin_client.get("/admin/vat-rates/").content)
    assert "standard rate 20 1 Jan" in page
    assert "standard rate 8.875 1 Jan" in page
    form = admin_client.get(f"/admin/vat-rates/edit/{rate.pk}/").content.decode()
    assert 'value="20.00"' in form
    assert 'type="number"' not in form, "a browser's own field takes 5,5 for 55"


@pytest.mark.parametrize(
    ("rate", "english", "german"),
    [("20.000", "20", "20"), ("5.500", "5.5", "5,5"), ("8.875", "8.875", "8,875"), ("0", "0", "0")],
)
def test_a_rate_is_written_as_the_language_writes_it(rate: str, english: str, german: str) -> None:
    assert percent.shown(rate) == english
    with translation.override("de"):
        assert percent.shown(rate) == german
