"""Deliveries and counts from a CSV file: nothing changes before the preview is applied, and then all of it once."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from home import table_uploads
from home.page_cache import tokens
from store.models import ProductVariant, StockMovement
from store.stock import movements
from tests import factories
from tests.staff import signed_in
from tests.store.paying import stock_of
from tests.store.uploading import answer, shown, upload

pytestmark = pytest.mark.django_db
URL = "/admin/stock/deliveries/"


@pytest.fixture
def staff(client: Client, mug: ProductVariant) -> Client:
    return signed_in("view_stockitem", "change_stockitem", client=client)


@pytest.mark.both_databases
def test_a_delivery_and_a_count_are_applied_once(staff: Client) -> None:
    movements.receive(sku="ATLAS", quantity=2)
    page = upload(staff, URL, "sku;Delivered;COUNTED\nMUG;5;\n\nATLAS;;7\n")
    rows = [one.shown for one in staff.context["planned"]]
    assert rows == [("MUG", "Enamel mug", "received", 10, 15), ("ATLAS", "", "counted", 2, 7)]
    assert "Nothing is changed yet" in page
    assert "Choose a file" not in page
    assert (stock_of("MUG"), stock_of("ATLAS")) == ((10, 0), (2, 0))
    sent = shown(staff)
    assert "The stock of 2 SKUs was changed." in answer(staff, URL, sent)
    by_hand = StockMovement.objects.filter(note="from a file")
    assert {(one.sku, one.kind, one.on_hand_change, str(one.made_by)) for one in by_hand} == {
        ("MUG", "received", 5, "clerk@example.com"),
        ("ATLAS", "counted", 5, "clerk@example.com"),
    }
    again = answer(staff, URL, sent)
    assert "Since the preview stock was changed by hand" in again
    assert "MUG (received +5, clerk@example.com)" in again
    assert "planned" not in staff.context  # nothing to press a third time
    assert (stock_of("MUG"), stock_of("ATLAS")) == ((15, 0), (7, 0))


def test_what_a_colleague_counted_since_the_preview_refuses_all_of_it(staff: Client) -> None:
    movements.receive(sku="ATLAS", quantity=2)
    upload(staff, URL, "SKU,Delivered\nATLAS,5\nMUG,5\n")
    movements.count(sku="MUG", on_hand=3)
    assert "MUG (counted -7, –)" in answer(staff, URL, shown(staff))
    assert (stock_of("MUG"), stock_of("ATLAS")) == ((3, 0), (2, 0))


def test_a_preview_is_applied_by_who_has_seen_it_and_of_the_file_that_was_shown(
    staff: Client, admin_client: Client
) -> None:
    upload(staff, URL, "SKU,Delivered\nMUG,5\n")
    sent = shown(staff)
    for who, text in ((admin_client, sent["text"]), (staff, "SKU,Delivered\nMUG,9\n")):
        assert "too old or incomplete" in answer(who, URL, {**sent, "text": text})
    assert stock_of() == (10, 0)


def test_what_is_held_since_the_preview_stays_held(staff: Client) -> None:
    upload(staff, URL, "SKU,Counted\nMUG,8\n")
    factories.placed_order(factories.basket(MUG=2))
    answer(staff, URL, shown(staff))
    assert stock_of() == (8, 2)
    assert "2 are held for open payments." in upload(staff, URL, "SKU,Counted\nMUG,1\n")
    upload(staff, URL, "SKU,Counted\nMUG,2\n")
    sent = shown(staff)
    factories.placed_order(factories.basket(MUG=1))
    assert "Nothing was changed" in answer(staff, URL, sent)
    assert stock_of() == (8, 3)


@pytest.mark.parametrize(
    "data",
    [
        "SKU,Delivered\nMUG,5\n".encode("utf-8-sig"),
        "SKU\tDelivered\r\nMUG\t5\r\n".encode("utf-16"),
        b"SKU;Delivered;Counted\nMUG;5;\n\xc9T\xc9;1;\n",
        '"SKU","Delivered"\n"MUG","5"\n',
        "Delivered,SKU,,\n5,'=MUG,,\n\n",
    ],
)
def test_files_as_spreadsheets_save_them_are_read(staff: Client, data: bytes | str) -> None:
    for sku in ("ÉTÉ", "=MUG"):
        movements.receive(sku=sku, quantity=1)
    upload(staff, URL, data)
    assert [one.problem for one in staff.context["planned"]] in ([""], ["", ""])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "The submitted file is empty."),
        (b"PK\x03\x04\x00\x00", "The file is no CSV file that can be read"),
        (b"\xff\xfe\x00", "The file is no CSV file that can be read"),
        ("SKU,Delivered\nMU\u202eG,5\n", "The file is no CSV file that can be read"),
        ("SKU,Delivered\nMUG\x00,5\n", "The file is no CSV file that can be read"),
        ("SKU,Delivered\n" + "MUG,1\n" * 5001, "more than 5000 rows"),
        ("SKU,Delivered\n" + "x" * 1024 * 1024, "The file is larger than 1.0\xa0MB"),
        ("SKU,Delivered\nMUG," + "9" * 201, "Row 2: a cell has more than 200 characters."),
        ("SKU,Delivered\nMUG,1\n\nMUG,1,1", "Row 4: it has more cells than the headings."),
        ('SKU,Delivered\n"MUG\n', "Row 2: a quotation mark is wrong"),
        ('SKU,Delivered\n"' + "\n" * 140_000, "a quotation mark is wrong, or a cell too long."),
        ('SKU,Delivered\n"MU\nG",1\n', "Row 3: a cell has several lines."),
        ("SKU,Price\nMUG,5\n", "“Price” is no column of this table"),
        ("SKU,SKU\nMUG,5\n", "Two columns have the same heading."),
        ("Counted\n5\n", "A column is missing: SKU."),
        ("SKU,Counted\n", "The file has no rows."),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_the_reason(
    staff: Client, data: bytes | str, words: str
) -> None:
    page = upload(staff, URL, data)
    assert words in page
    assert "Nothing was changed." in page


def test_rows_that_say_nothing_clear_are_named_and_keep_the_others_from_being_applied(staff: Client) -> None:
    cells = ["5,5", ",", "-1,", "1.5,", "100001,", "=1+1,", "٣,", f"{'9' * 20},", "0000000999999,"]
    upload(staff, URL, "SKU,Delivered,Counted\n" + "".join(f"MUG,{one}\n" for one in cells))
    assert {one.problem for one in staff.context["planned"]} == {"This SKU is in several rows."}
    for one in cells:
        upload(staff, URL, f"SKU,Delivered,Counted\nMUG,{one}\n")
        assert "whole number from 0 to 100000" in staff.context["planned"][0].problem
    page = upload(staff, URL, "SKU,Delivered\nMUG,1\n<b>,1\n")
    assert "No product has this SKU." in page
    assert 'name="apply"' not in page
    answer(staff, URL, shown(staff))
    assert stock_of() == (10, 0)


def test_a_preview_that_somebody_changed_or_that_is_old_is_not_applied(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(staff, URL, "SKU,Counted\nMUG,5\n")
    sent = shown(staff)
    movements.receive(sku="ATLAS", quantity=1)
    for changes in ({"seen": "x"}, {"seen": ""}, {"text": "SKU,Counted\nATLAS,5\n"}, {"text": "\x00"}):
        assert "Nothing was changed." in answer(staff, URL, {**sent, **changes})
    monkeypatch.setattr(table_uploads, "LASTS", 0)
    assert "The preview is too old" in answer(staff, URL, sent)
    assert (stock_of(), stock_of("ATLAS")) == ((10, 0), (1, 0))


def test_who_may_not_change_stock_may_not_upload(client: Client, mug: ProductVariant) -> None:
    signed_in("view_stockitem", client=client)
    assert client.get(URL).status_code == 302
    assert URL not in client.get("/admin/stock/").content.decode()


@pytest.mark.both_databases
def test_a_preview_asks_as_much_however_many_rows_it_has(staff: Client) -> None:
    counts = []
    for rows in (2, 40):
        skus = [f"SKU-{number}" for number in range(rows)]
        movements.ensure_stock_items(skus)
        tokens.reset()
        staff.get(URL)  # what is looked up after a change
        with CaptureQueriesContext(connection) as queries:
            upload(staff, URL, "SKU,Delivered\n" + "".join(f"{sku},1\n" for sku in skus))
        counts.append(len(queries))
    assert counts[0] == counts[1]
