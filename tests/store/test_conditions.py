"""Delivery and returns beside the button of a product, and in the basket: what is cheapest, and what comes first."""

import re

import pytest
from django.test import Client

from store.models import DeliveryZone, ProductVariant, ShippingOption
from store.models.withdrawal import Withdrawal
from tests import factories

pytestmark = pytest.mark.django_db
PRODUCT = "/shop/enamel-mug-mug/"


def text(client: Client, path: str = PRODUCT) -> str:
    return " ".join(client.get(path).content.decode().split())


def weigh(mug: ProductVariant, grams: int) -> None:
    mug.weight = grams
    mug.save()


def test_the_price_by_weight_decides_which_is_cheapest_and_offered_first(
    shopper: Client, mug: ProductVariant
) -> None:
    weigh(mug, 800)
    post = ShippingOption.objects.get()
    post.weight_prices = "500 = 2.95\n2000 = 9.50"
    post.save()
    factories.shipping("Courier", price=450)
    assert "Delivery in 2 to 4 working days</li> <li> Delivery from £4.50" in text(shopper)
    assert "This is for “Courier” to GB." in text(shopper)
    basket = text(shopper, "/basket/")
    assert "<dd>from £4.50</dd>" in basket
    assert "Delivery in 2 to 4 working days. This is for “Courier” to GB.</dd>" in basket
    assert "<dd>from £29.50</dd>" in basket, "in total"
    weigh(mug, 200)
    assert "Delivery from £2.95" in text(shopper)
    assert "This is for “Post” to GB." in text(shopper)


def test_from_counts_the_lightest_variant_and_the_first_choice_says_when(
    client: Client, mug: ProductVariant
) -> None:
    post = ShippingOption.objects.get()
    post.weight_prices = "500 = 2.95"
    post.save()
    weigh(mug, 800)
    ProductVariant.objects.create(page=mug.page, sku="CUP", price=900, weight=100)
    assert "Delivery from £2.95" in text(client)


def test_nobody_is_told_of_what_is_collected_or_sent_nowhere(client: Client, mug: ProductVariant) -> None:
    post = ShippingOption.objects.get()
    zone = DeliveryZone.objects.create(name="Nowhere")
    ShippingOption.objects.create(zone=zone, name="Boat", price=100)
    factories.shipping("Collect", price=0)
    ShippingOption.objects.filter(name="Collect").update(kind="collection", collect_at="Here")
    assert "Delivery from £3.95" in text(client)
    post.free_from = 1000
    post.save()
    assert "Free delivery" in text(client)
    post.delete()
    assert "Free delivery" not in text(client)


def test_the_basket_says_that_goods_can_be_collected_free(shopper: Client) -> None:
    factories.shipping("Collect", price=0)
    ShippingOption.objects.filter(name="Collect").update(kind="collection", collect_at="Here")
    basket = text(shopper, "/basket/")
    assert "<dt>Collect free, delivery</dt> <dd>from £3.95</dd>" in basket
    assert "<dt>Total</dt><dd>from £25.00</dd>" in basket


def test_the_days_to_return_are_those_of_the_law_or_the_shop(client: Client, mug: ProductVariant) -> None:
    assert "· 14 days to return" in text(client)
    factories.shop_settings(withdrawal_days=30)
    for kind in (Withdrawal.SEALED, Withdrawal.CUSTOM):
        mug.page.withdrawal = kind
        mug.page.save()
        assert ("· 30 days to return" in text(client)) == (kind == Withdrawal.SEALED)


def test_it_leads_to_the_paragraphs_of_the_terms(client: Client, mug: ProductVariant) -> None:
    factories.shop_settings(withdrawal_days=30)
    policy = factories.policy("terms", kind="terms")
    factories.version(policy, html="<p>Be kind.</p>")
    links = re.findall(r'<a href="([^"]*)">(Delivery from|30 days)', text(client))
    assert links == [("/terms/", "Delivery from"), ("/terms/", "30 days")]
    said = "<p>You may withdraw from the contract within 30 days, without giving a reason.</p>"
    body = (
        f'<h2 id="delivery">Delivery</h2><p>By post.</p><h2 id="second-thoughts">Second thoughts</h2>{said}'
    )
    factories.version(policy, html=f'{body}<h2 id="law">Law</h2><p>English.</p>')
    links = re.findall(r'<a href="([^"]*)">(Delivery from|30 days)', text(client))
    assert links == [("/terms/#delivery", "Delivery from"), ("/terms/#second-thoughts", "30 days")]
