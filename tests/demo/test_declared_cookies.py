"""The demo's cookie table: whatever the site sets in a visitor's browser on the way to an order is declared there."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from demo.policies import NECESSARY
from store.models import Basket, ProductVariant
from tests import factories
from tests.store import paying
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug() -> ProductVariant:
    factories.shipping()
    return factories.product()


@pytest.fixture
def sandbox(settings: Any) -> Iterator[Sandbox]:
    with paying.stand_in(settings) as running:
        yield running


def test_every_cookie_on_the_way_to_an_order_is_declared(
    client: Client, mug: ProductVariant, sandbox: Sandbox
) -> None:
    client.get(mug.page.url)
    client.post("/basket/add/", {"sku": "MUG", "quantity": "2"})
    client.post("/basket/update/", {"sku": "MUG", "quantity": "1"})
    client.get("/basket/")
    client.get("/checkout/")
    assert paying.press_pay(client, Basket.objects.get()).status_code == 303
    declared = {name for name, _purpose, _duration in NECESSARY}
    assert {"basket", "basket_count", "order"} <= set(client.cookies) <= declared


def test_they_last_as_long_as_is_declared_and_as_the_basket_is_kept(
    client: Client, mug: ProductVariant
) -> None:
    response = client.post("/basket/add/", {"sku": "MUG", "quantity": "2"})
    kept = timedelta(days=settings.BASKET_KEEP_DAYS)
    durations = {name: duration for name, _purpose, duration in NECESSARY}
    for name in ("basket", "basket_count"):
        assert response.cookies[name]["max-age"] == kept.total_seconds()
        assert durations[name] == f"{kept.days} days"
