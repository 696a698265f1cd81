"""Numbers of invoices and credit notes: no gap and no double, however many are paid or refunded at once."""

import threading
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from store.documents import issuing
from store.models import Document, DocumentCounter, Order, ProductVariant
from store.payments import refunds
from store.stock import movements
from tests import factories
from tests.at_once import at_once
from tests.store.paying import pay_in_cash

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
Kind = Document.Kind
THINGS = [f"THING-{number}" for number in range(10)]


@pytest.fixture(autouse=True)
def _registered() -> None:
    """Sell ten different things, so that payments do not wait for each other's stock."""
    factories.shipping()
    page = factories.product(on_hand=0).page
    for sku in THINGS:
        ProductVariant.objects.create(page=page, sku=sku, price=100)
        movements.receive(sku=sku, quantity=10)
    factories.vat(GB=20)


def orders(count: int) -> list[Order]:
    skus = (THINGS[number % len(THINGS)] for number in range(count))
    return [factories.placed_order(factories.basket(**{sku: 1})) for sku in skus]


def numbers(kind: str) -> list[str]:
    return sorted(Document.objects.filter(kind=kind).values_list("number", flat=True))


def first(count: int, prefix: str) -> list[str]:
    return [f"{prefix}{number:06}" for number in range(1, count + 1)]


def pay_and_fail(order: Order) -> None:
    """Take the money, then be rolled back when everything was written."""
    with transaction.atomic():
        pay_in_cash(order)
        transaction.set_rollback(True)


def test_fifty_payments_at_once_a_fifth_of_which_is_rolled_back_leave_no_gap() -> None:
    acts = [
        partial(pay_and_fail if number % 5 == 0 else pay_in_cash, order)
        for number, order in enumerate(orders(50))
    ]
    results = at_once(*acts)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert numbers(Kind.INVOICE) == first(40, "INV-")
    assert DocumentCounter.objects.get(series=Kind.INVOICE).last_number == 40


def test_payments_and_refunds_at_once_wait_for_each_other_in_one_sequence() -> None:
    paid, new = [pay_in_cash(order) for order in orders(10)], orders(10)

    def give_back(order: Order) -> None:
        wanted = refunds.everything(order)
        refunds.request_refund(order=order, wanted=wanted, by="Staff")

    def correct(order: Order) -> None:
        with transaction.atomic():
            issuing.correct_buyer(Order.objects.select_for_update().get(pk=order.pk))

    acts = [partial(give_back if number % 2 else correct, order) for number, order in enumerate(paid)]
    results = at_once(*acts, *(partial(pay_in_cash, order) for order in new))
    assert [result for result in results if isinstance(result, Exception)] == []
    assert numbers(Kind.INVOICE) == first(25, "INV-")
    assert numbers(Kind.CREDIT_NOTE) == first(10, "CN-")


def test_the_largest_number_plus_one_is_taken_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the counter's lock is for: two see the same number, and one of the payments is not saved."""
    seen = threading.Barrier(2)

    def largest_plus_one(series: str) -> int:
        number = Document.objects.filter(kind=series).count() + 1
        seen.wait(20)
        return number

    monkeypatch.setattr(DocumentCounter, "next_number", largest_plus_one)
    results = at_once(*(partial(pay_in_cash, order) for order in orders(2)))
    assert [type(result) for result in results if isinstance(result, Exception)] == [IntegrityError]
