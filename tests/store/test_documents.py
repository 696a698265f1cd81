"""Invoices and credit notes are written once, numbered without gaps, and forget the buyer in time."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from pypdf import PdfReader

from home.append_only import ImmutableRecordError
from store.documents import printing
from store.models import Document, DocumentCounter, DocumentSum
from store.models.tokens import may_be_token
from store.orders import personal_data
from tests.store.papers import left, ordered, papers, refund
from tests.store.paying import pay_in_cash

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("registered")]
Kind = Document.Kind
D = Decimal


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
