"""The export of orders says what an account needs of other tables: VAT, what was refunded, and the papers."""

import csv
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from home import viewsets
from store.models import Order, ProductVariant, Refund, VatScheme
from store.payments import refunds
from tests import factories
from tests.store.paying import mug_paid_in_cash

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def paid(mug: ProductVariant) -> Order:
    factories.vat(GB=20)
    return mug_paid_in_cash()


def exported(client: Client) -> list[dict[str, str]]:
    response = client.get("/admin/orders/?export=csv")
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    return list(csv.DictReader(lines))


def test_it_states_vat_refunds_and_papers(admin_client: Client, paid: Order) -> None:
    refunds.request_refund(order=paid, wanted=refunds.Wanted(amount=300, reason="Late."), by="Staff")
    Refund.objects.create(order=paid, amount=100, status=Refund.Status.FAILED, created_at=paid.paid_at)
    row = exported(admin_client)[0]
    told = [row[name] for name in ("VAT included", "Refunded or being refunded", "Papers")]
    assert told == ["2.74", "3.00", "INV-000001, CN-000001"]


def test_an_order_that_states_no_vat_has_an_empty_cell(admin_client: Client, paid: Order) -> None:
    factories.vat(VatScheme.NOT_REGISTERED, not_registered_note="Small business.")
    mug_paid_in_cash()
    row, before = exported(admin_client)
    assert (row["VAT included"], row["Papers"]) == ("", "INV-000002")
    assert Decimal(before["VAT included"]) == Decimal("2.74")


def test_what_was_refunded_of_another_currency_names_it(admin_client: Client, paid: Order) -> None:
    Order.objects.update(paid_currency="JPY", paid_amount=5000)
    refunds.request_refund(
        order=Order.objects.get(), wanted=refunds.Wanted(amount=300, reason="Late."), by="Staff"
    )
    row = exported(admin_client)[0]
    assert (row["Currency of the payment"], row["Refunded or being refunded"]) == ("JPY", "300")


def test_many_orders_cost_as_many_queries_as_one(
    admin_client: Client, paid: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            exported(admin_client)
        return len(queries)

    asked()
    for_one = asked()
    for _ in range(3):
        mug_paid_in_cash()
    assert asked() == for_one
    monkeypatch.setattr(viewsets, "EXPORTED_AT_ONCE", 2)
    rows: list[Any] = exported(admin_client)
    assert [row["Papers"] for row in rows] == ["INV-000004", "INV-000003", "INV-000002", "INV-000001"]
