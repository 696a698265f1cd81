"""Orders as tables with lines and addresses, and in the columns that a carrier's program takes in."""

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from store.models import Carrier, Order, ProductVariant
from store.models.parcels import FIELDS
from tests.staff import signed_in
from tests.store.papers import books
from tests.store.paying import paid_order, take_back

pytestmark = pytest.mark.django_db
COLUMNS = "Ref = number\nTo = name\n\nStreet = line1\nA=B = postal_code\nkg = weight_kg\n"


@pytest.fixture
def order(mug: ProductVariant) -> Order:
    order = paid_order(MUG=2)
    order.customer_name, order.email, order.phone = "=cmd()", "ada@example.com", "+44 20 123"
    order.save()
    return order


@pytest.fixture
def staff(client: Client) -> Client:
    return signed_in("view_order", client=client)


def table(staff: Client, query: str) -> list[list[str]]:
    response = staff.get(f"/admin/orders/?{query}")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    content = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    return [*csv.reader(io.StringIO(content, newline=""))]


@pytest.mark.both_databases
def test_each_line_has_a_row_with_both_addresses(staff: Client, order: Order) -> None:
    books()
    paid_order(ATLAS=1, MUG=1)
    take_back(order, 1)
    headings, *rows = table(staff, "export=lines")
    assert len(rows) == 3
    row = dict(zip(headings, rows[-1], strict=True))
    assert (row["Order"], row["Name"], row["SKU"]) == (order.number, "'=cmd()", "MUG")
    assert (row["Delivery: Address 1"], row["Billing: Town"]) == ("5 St James’s Square", "")
    assert (row["Quantity"], row["Kept"], row["Price"], row["Total"]) == ("2", "1", "12.50", "25.00")
    assert len(table(staff, f"export=lines&q={order.number}")) == 2


@pytest.mark.both_databases
def test_the_export_of_lines_asks_as_much_however_many_orders_there_are(staff: Client, order: Order) -> None:
    counts = []
    for _time in range(2):
        with CaptureQueriesContext(connection) as queries:
            table(staff, "export=lines")
        counts.append(len(queries))
        paid_order(MUG=1)
        paid_order(MUG=1)
    assert counts[0] == counts[1]


def test_a_carrier_gets_its_columns_of_what_is_to_be_sent(staff: Client, order: Order) -> None:
    carrier = Carrier.objects.create(name="Royal Post", columns=COLUMNS)
    Order.objects.filter(pk=paid_order(MUG=1).pk).update(status=Order.Status.CANCELLED)
    query = f"printouts=carrier-file&print=yes&carrier={carrier.pk}"
    row = [order.number, "Ada Lovelace", "5 St James’s Square", "SW1Y 4LB"]
    assert table(staff, query) == [["Ref", "To", "Street", "A=B", "kg"], [*row, ""]]
    ProductVariant.objects.update(weight=340)
    assert table(staff, query)[1] == [*row, "0.680"]
    page = staff.get("/admin/orders/?printouts=carrier-file").content.decode()
    assert "Royal Post" in page
    assert "cancelled" in page


def test_each_field_can_be_a_column(staff: Client, order: Order) -> None:
    carrier = Carrier.objects.create(name="All", columns="".join(f"{one} = {one}\n" for one in FIELDS))
    headings, row = table(staff, f"printouts=carrier-file&print=yes&carrier={carrier.pk}")
    assert headings == [*FIELDS]
    cells = dict(zip(headings, row, strict=True))
    assert (cells["country_name"], cells["phone"]) == ("United Kingdom", "+44 20 123")


def test_no_cell_is_a_formula_where_cells_end_at_semicolons(staff: Client, order: Order) -> None:
    Order.objects.update(customer_name='A;=1+1;"@x;\t-\r\nB')
    row = dict(zip(*table(staff, "export=lines"), strict=True))
    assert row["Name"] == """A;'=1+1;"'@x;\t'-\r\nB"""


@pytest.mark.parametrize("carrier", ["0", "x", "", "9" * 18])
def test_a_carrier_without_columns_gets_no_file(staff: Client, order: Order, carrier: str) -> None:
    Carrier.objects.create(name="Royal Post")
    response = staff.get(f"/admin/orders/?printouts=carrier-file&print=yes&carrier={carrier}")
    assert response["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    "columns", ["name", "= name", "Name = price", "x" * 61 + " = name", "A\x07 = name", "A = name\n" * 41]
)
def test_columns_that_name_no_field_are_refused(admin_client: Client, columns: str) -> None:
    answer = admin_client.post("/admin/carriers/new/", {"name": "Royal Post", "columns": columns})
    assert "error-message" in answer.content.decode()
    assert not Carrier.objects.exists()
