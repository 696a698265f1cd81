"""Whoever reads, searches or exports orders, papers and offers is recorded, in one row a request."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from policies.models import PersonalDataAccess
from store.models import Document, Offer, Order, ProductVariant
from tests import factories
from tests.store.paying import pay_in_cash

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
ORDERS = "/admin/orders/"


@pytest.fixture
def order(mug: ProductVariant) -> Order:
    """An order that is paid, with an invoice."""
    factories.vat(GB=20)
    return pay_in_cash(factories.placed_order(factories.basket(MUG=1)))


def recorded() -> list[tuple[str, str, int]]:
    rows = [*PersonalDataAccess.objects.order_by("pk").values_list("kind", "action", "count")]
    PersonalDataAccess.objects.remove_made_before(timezone.now() + timedelta(minutes=1))
    return rows


def test_what_staff_get_of_orders_is_recorded(owner: Client, order: Order) -> None:
    paper, one = Document.objects.get(), f"{ORDERS}inspect/{order.pk}/"
    read, search, export = (("store.orders", action, 1) for action in ("read", "search", "export"))
    asked = {
        ORDERS: read,
        f"{ORDERS}results/?q={order.number}": search,
        f"{ORDERS}?export=csv": export,
        f"{ORDERS}?export=lines": export,
        f"{ORDERS}?printouts=packing-slips&print=yes": export,
        f"{ORDERS}?printouts=carrier-file": None,
        one: read,
        f"{ORDERS}{order.pk}/packing-slip/": read,
        f"{ORDERS}{order.pk}/address/": read,
        f"{ORDERS}mails/": read,
        "/admin/papers/": read,
        f"/admin/papers/?q={paper.number}": search,
        f"/admin/papers/inspect/{paper.pk}/": read,
        f"/admin/papers/{paper.pk}/pdf/": read,
        "/admin/papers/as-one.pdf": export,
    }
    for url, row in asked.items():
        answer = owner.get(url)
        assert answer.status_code == 200, url
        assert recorded() == [row] * bool(row), url


def test_what_staff_get_of_offers_is_recorded(owner: Client, mug: ProductVariant) -> None:
    ends_at = timezone.now() + timedelta(days=1)
    offer = Offer.objects.create(basket=factories.basket(MUG=1), email="ann@example.com", ends_at=ends_at)
    for url in ("/admin/offers/", f"/admin/offers/inspect/{offer.pk}/"):
        assert owner.get(url).status_code == 200
        assert recorded() == [("store.offers", "read", 1)]


def test_a_shopper_who_looks_at_an_own_order_is_nobodys_reader(client: Client, order: Order) -> None:
    assert client.get(f"/orders/{order.token}/").status_code == 200
    assert recorded() == []
