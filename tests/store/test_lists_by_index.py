"""Each filter and order that a staff list offers has an index: nobody waits longer the more rows there are."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F, QuerySet
from wagtail.models import Page

from forms.models import Submission
from policies.models import ConsentRecord, PersonalDataAccess
from store.models import Order, OrderLine, ProductVariant, Refund, StockItem, StockMovement, StripeEvent
from store.orders import finding

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case]
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
Rows = Callable[[], QuerySet[Any]]
LISTS: dict[str, Rows] = {
    "orders": lambda: Order.objects.order_by("-placed_at", "-pk"),
    "orders of a status": lambda: Order.objects.filter(status="paid").order_by("-placed_at", "-pk"),
    "orders of a country": lambda: Order.objects.filter(country="GB").order_by("-placed_at", "-pk"),
    "orders that need attention": lambda: Order.objects.filter(needs_attention=True).order_by(
        "-placed_at", "-pk"
    ),
    "orders since": lambda: Order.objects.filter(placed_at__gte=WHEN).order_by("-placed_at", "-pk"),
    "lines of an article": lambda: OrderLine.objects.filter(sku__gte="MUG", sku__lt="MUH").order_by("sku"),
    "orders by status": lambda: Order.objects.order_by("status"),
    "orders by e-mail": lambda: Order.objects.order_by("email"),
    "events": lambda: StripeEvent.objects.order_by("-received_at"),
    "events of a type": lambda: StripeEvent.objects.filter(type="x").order_by("-received_at"),
    "events of an outcome": lambda: StripeEvent.objects.filter(outcome="failed").order_by("-received_at"),
    "real events": lambda: StripeEvent.objects.filter(livemode=True).order_by("-received_at"),
    "events that are tests": lambda: StripeEvent.objects.filter(livemode=False).order_by("-received_at"),
    "events by deliveries": lambda: StripeEvent.objects.order_by("-deliveries"),
    "refunds of some days": lambda: Refund.objects.filter(created_at__gte=WHEN).order_by("created_at"),
    "stock by number": lambda: StockItem.objects.order_by("-on_hand"),
    "stock by what is held": lambda: StockItem.objects.order_by("held"),
    "consents of a way": lambda: ConsentRecord.objects.filter(method="all").order_by("-created_at"),
    "consents to a text": lambda: ConsentRecord.objects.filter(notice_version=1).order_by("-created_at"),
    "consents by end": lambda: ConsentRecord.objects.order_by("expires_at"),
    "pages by date": lambda: Page.objects.filter(depth=4).order_by(
        F("latest_revision_created_at").desc(nulls_last=True)
    ),
    "aging pages": lambda: Page.objects.exclude(last_published_at=None).order_by("last_published_at"),
    "accesses": PersonalDataAccess.objects.all,
    "accesses of somebody": lambda: PersonalDataAccess.objects.filter(user=1),
    "accesses to a kind": lambda: PersonalDataAccess.objects.filter(kind="x"),
    "messages": lambda: Submission.objects.filter(page=1).order_by("-submit_time"),
}


def plan(rows: QuerySet[Any]) -> str:
    """Explain a query as for a large table: on an empty one PostgreSQL would read all of it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"
            )
    return rows.explain()


def walks_an_index(rows: QuerySet[Any]) -> bool:
    found = plan(rows)
    if connection.vendor == "postgresql":
        return (
            "Index" in found
            and "Seq Scan" not in found
            and "Sort Key" not in found.replace("Presorted Key", "")[:60]
        )
    return "INDEX" in found and "USE TEMP B-TREE FOR ORDER BY" not in found


@pytest.mark.parametrize("name", LISTS)
def test_the_list_walks_an_index(name: str) -> None:
    assert walks_an_index(LISTS[name]()[:50]), plan(LISTS[name]()[:50])


def test_a_list_without_an_index_is_seen() -> None:
    assert not walks_an_index(Order.objects.order_by("phone")[:50])


def test_a_variant_is_looked_up_without_a_look_at_all_products() -> None:
    found = plan(ProductVariant.objects.on_sale().filter(sku="MUG"))
    assert "SCAN" not in found.replace("SCAN CONSTANT ROW", "")
    assert "Seq Scan" not in found


def test_the_orders_of_an_address_are_found_by_an_index() -> None:
    assert "order_email" in plan(finding.orders_of("Shopper@Example.com").order_by())


def test_the_next_page_that_expires_is_found_by_an_index() -> None:
    assert walks_an_index(Page.objects.filter(expire_at__gt=WHEN, live=True).order_by("expire_at")[:1])


def test_pages_of_one_depth_are_found_without_a_look_at_those_below_them() -> None:
    below_home = Page.objects.filter(path__range=("000100010000", "00010001ZZZZ"))
    for depth, pages in ((1, Page.objects.all()), (3, below_home.live().in_menu())):
        assert "home_pages_by_depth" in plan(pages.filter(depth=depth).order_by("path"))


def test_locked_pages_and_scarce_stock_are_found_without_a_look_at_all() -> None:
    assert "home_pages_locked" in plan(Page.objects.filter(locked=True).order_by())
    assert "stock_free" in plan(StockItem.objects.scarce().order_by())


def test_the_last_count_of_a_sku_is_found_by_an_index() -> None:
    by_hand = StockMovement.objects.filter(sku="MUG", order=None)
    assert "stock_movement_by_hand" in plan(by_hand.order_by("sku", "-pk")[:1])


def test_ratings_and_what_messages_are_about_are_counted_in_an_index() -> None:
    some = Submission.objects.filter(submit_time__gte=WHEN).exclude(status="spam").order_by()
    rated = some.filter(page=1, rating__isnull=False).values("rating")
    about = some.filter(subject_kind__gt="").values("subject_kind", "subject_key")
    assert "submission_ratings" in plan(rated.annotate(Count("pk")))
    assert "submission_about" in plan(about.annotate(Count("pk")))
