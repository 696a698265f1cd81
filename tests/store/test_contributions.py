"""What the shop contributes to the apps below it: paths and actions for the audit of cookies, its pages to count."""

import pytest
from django.test import Client

from policies.cookie_audit import rules
from store.models import ProductVariant
from tests.factories import cookie_policy, declare_cookies, outside_services


def test_the_audit_of_cookies_puts_something_into_a_basket() -> None:
    assert {"/basket/", "/checkout/"} <= set(rules.registered_paths())
    [basket] = rules.registered_actions()
    assert basket.then == ("/basket/", "/checkout/")


@pytest.mark.django_db
def test_products_are_counted_and_baskets_are_not(client: Client, mug: ProductVariant) -> None:
    """The URLs of baskets and orders are secrets that nobody else may learn."""
    outside_services(
        analytics="matomo",
        matomo_url="https://stats.example.com/",
        matomo_site_id=7,
        server_country="Iceland",
        analytics_category=declare_cookies("analytics"),
    )
    cookie_policy()
    assert "stats.example.com" in client.get("/shop/enamel-mug-mug/").content.decode()
    for path in ("/basket/", "/checkout/"):
        assert "stats.example.com" not in client.get(path).content.decode(), path
