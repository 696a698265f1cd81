"""The staff's list of all SKUs: price and count are changed in their rows, and the product's drafts stay right."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from home import viewsets
from home.models import User
from home.page_cache import tokens
from store.models import ProductPage, ProductVariant, StockItem, StockMovement
from store.stock import movements, stock_list
from tests import factories
from tests.staff import signed_in
from tests.store.paying import stock_of

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]


def rows(client: Client, **query: str) -> dict[str, Any]:
    response = client.get("/admin/stock/", query)
    assert response.status_code == 200
    return {item.sku: item for item in response.context["table"].data}


def shown(client: Client, sku: str = "MUG") -> dict[str, Any]:
    """Return what the browser would send of a row."""
    form = rows(client)[sku].form
    return {"row": sku, **{form.add_prefix(name): str(form[name].value()) for name in form.fields}}


def typed(row: dict[str, Any], **changes: str) -> dict[str, Any]:
    [prefix] = {name.rpartition("-")[0] for name in row if name != "row"}
    return {**row, **{f"{prefix}-{name}": value for name, value in changes.items()}}


def send(client: Client, values: dict[str, Any], query: str = "") -> HttpResponse:
    return client.post(f"/admin/stock/{query}", values)


def latest_price(page: ProductPage) -> int:
    return ProductPage.objects.get(pk=page.pk).get_latest_revision_as_object().variants.all()[0].price


def live_price(page: ProductPage) -> int:
    return ProductVariant.objects.get(page=page.pk).price


def test_each_sku_shows_what_it_is_and_how_many_there_are(owner: Client, mug: ProductVariant) -> None:
    factories.placed_order(factories.basket(MUG=2))
    movements.receive(sku="OLD", quantity=1)
    found = rows(owner)
    assert list(found) == ["MUG", "OLD"]
    assert (found["MUG"].variant, found["MUG"].held, found["MUG"].available) == (mug, 2, 8)
    page = owner.get("/admin/stock/").content.decode()
    assert f'<a href="/admin/pages/{mug.page_id}/edit/">Enamel mug</a>' in page
    assert f"/admin/stock/inspect/{found['MUG'].pk}/" in page


def test_rows_stand_by_product_and_say_what_is_scarce_and_what_is_made_to_order(owner: Client) -> None:
    for title, sku, on_hand in (("Zinc tub", "A", 0), ("apron", "Z", 2), ("Board", "B", 0)):
        factories.product(title, sku=sku, on_hand=on_hand)
    ProductPage.objects.filter(title="Board").update(availability="to_order", made_in_days=5)
    found = rows(owner)
    assert list(found) == ["Z", "B", "A"]
    assert [item.state for item in found.values()] == ["low", "", "sold_out"]
    assert list(found["B"].form.fields) == ["price", "price_seen"]
    assert "Made to order" in owner.get("/admin/stock/").content.decode()


def test_price_and_count_are_saved_together(owner: Client, mug: ProductVariant) -> None:
    response = send(owner, typed(shown(owner), price="13,50", on_hand="12"), "?state=low&q=m")
    assert response.status_code == 302
    assert response["Location"] == "/admin/stock/?state=low&q=m"
    assert (live_price(mug.page), latest_price(mug.page), stock_of()) == (1350, 1350, (12, 0))
    revision = ProductPage.objects.get(pk=mug.page_id).latest_revision
    assert revision.user.email == StockMovement.objects.first().made_by.email == "owner@example.com"


def test_what_was_not_changed_is_not_saved(owner: Client, mug: ProductVariant) -> None:
    row, revisions = shown(owner), mug.page.revisions.count()
    movements.write_off(sku="MUG", quantity=4)
    assert send(owner, row).status_code == 302
    assert (mug.page.revisions.count(), stock_of()) == (revisions, (6, 0))


def test_goods_sold_while_the_list_was_open_stay_sold(owner: Client, mug: ProductVariant) -> None:
    row = shown(owner)
    movements.sell(order=factories.placed_order(factories.basket(MUG=3)))
    assert send(owner, typed(row, on_hand="11")).status_code == 302
    assert stock_of() == (8, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"price": "12.345"}, {"price": ""}, {"price": "0"}, {"price": "\x00"}, {"on_hand": "-1"}, {"on_hand": "x"},
        {"on_hand": ""}, {"on_hand": "100001"}, {"on_hand": "2"}, {"on_hand": "3", "on_hand_seen": "x"},
        {"price": "9", "price_seen": "800"}, {"price": "9", "price_seen": "x"}, {"price": "9", "on_hand": "2"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_its_row_as_it_was_typed(
    owner: Client, mug: ProductVariant, changes: dict[str, str]
) -> None:
    factories.placed_order(factories.basket(MUG=3))
    response = send(owner, typed(shown(owner), **changes))
    assert response.status_code == 200
    [item] = response.context["table"].data
    assert item.form.errors
    page = response.content.decode()
    assert "MUG could not be saved." in page
    assert 'class="errorlist"' in page or "price_seen" in changes
    for name in changes.keys() & {"price", "on_hand"}:
        assert item.form[name].value() == changes[name]
    assert (live_price(mug.page), stock_of()) == (1250, (10, 3))


def test_a_count_that_is_sent_twice_counts_once(owner: Client, mug: ProductVariant) -> None:
    values = typed(shown(owner), on_hand="15")
    assert [send(owner, values).status_code for _ in range(2)] == [302, 200]
    assert stock_of() == (15, 0)


@pytest.mark.parametrize(("drafted", "kept"), [(1250, 1350), (1999, 1999)])
def test_a_draft_keeps_its_changes_and_a_price_of_its_own(
    owner: Client, mug: ProductVariant, drafted: int, kept: int
) -> None:
    draft = ProductPage.objects.get(pk=mug.page_id)
    draft.summary = "Not yet published"
    draft.variants.set([*draft.variants.all()])
    draft.variants.all()[0].price = drafted
    draft.save_revision()
    assert send(owner, typed(shown(owner), price="13.50")).status_code == 302
    page = ProductPage.objects.get(pk=mug.page_id)
    assert (live_price(page), page.summary, page.has_unpublished_changes) == (1350, "", True)
    assert (latest_price(page), page.get_latest_revision_as_object().summary) == (kept, "Not yet published")


def test_a_scheduled_version_is_not_cancelled(owner: Client, mug: ProductVariant) -> None:
    later = timezone.now() + timedelta(days=3)
    page = ProductPage.objects.get(pk=mug.page_id)
    page.go_live_at = later
    page.save_revision(approved_go_live_at=later)
    response = send(owner, typed(shown(owner), price="13.50"))
    assert "is scheduled" in response.content.decode()
    assert live_price(page) == 1250
    assert ProductPage.objects.get(pk=page.pk).scheduled_revision


def test_each_changes_what_they_may(mug: ProductVariant) -> None:
    reader = signed_in("view_stockitem")
    assert not rows(reader)["MUG"].form.fields
    values = {"row": "MUG", "price": "1", "on_hand": "1"}
    send(reader, values)
    assert (live_price(mug.page), stock_of()) == (1250, (10, 0))
    User.objects.get(email="clerk@example.com").user_permissions.add(
        Permission.objects.get(codename="change_stockitem")
    )
    row = shown(reader)
    assert not any("price" in name for name in row)
    assert send(reader, typed(row, on_hand="4", price="1", price_seen="1250")).status_code == 302
    assert (live_price(mug.page), stock_of()) == (1250, (4, 0))


@pytest.mark.parametrize("row", ["", "GHOST", "\x00", "9" * 5000])
def test_an_unknown_row_is_not_found(owner: Client, mug: ProductVariant, row: str) -> None:
    assert send(owner, {"row": row}).status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "low"}, ["LOW"]),
        ({"state": "sold_out"}, ["GONE"]),
        ({"state": "x"}, ["MUG", "GONE", "LOW"]),
        ({"q": "ename"}, ["MUG"]),
        ({"q": "lo"}, ["LOW"]),
        ({"q": "nothing"}, []),
        ({"ordering": "-on_hand"}, ["MUG", "LOW", "GONE"]),
    ],
)
def test_skus_are_found_by_state_and_by_the_names_of_products(
    owner: Client, mug: ProductVariant, query: dict[str, str], found: list[str]
) -> None:
    movements.receive(sku="LOW", quantity=2)
    StockItem.objects.create(sku="GONE")
    assert list(rows(owner, **query)) == found


def test_the_list_asks_the_database_as_often_for_many_skus_as_for_few(
    owner: Client, mug: ProductVariant
) -> None:
    def asked() -> int:
        tokens.reset()
        rows(owner)  # what is looked up once a process, or after a change
        with CaptureQueriesContext(connection) as queries:
            rows(owner)
        return len(queries)

    for_one = asked()
    for number in range(5):
        factories.product(f"Thing {number}", sku=f"THING-{number}")
    assert asked() == for_one


def test_names_are_looked_for_among_the_newest_and_the_beginning_of_skus_among_all(
    owner: Client, mug: ProductVariant, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.product("Atlas", sku="ATLAS")
    assert set(rows(owner, q="enamel")) == {"MUG"}
    for module in (stock_list, viewsets):
        monkeypatch.setattr(module, "MOST_SEARCHED", 1)
    assert set(rows(owner, q="enamel")) == set()
    assert set(rows(owner, q="atl")) == {"ATLAS"}
    assert set(rows(owner, q="mu")) == {"MUG"}
