"""Fixtures of the shop's tests: Stripe's stand-in, and a product that can be sent somewhere."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from django.test import Client

from policies.models import Policy, PolicyVersion
from store.models import Basket, Order, ProductVariant
from tests import factories
from tests.store import paying
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
