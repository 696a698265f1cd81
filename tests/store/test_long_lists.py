"""Long lists of the admin: none is counted to its end, and a search takes as long however many rows there are."""

import re
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from home import admin_lists, viewsets
from home.admin_lists import CappedPaginator
from home.models import ContentPage
from home.page_cache import tokens
from store.models import StockItem, StripeEvent
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_lists, "MOST_COUNTED", 30)
    monkeypatch.setattr(viewsets, "MOST_SEARCHED", 10)


def stock(count: int) -> None:
    StockItem.objects.bulk_create(StockItem(sku=f"SKU-{number:03}-RED") for number in range(count))


def listed(client: Client, **query: Any) -> list[str]:
    response = client.get("/admin/stock/", query)
    assert response.status_code == 200
    return list(dict.fromkeys(re.findall(r"SKU-\d{3}-RED", response.content.decode())))


def test_a_list_is_counted_as_far_as_anybody_pages(owner: Client) -> None:
    stock(29)
    assert "29 stock" in owner.get("/admin/stock/").content.decode()
    StockItem.objects.all().delete()
    stock(45)
    text = owner.get("/admin/stock/").content.decode()
    assert "30 stock or more" in text
    assert "Page 1 of 2" in text
    assert len(listed(owner, p=2)) == 10


def test_the_count_looks_at_no_more_rows_than_it_says() -> None:
    stock(45)
    pages = CappedPaginator(StockItem.objects.order_by("on_hand"), 20)
    assert (pages.count, pages.num_pages) == (30, 2)
    assert CappedPaginator(StockItem.objects.all()[:40], 20).count == 40
    assert CappedPaginator([1, 2], 20).count == 2


def test_the_count_works_out_nothing_of_the_rows(django_assert_num_queries: Any) -> None:
    stock(3)
    rows = StockItem.objects.annotate(free=F("on_hand") - F("held"))
    with django_assert_num_queries(1) as asked:
        assert CappedPaginator(rows.order_by("free"), 20).count == 3
    assert "on_hand" not in asked[0]["sql"]


def test_the_count_of_what_a_search_found_goes_no_further(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(admin_lists, "MOST_COUNTED", 3)
    home = factories.home_page()
    for number in range(4):
        home.add_child(instance=ContentPage(title=f"Lamp {number}", slug=f"lamp-{number}"))
    found = ContentPage.objects.autocomplete("lamp", order_by_relevance=False)
    with django_assert_num_queries(1) as asked:
        assert CappedPaginator(found, 20).count == 3
    assert "LIMIT 3" in asked[0]["sql"]
    assert CappedPaginator(ContentPage.objects.search(""), 20).count == 0


def test_old_rows_are_found_by_the_beginning_of_what_has_an_index(owner: Client) -> None:
    stock(40)
    assert listed(owner, q="SKU-001-RED") == ["SKU-001-RED"]
    assert listed(owner, q="sku-001") == ["SKU-001-RED"]
    assert len(listed(owner, q="SKU-0", p=2)) == 10
    assert listed(owner, q="nothing") == []


def test_new_rows_are_found_by_any_part(owner: Client) -> None:
    stock(40)
    assert listed(owner, q="35-re") == ["SKU-035-RED"]
    assert listed(owner, q="01-re") == []


def test_a_search_asks_as_often_of_many_rows_as_of_few(owner: Client) -> None:
    def asked() -> int:
        tokens.reset()
        listed(owner, q="SKU")  # what is looked up once a process, or after a change
        with CaptureQueriesContext(connection) as queries:
            assert listed(owner, q="SKU")
        return len(queries)

    stock(5)
    for_few = asked()
    StockItem.objects.all().delete()
    stock(40)
    assert asked() == for_few


def test_in_a_list_that_is_not_long_every_row_is_found_by_any_part(owner: Client) -> None:
    stock(10)
    assert listed(owner, q="01-re") == ["SKU-001-RED"]


@pytest.mark.parametrize("words", ["%", "_", "\\", "'", "a" * 300, "\U0010ffff"])
def test_odd_words_find_nothing_and_break_nothing(owner: Client, words: str) -> None:
    stock(40)
    assert listed(owner, q=words) == []


def test_a_search_keeps_to_the_filters(owner: Client) -> None:
    StripeEvent.objects.bulk_create(
        StripeEvent(
            event_id=f"evt_{number:03}",
            type="refund.created" if number % 2 else "charge.refunded",
            livemode=True,
            created_at="2026-01-01T00:00Z",
            received_at="2026-01-01T00:00Z",
        )
        for number in range(40)
    )
    text = owner.get("/admin/stripe-events/", {"q": "evt_00", "type": "refund.created"}).content.decode()
    assert "refund.created" in text
    assert ">charge.refunded<" not in text.replace(" ", "")


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "9999-12-31"])
@pytest.mark.parametrize(
    ("url", "name"),
    [("orders", "placed_at"), ("papers", "issued_at"), ("consents", "created_at")],
)
def test_days_that_no_list_has_get_a_word(owner: Client, url: str, name: str, day: str) -> None:
    for end in ("from", "to"):
        response = owner.get(f"/admin/{url}/", {f"{name}_{end}": day})
        assert response.status_code == 200
        assert "Enter days between the years 1900 and 2999." in response.content.decode()


def test_a_first_day_after_the_last_gets_a_word(owner: Client) -> None:
    days = {"issued_at_from": "2026-11-27", "issued_at_to": "2026-11-26"}
    assert (
        "The first day is after the last. The list is not filtered."
        in owner.get("/admin/papers/", days).content.decode()
    )


NEWEST_ONLY = "in the newest 10 stock only. To find older ones, type how one of these begins: SKU."


def words_of_search(client: Client, url: str = "/admin/stock/", **query: Any) -> str:
    """Return the page's words without their markup."""
    return " ".join(re.sub("<[^>]*>", " ", client.get(url, query).content.decode()).split())


@pytest.mark.parametrize("url", ["/admin/stock/", "/admin/stock/results/"])
@pytest.mark.parametrize("typed", ["35-re", "nothing"])
def test_a_search_of_a_long_list_says_what_it_looks_through(owner: Client, url: str, typed: str) -> None:
    stock(40)
    assert NEWEST_ONLY in words_of_search(owner, url, q=typed)


def test_a_list_says_nothing_of_the_search_when_there_is_none_or_all_is_searched(owner: Client) -> None:
    stock(10)
    assert "in the newest" not in words_of_search(owner, q="35-re")
    StockItem.objects.create(sku="ANOTHER")
    assert "in the newest" not in words_of_search(owner)


def test_a_search_that_finds_too_much_says_so(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(40)
    monkeypatch.setattr(viewsets, "MOST_FOUND", 5)
    assert "There may be more matches" in words_of_search(owner, q="SKU")
    assert "There may be more matches" not in words_of_search(owner, q="SKU-001-RED")
