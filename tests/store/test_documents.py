"""Invoices and credit notes: what stands on them, worked out by hand, and that they sum to what is left."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from wagtail.models import Site

from home.append_only import ImmutableRecordError
from home.models import BrandSettings, User
from store.documents import issuing, printing
from store.documents.paper import Paper
from store.models import (
    Document,
    DocumentCounter,
    DocumentSum,
    Order,
    ProductPage,
    ProductVariant,
    Refund,
    ShopSettings,
    VatClass,
    VatScheme,
)
from store.models.tokens import may_be_token
from store.orders import lifecycle, personal_data
from store.payments import refunds
from store.payments.refunds import Wanted
from store.stock import movements
from tests import factories
from tests.conftest import SOAK
from tests.store.paying import pay_in_cash
from tests.store.test_refunds import fail, in_dashboard, pay
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Kind = Document.Kind
D = Decimal


@pytest.fixture(autouse=True)
def _registered(mug: ProductVariant) -> None:
    factories.vat(GB=20)
    BrandSettings.objects.all().delete()


def books(percent: float = 5, *, price: int = 800) -> None:
    """Sell an atlas at another rate."""
    vat_class = VatClass.objects.create(name="Books")
    factories.vat_rate("GB", percent, vat_class=vat_class)
    factories.product("Atlas", sku="ATLAS", price=price)
    ProductPage.objects.filter(title="Atlas").update(vat_class=vat_class)


@pytest.fixture
def atlas() -> None:
    books()
    for sku in ("MUG", "ATLAS"):
        movements.receive(sku=sku, quantity=300)


def ordered(*, discount: int = 0, **quantities: int) -> Order:
    order = factories.placed_order(factories.basket(**quantities))
    order.discount, order.total = discount, order.total - discount
    order.save()
    return order


def papers(order: Order) -> list[Paper]:
    """Return what stands on the papers of an order, the oldest first."""
    return [issuing.paper_of(one) for one in order.documents.order_by("pk")]


def left(order: Order) -> dict[Decimal | None, tuple[int, int]]:
    """Return what the papers of an order leave by rate, gross and VAT."""
    found: dict[Decimal | None, tuple[int, int]] = {}
    for row in DocumentSum.objects.filter(document__order=order):
        gross, vat = found.get(row.percent, (0, 0))
        found[row.percent] = (gross + row.gross, vat + row.vat)
    return found


def refund(order: Order, **wanted: Any) -> Refund:
    return refunds.request_refund(order=order, wanted=Wanted(**wanted), by="Staff")


def line(order: Order, sku: str) -> int:
    return order.lines.get(sku=sku).pk


# --- The invoice -------------------------------------------------------------------------------------------
def test_an_invoice_of_two_rates_with_discount_and_delivery_by_hand() -> None:
    books()
    # 25.00 at 20 % and 8.00 at 5 %, 3.95 of delivery, 3.30 off: of delivery 2.99 and 0.96, of the discount 2.50 and
    # 0.80; so 25.49, with 4.25 of VAT, and 8.16 with 0.39.
    order = pay_in_cash(ordered(MUG=2, ATLAS=1, discount=330))
    (paper,) = papers(order)
    assert (paper.kind, paper.number, paper.currency) == (Kind.INVOICE, "INV-000001", "GBP")
    assert paper.vat == (("20.00", 2549, 425), ("5.00", 816, 39))
    assert [
        (one.sku, one.title, one.quantity, one.unit_price, one.total, one.percent) for one in paper.lines
    ] == [
        ("MUG", "Enamel mug", 2, 1250, 2500, "20.00"),
        ("ATLAS", "Atlas", 1, 800, 800, "5.00"),
        ("", "Post", 1, 395, 395, ""),
    ]
    assert (paper.discount, paper.total) == (330, 3365)
    assert sum(one.total for one in paper.lines) - paper.discount == paper.total
    assert paper.order == order.number
    assert paper.issued_on == paper.ordered_on == timezone.localdate().isoformat()
    assert paper.vat_number == "GB999999973"
    assert paper.notes == (f"Paid by cash on {date_format(timezone.localdate())}.",)
    assert Document.objects.get().total == 3365


def test_an_invoice_names_seller_and_buyer() -> None:
    BrandSettings.objects.create(
        site=Site.objects.get(is_default_site=True),
        legal_name="Jomso Ltd",
        street="1 High Street",
        postal_code="AB1 2CD",
        city="Town",
        country="United Kingdom",
        email="shop@example.com",
        phone="01234 567890",
        company_number="12345678",
    )
    order = ordered(MUG=1)
    order.customer_name = "Ann Other"
    order.billing_address = {"name": "Ann & Co", "line1": "2 Low Road", "city": "Bonn", "country": "DE"}
    order.shipping_address = {"name": "Ann Other", "line1": "3 Side Lane", "city": "Town", "country": "GB"}
    order.save()
    (paper,) = papers(pay_in_cash(order))
    assert paper.seller == ("Jomso Ltd", "1 High Street", "AB1 2CD Town", "United Kingdom")
    assert paper.contact == ("shop@example.com", "Telephone: 01234 567890", "Company number: 12345678")
    assert paper.buyer == ("Ann & Co", "2 Low Road", "Bonn", "Germany")
    assert paper.deliver_to == ("Ann Other", "3 Side Lane", "Town", "United Kingdom")


def test_an_order_without_address_says_what_is_known() -> None:
    (paper,) = papers(pay_in_cash(ordered(MUG=1)))
    assert paper.buyer == ("shopper@example.com",)
    assert paper.deliver_to == ("United Kingdom",)
    order = ordered(MUG=1)
    Order.objects.filter(pk=order.pk).update(customer_name="Ann Other")
    assert papers(pay_in_cash(order))[0].buyer == ("Ann Other",)


def test_a_trader_who_is_not_registered_states_no_vat_but_why() -> None:
    factories.vat(VatScheme.NOT_REGISTERED, not_registered_note="No VAT: small business.")
    order = pay_in_cash(ordered(MUG=2))
    (paper,) = papers(order)
    assert (paper.vat, paper.vat_number, paper.total) == ((), "", 2895)
    assert paper.notes[0] == "No VAT: small business."
    assert paper.lines[0].percent == ""
    assert left(order) == {None: (2895, 0)}
    refund(order, lines={line(order, "MUG"): 1})
    assert papers(order)[1].vat == ()
    assert left(order) == {None: (1645, 0)}


def test_goods_that_are_exported_have_a_rate_of_zero_and_a_reason() -> None:
    there = factories.shipping(country="DE", price=395)
    there.country.vat, there.country.vat_note = "none", "Export: zero-rated."
    there.country.save()
    order = pay_in_cash(factories.placed_order(factories.basket(MUG=1), option=there))
    (paper,) = papers(order)
    assert paper.vat == (("0.00", 1645, 0),)
    assert "Export: zero-rated." in paper.notes


@pytest.mark.parametrize(
    ("currency", "price", "delivery", "gross", "vat"),
    [
        ("JPY", 1250, 395, 2895, 483),  # 482.5
        ("KWD", 12500, 3950, 28950, 4825),
    ],
)
def test_currencies_without_decimals_and_with_three(
    settings: Any, currency: str, price: int, delivery: int, gross: int, vat: int
) -> None:
    settings.CURRENCY = currency
    ProductVariant.objects.update(price=price)
    option = factories.shipping(price=delivery)
    order = pay_in_cash(factories.placed_order(factories.basket(MUG=2), option=option))
    (paper,) = papers(order)
    assert (paper.currency, paper.total, paper.vat) == (currency, gross, (("20.00", gross, vat),))
    refund(order, lines={line(order, "MUG"): 1})
    assert papers(order)[1].total == price


def test_there_is_no_invoice_until_the_seller_says_how_vat_is_accounted_for() -> None:
    factories.vat("")
    order = pay_in_cash(ordered(MUG=1))
    refund(order, amount=order.total)
    assert papers(order) == []


def test_the_invoice_is_in_the_language_of_the_site_whoever_accepts_the_payment() -> None:
    with translation.override("de"):
        order = pay_in_cash(ordered(MUG=1))
    (paper,) = papers(order)
    assert paper.notes == (f"Paid by cash on {date_format(timezone.localdate())}.",)
    assert paper.deliver_to == ("United Kingdom",)


def test_prefixes_are_the_shops() -> None:
    shop = ShopSettings.objects.get()
    shop.invoice_prefix, shop.credit_note_prefix = "2026/A-", "2026/C-"
    shop.full_clean()
    shop.save()
    order = pay_in_cash(ordered(MUG=1))
    refund(order, amount=order.total)
    assert [paper.number for paper in papers(order)] == ["2026/A-000001", "2026/C-000001"]


# --- An order under review ---------------------------------------------------------------------------------
def test_an_order_under_review_has_no_invoice_until_it_is_accepted(sandbox: Sandbox) -> None:
    order = factories.awaiting_order()
    Order.objects.filter(pk=order.pk).update(subtotal=2499)
    order = pay(sandbox, order)
    assert order.status == Order.Status.REVIEW
    in_dashboard(sandbox, order, amount=300)
    refunds.bring_up_to_date(order=order)
    assert papers(order) == []
    staff = User.objects.create_user(email="staff@example.com")
    lifecycle.take_staff_step(order_id=order.pk, to=Order.Status.PAID, user=staff)
    assert [(paper.kind, paper.total) for paper in papers(order)] == [("invoice", 2895), ("credit_note", 300)]


@pytest.mark.parametrize(
    ("paid", "currency", "first", "then"),
    [
        (3000, "GBP", [], [500]),  # what was paid too much goes back first: the invoice stands
        (2000, "GBP", [152], [724]),  # 105 and 500 of 2000 are 152 and 724 of 2895
        (4000, "USD", [76], [362]),
    ],
)
def test_another_payment_than_what_was_ordered_is_named_and_credited_in_proportion(
    paid: int, currency: str, first: list[int], then: list[int]
) -> None:
    order = pay_in_cash(ordered(MUG=2), amount=paid, currency=currency)
    (invoice,) = papers(order)
    assert invoice.total == 2895
    assert invoice.notes[0].startswith(
        {3000: "£30.00", 2000: "£20.00", 4000: "US$40.00"}[paid] + " paid by cash"
    )
    refund(order, amount=105, reason="Too much.")
    assert [paper.total for paper in papers(order)[1:]] == first
    refund(order, amount=500, reason="Late.")
    assert [paper.total for paper in papers(order)[1:]] == first + then
    refund(order, amount=order.refundable)
    assert left(order) == {D(20): (0, 0)}


def test_an_excess_that_the_bank_sends_back_is_made_up_on_the_papers(sandbox: Sandbox) -> None:
    order = pay_in_cash(ordered(MUG=2), amount=4000)
    excess = refund(order, amount=1105, reason="Too much.")
    refund(order, amount=1000, reason="Late.")
    assert left(order) == {D(20): (1895, 316)}
    Refund.objects.filter(pk=excess.pk).update(status=Refund.Status.FAILED)
    issuing.follow_refunds(Order.objects.get())
    assert left(order) == {D(20): (2895, 483)}, "30.00 are here, of which 28.95 were invoiced"
    assert papers(order)[-1].notes[0].startswith("The bank sent a refund back.")
    issuing.follow_refunds(Order.objects.get())
    assert order.documents.count() == 3
    refund(order, amount=order.refundable)
    assert left(order) == {D(20): (0, 0)}


# --- Credit notes ------------------------------------------------------------------------------------------
def test_a_refund_by_line_takes_the_share_of_the_line_by_hand() -> None:
    books()
    order = pay_in_cash(ordered(MUG=2, ATLAS=1, discount=330))
    # A mug is 12.50 less a tenth: 11.25, of which 1.88 is VAT: 4.25 of 25.49 less 2.37 of 14.24.
    refund(order, lines={line(order, "MUG"): 1}, reason="Broken.")
    note = papers(order)[1]
    assert (note.kind, note.number, note.total, note.discount) == ("credit_note", "CN-000001", 1125, 125)
    assert [(one.title, one.quantity, one.total) for one in note.lines] == [("Enamel mug", 1, 1250)]
    assert note.vat == (("20.00", 1125, 188),)
    today = f"{date_format(timezone.localdate())}"
    assert note.notes == (f"This credit note corrects invoice INV-000001 of {today}.",)
    assert note.reasons == ("Reason: Broken.",)
    document = order.documents.get(kind=Kind.CREDIT_NOTE)
    assert (document.corrects.number, document.refund) == ("INV-000001", order.refunds.get())
    assert left(order) == {D(20): (1424, 237), D(5): (816, 39)}
    assert list(document.sums.values_list("gross", "vat")) == [(-1125, -188)]


def test_delivery_is_credited_as_it_was_divided_and_a_sum_where_most_is_left() -> None:
    books()
    order = pay_in_cash(ordered(MUG=2, ATLAS=1))
    refund(order, delivery=395)
    assert papers(order)[1].vat == (("20.00", 299, 50), ("5.00", 96, 5))
    refund(order, amount=330, reason="Late.")
    note = papers(order)[2]
    assert note.vat == (("20.00", 250, 42), ("5.00", 80, 4))
    assert [(one.title, one.total) for one in note.lines] == [("Refund", 330)]


def test_a_line_is_credited_with_its_own_rate_and_delivery_with_both() -> None:
    books()
    order = pay_in_cash(ordered(MUG=2, ATLAS=1))
    refund(order, lines={line(order, "ATLAS"): 1}, delivery=395)
    assert papers(order)[1].vat == (("20.00", 299, 50), ("5.00", 896, 43))
    assert left(order) == {D(20): (2500, 417), D(5): (0, 0)}


def test_the_last_coin_of_a_discount_is_part_of_the_discount() -> None:
    order = pay_in_cash(ordered(MUG=3, discount=100))
    refund(order, lines={line(order, "MUG"): 1})  # a third of 36.50: 12.16
    note = papers(order)[1]
    assert ([one.total for one in note.lines], note.discount, note.total) == ([1250], 34, 1216)


def test_a_line_for_another_sum_says_what_it_differs_by() -> None:
    order = pay_in_cash(ordered(MUG=2))
    refund(order, lines={line(order, "MUG"): 1}, amount=1000, reason="It was used.")
    assert [(one.title, one.total) for one in papers(order)[1].lines] == [
        ("Enamel mug", 1250),
        ("Adjustment", -250),
    ]
    assert papers(order)[1].total == 1000


def test_a_refund_that_is_refused_or_waits_for_an_answer_has_no_credit_note(sandbox: Sandbox) -> None:
    order = pay(sandbox, factories.awaiting_order())
    sandbox.faults.add(operation="refund", kind="drop_before", times=3)
    assert refund(order, amount=100, reason="Late.").status == Refund.Status.REQUESTED
    assert len(papers(order)) == 1
    sandbox.faults.clear()
    later = timezone.now() + 2 * refunds.PATIENCE
    for _ in range(2):
        refunds.bring_up_to_date(order=order, now=later)
    assert [paper.total for paper in papers(order)] == [2895, 100]


def test_a_refund_from_stripes_dashboard_has_a_credit_note(sandbox: Sandbox) -> None:
    order = pay(sandbox, factories.awaiting_order())
    in_dashboard(sandbox, order, amount=1000)
    for _ in range(2):
        refunds.bring_up_to_date(order=order)
    assert [(paper.kind, paper.total) for paper in papers(order)] == [
        ("invoice", 2895),
        ("credit_note", 1000),
    ]


def test_what_the_bank_sends_back_is_invoiced_again_and_can_be_refunded_again(sandbox: Sandbox) -> None:
    order = pay(sandbox, factories.awaiting_order())
    first = refund(order, lines={line(order, "MUG"): 1})
    refund(order, amount=333, reason="Late.")
    fail(sandbox, first.refund_id)
    for _ in range(2):
        refunds.bring_up_to_date(order=order)
    again = papers(order)[3]
    assert (again.kind, again.number, again.total) == ("invoice", "INV-000002", 1250)
    assert again.notes[0].startswith(
        "The bank sent the refund back. This invoice corrects credit note CN-000001 of"
    )
    assert left(order) == {D(20): (2562, 427)}
    refund(order, amount=order.refundable)
    note = order.documents.get(number="CN-000003")
    assert note.corrects.number == "INV-000001"
    assert left(order) == {D(20): (0, 0)}


def test_a_dispute_is_no_paper(sandbox: Sandbox) -> None:
    order = pay(sandbox, factories.awaiting_order())
    order.disputes.create(
        dispute_id="dp_1", amount=2895, status="lost", reason="x", created_at=timezone.now()
    )
    refunds.bring_up_to_date(order=order)
    assert len(papers(order)) == 1


STEPS = st.lists(
    st.tuples(st.sampled_from(["mug", "atlas", "sum", "delivery", "all"]), st.integers(1, 900)), max_size=5
)


@settings(max_examples=10 if SOAK == 1 else 100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mugs=st.integers(1, 3), atlases=st.integers(0, 2), discount=st.integers(0, 1000), steps=STEPS)
def test_papers_of_any_refunds_sum_to_what_is_left(
    atlas: None, mugs: int, atlases: int, discount: int, steps: list[tuple[str, int]]
) -> None:
    order = pay_in_cash(ordered(MUG=mugs, **({"ATLAS": atlases} if atlases else {}), discount=discount))
    for what, amount in [*steps, ("all", 0)]:
        kept = {one.sku: one for one in order.lines_with_refunds() if one.kept}
        wanted = Wanted(amount=amount, reason="Late.")
        if what in {"mug", "atlas"} and what.upper() in kept:
            wanted = Wanted(lines={kept[what.upper()].pk: 1})
        elif what == "delivery":
            wanted = Wanted(delivery=refunds.delivery_left(order))
        elif what == "all":
            wanted = refunds.everything(order)
        try:
            refunds.request_refund(order=order, wanted=wanted, by="Staff")
        except refunds.RefundError:
            continue
        order.refresh_from_db()
        found = left(order)
        assert sum(gross for gross, _vat in found.values()) == order.refundable
        assert all(gross >= 0 for gross, _vat in found.values())
        for percent, (gross, vat) in found.items():
            assert vat == issuing.sums.included(gross, percent or D(0))
        last = papers(order)[-1]
        assert sum(one.total for one in last.lines) - last.discount == last.total
    assert not any(gross or vat for gross, vat in left(order).values())


# --- Written once ------------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_papers_are_written_once() -> None:
    order = pay_in_cash(ordered(MUG=1))
    document = order.documents.get()
    for act in (
        document.save,
        document.delete,
        lambda: Document.objects.update(total=1),
        lambda: Document.objects.all().delete(),
        lambda: DocumentSum.objects.update(vat=0),
        lambda: document.sums.all().delete(),
    ):
        with pytest.raises(ImmutableRecordError):
            act()


@pytest.mark.both_databases
def test_a_rollback_gives_the_number_back() -> None:
    with transaction.atomic():
        pay_in_cash(ordered(MUG=1))
        transaction.set_rollback(True)
    assert not Document.objects.exists()
    assert DocumentCounter.objects.get(series=Kind.INVOICE).last_number == 0
    assert papers(pay_in_cash(ordered(MUG=1)))[0].number == "INV-000001"


# --- Personal data -----------------------------------------------------------------------------------------
def words_of(document: Document) -> str:
    """Return the words of the PDF that lies where the worker saves it."""
    with document.pdf.storage.open(f"papers/{document.pk}.pdf") as file:
        return " ".join(page.extract_text() for page in PdfReader(file).pages)


def test_of_an_order_that_is_no_longer_kept_the_papers_forget_the_buyer(
    django_capture_on_commit_callbacks: Any,
) -> None:
    order = pay_in_cash(ordered(MUG=1))
    refund(order, amount=100, reason="Ann was late.")
    document = order.documents.first()
    printing.print_missing()
    assert document
    assert "Ann was late." in words_of(document)
    (told,) = personal_data.export_orders(order.email)
    assert [paper["number"] for paper in told["papers"]] == ["CN-000001", "INV-000001"]
    with django_capture_on_commit_callbacks(execute=True):
        personal_data.expire_orders(timezone.now() + timedelta(days=4000))
        assert printing.print_missing() == 2  # another worker, as soon as it sees what was committed
    assert [(paper.buyer, paper.deliver_to, paper.reasons) for paper in papers(order)] == [((), (), ())] * 2
    assert all(paper.notes for paper in papers(order)), "what the law wants on them stays"
    assert [paper.total for paper in papers(order)] == [1645, 100]
    assert left(order) == {D(20): (1545, 258)}
    assert document.number in words_of(document)
    assert "Ann was late." not in words_of(document)


def test_an_order_is_kept_as_long_as_its_last_paper() -> None:
    order = pay_in_cash(ordered(MUG=1))
    with time_machine.travel(timezone.now() + timedelta(days=4000), tick=False):
        refund(order, amount=100, reason="Late.")
        assert personal_data.expire_orders(timezone.now()) == 0
    with time_machine.travel(timezone.now() + timedelta(days=8000), tick=False):
        assert personal_data.expire_orders(timezone.now()) == 1


def test_a_staging_copy_has_invented_buyers() -> None:
    order = pay_in_cash(ordered(MUG=1))
    personal_data.replace_orders()
    assert papers(order)[0].buyer[:2] == ("A shopper", "1 Example Street")
    order.refresh_from_db()
    assert may_be_token(order.token), "its page opens"
    assert may_be_token(order.return_token)


def test_what_stripe_tax_rounded_is_taken_back_to_the_last_coin() -> None:
    order = ordered(MUG=2)
    sums_of_stripe = [["20.00", 2500, 418], ["5.00", 395, 18]]  # 416.67 and 18.81
    order.vat_scheme, order.vat_sums = VatScheme.STRIPE_TAX, sums_of_stripe
    order.save()
    pay_in_cash(order)
    assert papers(order)[0].vat == (("20.00", 2500, 418), ("5.00", 395, 18))
    refund(order, lines={line(order, "MUG"): 1})
    assert left(order)[D(20)] == (1250, 209)
    refund(order, amount=1645)
    assert left(order) == {D(20): (0, 0), D(5): (0, 0)}
