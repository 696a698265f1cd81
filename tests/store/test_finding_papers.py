"""Orders → Papers finds a buyer by name and e-mail address, however many papers there are."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from home import viewsets
from store.models import Order, ProductVariant
from tests import factories
from tests.store.paying import pay_in_cash
from tests.visible_text import visible_text

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
PAPERS = "/admin/papers/"


@pytest.fixture(autouse=True)
def papers(mug: ProductVariant) -> None:
    """Three invoices, the oldest of which is Zoë Müller's."""
    factories.vat(GB=20)
    for name, email in (("Zoë Müller", "zoe@example.com"), ("Ann", "ann@example.com"), ("", "")):
        order = pay_in_cash(factories.placed_order(factories.basket(MUG=1)))
        Order.objects.filter(pk=order.pk).update(customer_name=name, email=email)


def listed(client: Client, words: str) -> list[str]:
    """Return the numbers of the papers that a search finds."""
    page = visible_text(client.get(PAPERS, {"q": words}).content)
    return [number for number in ("INV-000001", "INV-000002", "INV-000003") if number in page]


@pytest.fixture
def _long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the newest paper be the only one that is searched word by word."""
    monkeypatch.setattr(viewsets, "MOST_SEARCHED", 1)


@pytest.mark.parametrize("words", ["Müller", "zoe@", "oe@example"])
def test_a_buyer_is_found_by_any_part_of_name_and_address(admin_client: Client, words: str) -> None:
    assert listed(admin_client, words) == ["INV-000001"]


def test_a_buyer_is_found_by_the_name_that_a_corrected_paper_has(admin_client: Client) -> None:
    Order.objects.filter(customer_name="Ann").update(billing_address={"name": "Ånn & Co"})
    assert listed(admin_client, "Ånn & C") == ["INV-000002"]


@pytest.mark.usefixtures("_long")
@pytest.mark.parametrize("words", ["Zoë M", "ZOE@example.com", "zoe@", "INV-000001"])
def test_old_papers_are_found_by_how_name_address_and_number_begin(admin_client: Client, words: str) -> None:
    assert listed(admin_client, words) == ["INV-000001"]
    assert listed(admin_client, "Müller") == []


@pytest.mark.usefixtures("_long")
def test_an_old_paper_is_found_by_the_number_of_its_order(admin_client: Client) -> None:
    number = Order.objects.get(customer_name="Zoë Müller").number
    assert listed(admin_client, number) == ["INV-000001"]


@pytest.mark.usefixtures("_long")
def test_the_list_says_by_what_old_papers_are_found(admin_client: Client) -> None:
    page = visible_text(admin_client.get(PAPERS, {"q": "x"}).content)
    assert "type how one of these begins: number, e-mail address, name." in page


@pytest.mark.usefixtures("_long")
def test_no_search_of_old_papers_reads_a_table_to_its_end(admin_client: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        admin_client.get(PAPERS, {"q": "zoe@example"})
    searches = [one["sql"] for one in asked if "zoe@example" in one["sql"] and "%" not in one["sql"].lower()]
    if connection.vendor == "postgresql":
        searches = [one["sql"] for one in asked if "LIKE 'zoe@example%'" in one["sql"]]
    assert len(searches) == 2, "one for each table"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        for sql in searches:
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
            plan = " ".join(str(row[-1]) for row in cursor.fetchall())
            assert "SCAN store_" not in plan, plan
            assert "Seq Scan" not in plan, plan
            assert "Index Cond" in plan or connection.vendor == "sqlite", plan
