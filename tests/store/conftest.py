"""Fixtures of the shop's tests: Stripe's stand-in, a product that can be sent somewhere, and orders of it."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from django.test import Client

from home.models import BrandSettings, User
from policies.models import Policy, PolicyVersion
from store.models import Basket, Order, ProductVariant
from store.orders import lifecycle
from store.stock import movements
from tests import factories
from tests.store import paying
from tests.store.papers import books
from tests.store.refunding import pay
from tools.stripe_sandbox.server import Sandbox


@pytest.fixture
def sandbox(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    # The SDK waits half a second before it tries again; how long a shopper waits is shown in tests/faults.
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    with paying.stand_in(settings) as running:
        yield running


@pytest.fixture(scope="module")
def shelf(database_of_module: None) -> int:
    factories.shipping()
    return factories.product().pk


@pytest.fixture
def mug(shelf: int, db: None) -> ProductVariant:
    """Ten mugs at £12.50, sent for £3.95."""
    return ProductVariant.objects.select_related("page").get(pk=shelf)


@pytest.fixture
def terms(db: None) -> PolicyVersion:
    return factories.version(factories.policy("terms", kind=Policy.Kind.TERMS), title="Terms of sale")


@pytest.fixture
def basket(mug: ProductVariant) -> Basket:
    return factories.basket(MUG=2)


@pytest.fixture
def shopper(client: Client, basket: Basket) -> Client:
    client.cookies["basket"] = basket.token
    return client


@pytest.fixture
def order(sandbox: Sandbox, basket: Basket) -> Order:
    """An order whose payment page is open."""
    return factories.awaiting_order(basket)


@pytest.fixture
def colleague() -> User:
    return User.objects.create_user(email="staff@example.com")


@pytest.fixture
def paid(sandbox: Sandbox, order: Order) -> Order:
    """Two mugs at £12.50, sent for £3.95."""
    return pay(sandbox, order)


@pytest.fixture
def sent(paid: Order, colleague: User) -> Order:
    for step in (Order.Status.PACKED, Order.Status.SENT):
        lifecycle.take_staff_step(order_id=paid.pk, to=step, user=colleague)
    paid.refresh_from_db()
    return paid


@pytest.fixture
def registered(mug: ProductVariant) -> None:
    """A trader who is registered for VAT, and has stated nothing else."""
    factories.vat(GB=20)
    BrandSettings.objects.all().delete()


@pytest.fixture
def atlas() -> None:
    books()
    for sku in ("MUG", "ATLAS"):
        movements.receive(sku=sku, quantity=300)
